"""Faults of the signal: a source that passes another one on, not quite as it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware_bridge.faults import Fault, Mains, Off, Saturate
from firmware_bridge.messages import ELECTRODES, WEIGHTED, Channel
from firmware_bridge.source import Bits, Millivolts, Source

RAIL_MV = 1e6  # beyond any converter's range: it reads full scale
OFF_NOISE_MV = 0.5  # an open input picks up what is around


class Disturbed:
    """Source: `source` with its faults. The same seed and faults give the same samples, however they are taken."""

    def __init__(
        self,
        source: Source,
        faults: Sequence[Off | Saturate | Mains],
        channels: Sequence[Channel],
        names: Sequence[str] = (),
        *,
        seed: int = 0,
        start_s: float = 0.0,
    ) -> None:
        self.rate_mhz = source.rate_mhz
        self._source, self._faults = source, tuple(faults)
        self._channels, self._names, self._seed = tuple(channels), tuple(names), seed
        self._affected = [_affected(fault, channels, names) for fault in faults]
        self._rngs = [np.random.default_rng((seed, k)) for k in range(len(self._faults))]
        self._start_s, self._taken = start_s, 0

    def take(self, samples: int, /) -> tuple[Millivolts, Bits]:
        mv, off = self._source.take(samples)
        mv, off = mv.copy(), off.copy()
        at_s = self._start_s + (self._taken + np.arange(len(mv))) / (self.rate_mhz / 1000)
        self._taken += len(mv)
        for fault, columns, rng in zip(self._faults, self._affected, self._rngs, strict=True):
            _disturb(fault, columns, rng, at_s, mv, off)
        return mv, off

    def at_rate(self, rate_mhz: int, /) -> Disturbed | None:
        source = self._source.at_rate(rate_mhz)
        if source is None:
            return None
        start_s = self._start_s + self._taken * 1000 / self.rate_mhz
        return Disturbed(source, self._faults, self._channels, self._names, seed=self._seed, start_s=start_s)


def of_signal(faults: Sequence[Fault]) -> list[Off | Saturate | Mains]:
    return [fault for fault in faults if isinstance(fault, Off | Saturate | Mains)]


def _disturb(
    fault: Off | Saturate | Mains,
    columns: npt.NDArray[np.intp],
    rng: np.random.Generator,
    at_s: npt.NDArray[np.float64],
    mv: Millivolts,
    off: Bits,
) -> None:
    if isinstance(fault, Mains):
        mv += (fault.amplitude_uv / 1000 * np.sin(2 * np.pi * fault.hz * at_s)).astype(np.float32)[:, None]
        return
    if not len(at_s) or at_s[-1] < fault.at_s or at_s[0] >= fault.at_s + fault.for_s:
        return  # of a day's faults nearly all are over, or yet to come
    rows = np.flatnonzero((at_s >= fault.at_s) & (at_s < fault.at_s + fault.for_s))
    if isinstance(fault, Off):
        off[rows] |= 1 << ELECTRODES.index(fault.electrode)
    if isinstance(fault, Off) and fault.reads == "noise":
        mv[np.ix_(rows, columns)] = OFF_NOISE_MV * rng.standard_normal((len(rows), len(columns)))
    else:
        mv[np.ix_(rows, columns)] = RAIL_MV


def _affected(fault: Off | Saturate | Mains, channels: Sequence[Channel], names: Sequence[str]) -> npt.NDArray[np.intp]:
    """The columns a fault reaches. Raises ValueError for a channel that is not there."""
    if isinstance(fault, Saturate):
        return np.array([_column(fault.channel, len(channels), names)])
    if isinstance(fault, Mains):
        return np.arange(len(channels))
    electrode = ELECTRODES.index(fault.electrode)
    if electrode >= WEIGHTED:  # RL drives the body's potential: without it no channel is right
        return np.arange(len(channels))
    return np.flatnonzero([channel.weights[electrode] for channel in channels])


def _column(name: str, channels: int, names: Sequence[str]) -> int:
    for column, known in enumerate(names):
        if known.lower() == name.lower():
            return column
    if name.isdecimal() and int(name) < channels:
        return int(name)
    allowed = [*names, f"0 to {channels - 1}"]
    raise ValueError(f"fault saturate: channel={name}: must be one of {', '.join(allowed)}")
