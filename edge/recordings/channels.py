"""Which of a file's channels are wanted, what they are called, and one rate for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from edge.blocks import Signal
from edge.errors import InputError, Reason, UsageError
from edge.leads import canonical
from edge.recordings.recording import Recording, check_size

_MV_PER_UNIT = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "nv": 1e-6}
# Voltages from elsewhere in the body, and marks, as polysomnographs and monitors label them.
_NOT_ECG = ("EEG", "EMG", "EOG", "ERG", "MEG", "RESP", "PLETH", "PPG", "ABP", "SPO2", "STATUS", "TRIGGER", "MARKER")


@dataclass(frozen=True, slots=True)
class Channel:
    """One signal of a file."""

    name: str  # as in the file
    rate: float  # Hz
    unit: str  # as in the file
    mv: Signal | None  # None where the unit is no voltage

    @property
    def is_ecg(self) -> bool:
        return self.mv is not None and not self.name.strip().upper().startswith(_NOT_ECG)


def mv_per_unit(unit: str) -> float | None:
    """Millivolts in one `unit`, or None if it is no voltage. Case does not matter: `MV` is a millivolt."""
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
    ecg = [channel for channel in channels if channel.is_ecg]
    if not ecg:
        among = f" among {_listed(channels)}" if channels else ""
        raise InputError(f"{path} has no ECG channel{among}: give a file that has one", Reason.NO_LEADS)
    if wanted is None:
        picked = list(zip(lead_names([channel.name for channel in ecg]), ecg, strict=True))
    else:
        picked = _wanted(path, channels, ecg, wanted)
    picked, rate = _of_one_rate(path, picked, strict=wanted is not None)
    if left_out := [c for c in channels if not any(c is used for _, used in picked)]:
        note = note | {"left out": _listed(left_out)}
    return Recording(path.stem, rate, tuple(name for name, _ in picked), _stacked(path, picked, rate), start_utc, note)


def lead_names(names: Sequence[str]) -> list[str]:
    """Standard names where they are standard leads, else as in the file; a second of a name gets a number."""
    out: list[str] = []
    for name in names:
        plain = name.strip() or "channel"
        choices = [canonical(plain) or plain, plain, *(f"{plain}_{n}" for n in range(2, len(names) + 2))]
        out.append(next(choice for choice in choices if choice not in out))
    return out


def _wanted(
    path: Path, channels: Sequence[Channel], ecg: Sequence[Channel], wanted: Sequence[str]
) -> list[tuple[str, Channel]]:
    names = [canonical(name) or name.strip() for name in wanted]
    if not names or len({name.upper() for name in names}) < len(names):
        raise UsageError(f"channels {', '.join(wanted) or '(none)'}: name each lead once, and at least one")
    found = [_find(name, channels) for name in names]
    if all(channel is not None for channel in found):
        return [(name, channel) for name, channel in zip(names, found, strict=True) if channel is not None]
    if any(canonical(channel.name) for channel in ecg):
        missing = ", ".join(name for name, channel in zip(names, found, strict=True) if channel is None)
        raise InputError(
            f"{path} has no lead {missing}: choose among {_listed(ecg)}",
            Reason.NO_LEADS,
        )
    if len(names) > len(ecg):
        raise InputError(
            f"{path} has {len(ecg)} ECG channels ({_listed(ecg)}) for the {len(names)} names {', '.join(names)}: "
            f"give at most {len(ecg)} names",
            Reason.NO_LEADS,
        )
    return list(zip(names, ecg, strict=False))  # names for the first few: the others are left out


def _find(name: str, channels: Sequence[Channel]) -> Channel | None:
    voltages = [channel for channel in channels if channel.mv is not None]
    by_file = (c for c in voltages if c.name.strip().upper() == name.upper())
    by_lead = (c for c in voltages if (canonical(c.name) or "").upper() == name.upper())
    return next(by_lead, None) or next(by_file, None)


def _of_one_rate(
    path: Path, picked: list[tuple[str, Channel]], *, strict: bool
) -> tuple[list[tuple[str, Channel]], float]:
    """The channels whose rate divides the fastest one's; others are left out, or refused if they were asked for."""
    rate = max(channel.rate for _, channel in picked)
    fitting = [(name, c) for name, c in picked if abs(rate / c.rate - round(rate / c.rate)) < 1e-6]
    if strict and len(fitting) < len(picked):
        rates = ", ".join(f"{name} {c.rate:g} Hz" for name, c in picked)
        raise InputError(f"{path} has its channels at rates that do not fit together ({rates}): choose one rate's")
    return fitting, rate


def _stacked(path: Path, picked: Sequence[tuple[str, Channel]], rate: float) -> Signal:
    """n x k; a slower channel's samples are repeated, so that the fastest loses nothing."""
    repeats = [round(rate / channel.rate) for _, channel in picked]
    samples = min(
        len(channel.mv) * repeat for (_, channel), repeat in zip(picked, repeats, strict=True) if channel.mv is not None
    )
    if not samples:
        raise InputError(f"{path} holds no samples: was its recording broken off at the start?")
    check_size(path, samples, len(picked))
    mv = np.empty((samples, len(picked)), np.float32)
    for column, ((_, channel), repeat) in enumerate(zip(picked, repeats, strict=True)):
        if channel.mv is not None:
            mv[:, column] = np.repeat(channel.mv, repeat)[:samples] if repeat > 1 else channel.mv[:samples]
    return mv


def _listed(channels: Sequence[Channel]) -> str:
    return ", ".join(f"{c.name.strip() or 'nameless'} ({c.unit.strip() or 'no unit'})" for c in channels)
