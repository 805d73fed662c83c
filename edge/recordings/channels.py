"""Which of a file's channels are wanted, what they are called, and one rate for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from edge.blocks import Signal
from edge.errors import InputError, Reason, UsageError
from edge.leads import canonical
from edge.recordings.recording import Recording, check_size

_MV_PER_UNIT = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "nv": 1e-6}
# Voltages that come from elsewhere in the body, as polysomnographs and monitors label them.
_NOT_ECG = ("EEG", "EMG", "EOG", "ERG", "MEG", "RESP", "PLETH", "PPG", "ABP", "SPO2", "BIOZ", "STATUS", "TRIGGER")


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal of a file."""

    name: str  # as in the file
    rate: float  # Hz
    unit: str  # as in the file
    mv: Signal | None  # None where the unit is no voltage


def mv_per_unit(unit: str) -> float | None:
    """Millivolts in one `unit`, or None if it is no voltage. Case does not matter (`MV` is a millivolt)."""
    return _MV_PER_UNIT.get(unit.strip().lower())


def assemble(
    path: Path,
    channels: Sequence[Channel],
    wanted: Sequence[str] | None,
    *,
    start_utc: datetime | None,
    note: dict[str, str],
) -> Recording:
    """The recording made of the channels that are asked for, or of all ECG channels.

    Errors: InputError (NO_LEADS) where there are none, UsageError for names that contradict each other.
    """
    picked = _all_ecg(path, channels) if wanted is None else _wanted(path, channels, wanted)
    picked = _one_rate(path, picked, note, strict=wanted is not None)
    if left_out := [c for c in channels if not any(c.mv is p.mv for p in _sources(picked, channels))]:
        note = {**note, "left out": _listed(left_out)}
    mvs = [np.asarray(c.mv) for c in _expanded(picked)]
    samples = min(len(mv) for mv in mvs)
    check_size(path, samples, len(mvs))
    if not samples:
        raise InputError(f"{path} holds no samples: was its recording interrupted at the start?")
    mv = np.stack([x[:samples] for x in mvs], axis=1)
    return Recording(path.stem, max(c.rate for c in picked), tuple(c.name for c in picked), mv, start_utc, note)
