"""Rhythms as scripts: when each beat comes, of what kind it is, and what fibrillates meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FIRST_S = 0.4  # the first beat, so that its P wave is there
BREATH_S = 4.0  # one respiration
SINUS_ARRHYTHMIA = 0.03  # part of the R-R interval
JITTER = 0.01
PAUSE_S, PAUSE_AT_S = 4.0, 10.0
ASYSTOLE_S, ASYSTOLE_AT_S = 15.0, 20.0
EPISODE_S, EPISODE_AT_S = 15.0, 10.0  # of VT and VF
ECTOPIC_EVERY = (4, 9)  # beats
COUPLING = 0.6  # R-R before an ectopic beat, as part of the sinus interval


@dataclass(frozen=True, slots=True)
class Beat:
    at_s: float  # the middle of the R wave
    rr_s: float  # the interval before it, which sets its QT
    kind: str = "N"  # N or V
    has_p: bool = True


@dataclass(frozen=True, slots=True)
class Fibrillation:
    start_s: float
    stop_s: float
    of: str  # "atria" or "ventricles"


@dataclass(frozen=True, slots=True)
class Script:
    beats: tuple[Beat, ...]
    fibrillations: tuple[Fibrillation, ...] = ()


Rhythm = Callable[[np.random.Generator, float, float | None], Script]  # seconds, beats a minute


def _sinus(rng: np.random.Generator, start_s: float, stop_s: float, bpm: float) -> list[Beat]:
    beats, at_s = [], start_s
    rr_s = 60 / bpm
    while at_s < stop_s:
        beats.append(Beat(at_s, rr_s))
        breath = 1 + SINUS_ARRHYTHMIA * np.sin(2 * np.pi * at_s / BREATH_S)
        rr_s = 60 / bpm * float(breath + JITTER * np.clip(rng.standard_normal(), -3, 3))
        at_s += rr_s
    return beats


def _steady(default_bpm: float) -> Rhythm:
    def script(rng: np.random.Generator, seconds: float, bpm: float | None) -> Script:
        return Script(tuple(_sinus(rng, FIRST_S, seconds, bpm or default_bpm)))

    return script


def _af(rng: np.random.Generator, seconds: float, bpm: float | None) -> Script:
    mean_s = 60 / (bpm or 95)
    beats, at_s, rr_s = [], FIRST_S, mean_s
    while at_s < seconds:
        beats.append(Beat(at_s, rr_s, has_p=False))
        rr_s = mean_s * float(np.clip(1 + 0.22 * rng.standard_normal(), 0.55, 1.9))
        at_s += rr_s
    return Script(tuple(beats), (Fibrillation(0, seconds, "atria"),))


def _pvc(rng: np.random.Generator, seconds: float, bpm: float | None) -> Script:
    """Every few sinus beats an early wide one; the sinus node keeps its time, so the pause is compensatory."""
    rr_s = 60 / (bpm or 70)
    beats = []
    next_ectopic = int(rng.integers(*ECTOPIC_EVERY))
    for k, beat in enumerate(_sinus(rng, FIRST_S, seconds, bpm or 70)):
        if k < next_ectopic:
            beats.append(beat)
            continue
        early_s = beats[-1].at_s + COUPLING * rr_s
        beats.append(Beat(early_s, rr_s, "V", has_p=False))
        next_ectopic = k + int(rng.integers(*ECTOPIC_EVERY))
    return Script(tuple(beats))


def _silence(at_s: float, length_s: float) -> Rhythm:
    """No beat for `length_s` from the last one before `at_s` on."""

    def script(rng: np.random.Generator, seconds: float, bpm: float | None) -> Script:
        before = _sinus(rng, FIRST_S, min(at_s, seconds), bpm or 70)
        after = _sinus(rng, before[-1].at_s + length_s, seconds, bpm or 70) if before else []
        return Script((*before, *after))

    return script


def _vt(rng: np.random.Generator, seconds: float, bpm: float | None) -> Script:
    rr_s = 60 / (bpm or 180)
    before = _sinus(rng, FIRST_S, min(EPISODE_AT_S, seconds), 70)
    stop_s = min(EPISODE_AT_S + EPISODE_S, seconds)
    run, at_s = [], before[-1].at_s + 0.5 if before else seconds
    while at_s < stop_s:
        run.append(Beat(at_s, rr_s, "V", has_p=False))
        at_s += rr_s * float(1 + JITTER * rng.standard_normal())
    return Script((*before, *run, *_sinus(rng, stop_s + 1.0, seconds, 70)))


def _vf(rng: np.random.Generator, seconds: float, bpm: float | None) -> Script:
    before = _sinus(rng, FIRST_S, min(EPISODE_AT_S, seconds) - 0.6, 70)
    stop_s = EPISODE_AT_S + EPISODE_S
    after = _sinus(rng, stop_s + 1.0, seconds, bpm or 70)
    return Script((*before, *after), (Fibrillation(EPISODE_AT_S, stop_s, "ventricles"),))


RHYTHMS: dict[str, Rhythm] = {
    "sinus": _steady(70),
    "brady": _steady(40),
    "tachy": _steady(140),
    "af": _af,
    "pvc": _pvc,
    "pause": _silence(PAUSE_AT_S, PAUSE_S),
    "asystole": _silence(ASYSTOLE_AT_S, ASYSTOLE_S),
    "vt": _vt,
    "vf": _vf,
}
