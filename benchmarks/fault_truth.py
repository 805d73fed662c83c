"""What was worn, what was lost of it and where the host put the rest: a run held against the patch's own account."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.fault_run import LEADS, Outcome, Setup
from edge.bundle import RATE
from edge.timeline import Cause
from edge.virtual import channels_of
from firmware_bridge import faults as fault
from firmware_bridge.disturbance import Disturbed, of_signal
from firmware_bridge.patch import GAIN_PV_PER_COUNT
from firmware_bridge.source import Recorded

HALF_A_COUNT_MV = 0.5 * GAIN_PV_PER_COUNT / 1e9 + 1e-6  # and float32's rounding of a few mV
RAIL_MV = GAIN_PV_PER_COUNT / 1e9 * ((1 << 23) - 2)
MESSAGE_S = 0.02
PTY_TOLERANCE_S = 0.15  # of a clock read by a process that shares its processor

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Boot:
    """A stretch of the timeline from one count of the patch."""

    first: int
    last: int  # not included
    offset: int | None  # position in the signal - timeline index; None where nothing in it can be recognised


class Truth:
    """What was worn, what was lost of it, and where the host put the rest."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.setup = outcome, outcome.setup
        self.mv = _disturbed(outcome.setup)
        self.lost = np.zeros(len(self.mv), bool)
        for loss in outcome.log.losses:
            self.lost[loss.first : loss.first + loss.count] = True
        self.heard = outcome.mv
        self.gap = np.zeros(len(self.heard), bool)
        self.scale = RATE / self.setup.rate
        gaps = [e for e in outcome.heard.events if e["type"] == "gap"]
        for event in gaps:
            self.gap[self._span(event)] = True
        self.boots = self._boots([self._span(e) for e in gaps if e["cause"] == Cause.REBOOT])
        self.late = self._late()
        self.dead = at_500_hz(~np.isfinite(self.heard).any(axis=1), self.setup.rate)

    def _late(self) -> int:
        """Samples that came after their place was given up, or before the first: only where frames overtake others.

        Or where they are sent again.
        """
        line = self.outcome.pipeline.timeline
        if not self.setup.ring_s and not any(isinstance(f, fault.Reorder) for f in self.setup.parsed):
            return 0
        return min(max(0, self.outcome.log.delivered - line.received), line.duplicates)

    def _span(self, event: dict[str, Any]) -> slice:
        first = round(event["sample"] / self.scale)
        return slice(first, first + round(event["samples"] / self.scale))

    def _boots(self, between: list[slice]) -> list[Boot]:
        edges = [0, *(edge for span in between for edge in (span.start, span.stop)), len(self.heard)]
        return [Boot(a, b, self._offset(a, b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]

    def _offset(self, first: int, last: int) -> int | None:
        """Where in the signal the first samples come from: by their values, which are one of their kind."""
        usable = np.flatnonzero(np.isfinite(self.heard[first:last]).any(axis=1)) + first
        found = np.arange(len(self.mv))
        for at in usable[:50]:
            there = np.isfinite(self.heard[at])
            shifted = found + at - usable[0]
            found, shifted = (x[shifted < len(self.mv)] for x in (found, shifted))
            near = np.abs(self.mv[shifted][:, there] - self.heard[at, there]) <= HALF_A_COUNT_MV
            found = found[near.all(axis=1)]
            if len(found) == 1:
                return int(found[0] - usable[0])
        return None


def time_error(truth: Truth) -> int:
    """Samples by which the timeline's end is off, against its beginning."""
    offsets = [boot.offset for boot in truth.boots if boot.offset is not None]
    if len(truth.boots) == 1 or not offsets:
        return 0
    if truth.boots[-1].offset is None:  # nothing came after the last reboot: the end is all there is
        return len(truth.heard) + offsets[0] - truth.outcome.log.sampled
    return offsets[0] - offsets[-1]


def tolerance(setup: Setup) -> int:
    """How many samples a reboot may shift what follows: the host knows its length by its clock alone.

    In simulated time to a sample; where frames are lost around it, to a message; else by as much as the fault makes
    frames late, or the patch's crystal wrong. On a pty, by what a scheduler does.
    """
    kinds = {f.KIND: f for f in setup.parsed}
    seconds = 0.0
    if "reboot" not in kinds:
        return 0
    for f in setup.parsed:
        match f:
            case fault.Drift():
                seconds += setup.seconds * abs(f.ppm) * 1e-6
            case fault.Burst():
                seconds += f.hold_s + MESSAGE_S
            case fault.Reorder():
                seconds += 2 * f.depth * MESSAGE_S
            case fault.Drop() | fault.Corrupt() | fault.Garbage() | fault.Unplug():
                seconds += MESSAGE_S
    if setup.road != "software":
        seconds += PTY_TOLERANCE_S * setup.speed
    return math.ceil(seconds * setup.rate)


def at_500_hz(flags: Flags, rate: float) -> Flags:
    """Flags of samples at `rate`, at 500 Hz: those of the sample at or before."""
    if rate == RATE:
        return flags
    out = np.arange(-(-len(flags) * int(RATE) // int(rate)))
    before = (out * round(1000 * rate)) // round(1000 * RATE)
    return flags[np.minimum(before, len(flags) - 1)]


def _disturbed(setup: Setup) -> npt.NDArray[np.float32]:
    """What the patch's converter was given: what was worn, with the faults of the signal; NaN where it is railed."""
    rate_mhz = round(1000 * setup.rate)
    source = Disturbed(
        Recorded(setup.worn, rate_mhz), of_signal(setup.parsed), channels_of(LEADS), LEADS, seed=setup.seed
    )
    mv = source.take(round(setup.seconds * setup.rate))[0]
    mv[np.abs(mv) >= RAIL_MV] = np.nan
    return mv
