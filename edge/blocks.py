"""What flows between the stages: stretches of signal, and twelve leads with where each came from."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from edge.leads import LEADS

Signal = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out")


class Origin(enum.StrEnum):
    """Where a lead's values come from."""

    MEASURED = "measured"
    DERIVED = "derived"  # follows exactly from measured leads
    RECONSTRUCTED = "reconstructed"  # the network's, with its standard deviation
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of measured signal on the timeline."""

    start: int  # sample index on the timeline
    rate: float  # Hz
    leads: tuple[str, ...]
    mv: Signal  # n x leads, mV; NaN where lost, finite but invalid where bridged
    valid: Flags  # n x leads

    @property
    def end(self) -> int:
        return self.start + len(self.mv)

    @classmethod
    def nothing(cls, start: int, samples: int, rate: float, leads: tuple[str, ...]) -> Block:
        """`samples` of no signal at all, in no memory to speak of (read-only)."""
        shape = (samples, len(leads))
        nan = np.broadcast_to(np.float32(np.nan), shape)
        return cls(start, rate, leads, nan, np.broadcast_to(np.bool_(False), shape))

    @property
    def blank(self) -> bool:
        """Whether this is a stretch made by `nothing`."""
        return self.mv.strides == (0, 0)

    def cut(self, first: int, last: int) -> Block:
        """The part from timeline index `first` up to, not including, `last`."""
        part = slice(first - self.start, last - self.start)
        return Block(first, self.rate, self.leads, self.mv[part], self.valid[part])


@dataclass(frozen=True, slots=True)
class TwelveLeads:
    """A stretch of twelve leads, all of one origin per lead."""

    start: int  # sample index on the timeline
    mv: Signal  # n x 12, mV; NaN where unavailable
    sd: Signal  # n x 12, mV; 0 where measured
    origin: tuple[Origin, ...]  # 12
    quality: Mapping[str, float] = field(default_factory=dict)  # 0 (unusable) to 1, per measured lead
    rate: float = 500.0  # Hz
    enrolled: bool = False  # a patient file's correction is in the reconstructed leads

    @property
    def end(self) -> int:
        return self.start + len(self.mv)

    @property
    def leads(self) -> tuple[str, ...]:
        return LEADS


class Stage(Protocol[In, Out]):
    """One step of the road: no threads, no clock, no I/O; the same output however the input is cut."""

    delay_samples: int

    def push(self, item: In, /) -> list[Out]: ...

    def flush(self) -> list[Out]: ...
