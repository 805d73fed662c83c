"""Synthetic rhythms with exact twelve-lead truth: the heart as a dipole that moves, seen by Dower's leads.

Each wave is a Gaussian in time along a fixed direction (McSharry 2003; on a dipole Sameni 2007); the body is Dower's
matrix. It is a test signal with known beats, no claim about any patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Signal
from edge.leads import TWELVE_FROM_EIGHT
from edge.synthetic_rhythms import RHYTHMS, Beat, Fibrillation

# Dower 1980: the eight leads from X (left), Y (down), Z (back); rows I, II, V1..V6
DOWER = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
REACH = 6.0  # standard deviations on each side; beyond, a wave is below 0.02 uV
VF_HZ = (4.0, 6.5)
SWELL_S = 0.3  # VF comes and goes without a step
F_WAVES_HZ = (5.0, 7.5)


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A rhythm and the truth about it."""

    mv: Signal  # n x 12, mV
    rate: float  # Hz
    beats: npt.NDArray[np.int64]  # sample index of the middle of each R wave
    classes: tuple[str, ...]  # N or V, one a beat


@dataclass(frozen=True, slots=True)
class _Wave:
    at_s: float  # from the middle of the R wave, at an R-R interval of 1 s
    sd_s: float
    xyz_mv: tuple[float, float, float]
    stretch: float = 0.0  # exponent of the R-R interval by which `at_s` and `sd_s` grow


_P = (_Wave(-0.160, 0.022, (0.06, 0.10, -0.01), 1 / 3),)
_SINUS = (
    _Wave(-0.026, 0.008, (-0.12, -0.07, -0.25)),  # Q: the septum, to the right and forward
    _Wave(0.000, 0.011, (1.00, 0.80, 0.35)),
    _Wave(0.028, 0.010, (-0.10, -0.15, 0.45)),  # S: the base, last and backward
    _Wave(0.300, 0.048, (0.25, 0.17, -0.15), 1 / 2),  # T; Bazett 1920: QT goes with the root of R-R
)
_ECTOPIC = (  # from the outflow tract: wide, downward and backward, T against it
    _Wave(-0.020, 0.026, (0.20, 0.60, 0.30)),
    _Wave(0.020, 0.034, (0.40, 0.90, 0.75)),
    _Wave(0.300, 0.060, (-0.28, -0.40, -0.35), 1 / 2),
)
_F_WAVES_XYZ_MV = (-0.04, 0.04, -0.065)  # the right atrium's, large in V1 and V2


def synthesise(
    rhythm: str,
    seconds: float,
    rate: float = 500.0,
    *,
    seed: int = 0,
    bpm: float | None = None,
    noise_uv: float = 0.0,
) -> Synthetic:
    """`seconds` of the rhythm named (see `RHYTHMS`) at `rate` (Hz), reproducible by `seed`.

    `bpm` is the rhythm's ventricular rate where it has one; `noise_uv` (rms) is an amplifier's white noise on each of
    the eight independent leads, and belongs to the truth. Raises ValueError for an unknown rhythm or a rate or
    length that makes no sense.
    """
    if rhythm not in RHYTHMS:
        raise ValueError(f"unknown rhythm {rhythm!r}: choose from {', '.join(RHYTHMS)}")
    if not (seconds > 0 and rate > 0 and (bpm is None or 10 <= bpm <= 350)):
        raise ValueError(f"{seconds:g} s at {rate:g} Hz and {bpm} beats a minute: no such signal (10 to 350 a minute)")
    rng = np.random.default_rng(seed)
    script = RHYTHMS[rhythm](rng, seconds, bpm)
    samples = round(seconds * rate)
    xyz = np.zeros((samples, 3))
    for beat in script.beats:
        _add_beat(xyz, rate, beat)
    for fibrillation in script.fibrillations:
        _add_fibrillation(xyz, rate, fibrillation, rng)
    eight = xyz @ DOWER.T
    if noise_uv:
        eight = eight + 1e-3 * noise_uv * rng.standard_normal(eight.shape)
    kept = [beat for beat in script.beats if 0 <= round(beat.at_s * rate) < samples]
    beats = np.array([round(beat.at_s * rate) for beat in kept], np.int64)
    mv = (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)
    return Synthetic(mv, rate, beats, tuple(beat.kind for beat in kept))


def _add_beat(xyz: npt.NDArray[np.float64], rate: float, beat: Beat) -> None:
    waves: Sequence[_Wave] = _ECTOPIC if beat.kind == "V" else _SINUS
    if beat.has_p:
        waves = (*_P, *waves)
    for wave in waves:
        grown = min(beat.rr_s, 1.5) ** wave.stretch
        _add_wave(xyz, rate, beat.at_s + wave.at_s * grown, wave.sd_s * grown, wave.xyz_mv)


def _add_wave(
    xyz: npt.NDArray[np.float64], rate: float, at_s: float, sd_s: float, xyz_mv: tuple[float, float, float]
) -> None:
    first = max(0, int(np.ceil((at_s - REACH * sd_s) * rate)))
    last = min(len(xyz), int(np.floor((at_s + REACH * sd_s) * rate)) + 1)
    if first < last:
        distance = (np.arange(first, last) / rate - at_s) / sd_s
        xyz[first:last] += np.exp(-0.5 * distance**2)[:, None] * np.array(xyz_mv)


def _add_fibrillation(
    xyz: npt.NDArray[np.float64], rate: float, fibrillation: Fibrillation, rng: np.random.Generator
) -> None:
    first, last = (min(len(xyz), max(0, round(t * rate))) for t in (fibrillation.start_s, fibrillation.stop_s))
    at_s = np.arange(last - first) / rate
    if not len(at_s):
        return
    if fibrillation.of == "atria":
        wander = _wandering(at_s, F_WAVES_HZ, rng)
        xyz[first:last] += (np.sin(wander) + 0.3 * np.sin(2 * wander))[:, None] * np.array(_F_WAVES_XYZ_MV)
        return
    swelling = np.clip(np.minimum(at_s, at_s[-1] - at_s) / SWELL_S, 0, 1)
    for axis, amplitude_mv in enumerate((0.35, 0.35, 0.25)):
        waxing = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.2, 0.5) * at_s + rng.uniform(0, 2 * np.pi))
        xyz[first:last, axis] += amplitude_mv * swelling * waxing * np.sin(_wandering(at_s, VF_HZ, rng))


def _wandering(
    at_s: npt.NDArray[np.float64], band_hz: tuple[float, float], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """The phase (radians) of an oscillation whose frequency wanders through `band_hz`, two new ones a second."""
    knots = np.arange(0, at_s[-1] + 1.0, 0.5)
    hz = np.interp(at_s, knots, rng.uniform(*band_hz, len(knots)))
    step_s = np.diff(at_s, prepend=at_s[0])
    phase: npt.NDArray[np.float64] = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.cumsum(hz * step_s)
    return phase
