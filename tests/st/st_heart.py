"""A heart whose ST levels, Q waves and landmarks are known: Gaussians, and a plateau from J to T, in eight leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin, TwelveLeads
from edge.leads import INDEPENDENT, LEADS, TWELVE_FROM_EIGHT
from edge.quality import Cause as Fault
from edge.quality import Grade, QualityReport
from edge.rhythm.beat import Beat

RATE = 500
R = dict(zip(INDEPENDENT, (0.7, 1.0, 0.2, 0.5, 0.8, 1.2, 1.2, 0.9), strict=True))  # mV
S = dict(zip(INDEPENDENT, (0.1, 0.15, 0.9, 1.1, 0.7, 0.4, 0.2, 0.1), strict=True))
T = dict(zip(INDEPENDENT, (0.2, 0.3, 0.1, 0.4, 0.4, 0.4, 0.3, 0.25), strict=True))
P = dict(zip(INDEPENDENT, (0.08, 0.13, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05), strict=True))
R_SD_S, S_AT_S, S_SD_S = 0.010, 0.028, 0.009
J_S = 0.054  # after R: where the S wave has come back
Q_AT_S = -0.036


@dataclass(frozen=True)
class Heart:
    """mV by lead; a lead that is not named has the usual."""

    st_mv: Mapping[str, float] = field(default_factory=dict)  # of the eight leads
    q_mv: Mapping[str, float] = field(default_factory=dict)  # depth
    r_mv: Mapping[str, float] = field(default_factory=dict)
    t_mv: Mapping[str, float] = field(default_factory=dict)
    q_sd_s: float = 0.014
    pr_s: float = 0.16
    rr_s: float = 0.8
    wide: float = 1.0  # how much longer QRS is
    p: float = 1.0  # of the usual P waves

    def beats_s(self, seconds: float) -> npt.NDArray[np.float64]:
        return np.arange(0.5, seconds, self.rr_s)

    def mv(self, seconds: float, *, noise_mv: float = 0.005, seed: int = 0) -> npt.NDArray[np.float32]:
        """n x 12 at 500 Hz."""
        t = np.arange(round(seconds * RATE)) / RATE
        eight = noise_mv * np.random.default_rng(seed).normal(size=(len(t), 8))
        for at in (-self.rr_s + 0.5, *self.beats_s(seconds + 1)):
            near = slice(max(0, round((at - 0.6) * RATE)), max(0, round((at + 0.8) * RATE)))
            eight[near] += self._beat(t[near] - at)
        return (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)

    def _beat(self, t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        w = self.wide

        def wave(at: float, sd: float) -> npt.NDArray[np.float64]:
            return np.exp(-(((t - at) / sd) ** 2) / 2)

        def step(at: float, width: float) -> npt.NDArray[np.float64]:
            return 1 / (1 + np.exp(-np.clip((t - at) / width, -50, 50)))

        plateau = step(J_S * w - 0.008, 0.003) * (1 - step(0.30, 0.03))
        out = np.zeros((len(t), 8))
        for k, lead in enumerate(INDEPENDENT):
            out[:, k] += (
                self.p * P[lead] * wave(0.055 - 0.036 - self.pr_s, 0.020)
            )  # begins two and a half of its width before
            out[:, k] += self.r_mv.get(lead, R[lead]) * wave(0.0, R_SD_S * w) - S[lead] * wave(S_AT_S * w, S_SD_S * w)
            out[:, k] -= self.q_mv.get(lead, 0.0) * wave(Q_AT_S, self.q_sd_s)
            out[:, k] += self.t_mv.get(lead, T[lead]) * wave(0.28, 0.045) + self.st_mv.get(lead, 0.0) * plateau
        return out

    def beats(self, seconds: float) -> list[Beat]:
        at = np.rint(self.beats_s(seconds) * RATE).astype(int).tolist()
        return [Beat(sample, "II", "N", 1000 * self.rr_s) for sample in at]


MEASURED = (Origin.MEASURED,) * 12


def origins(*measured: str) -> tuple[Origin, ...]:
    return tuple(Origin.MEASURED if lead in measured else Origin.RECONSTRUCTED for lead in LEADS)


def twelve(
    mv: npt.NDArray[np.float32],
    origin: tuple[Origin, ...] = MEASURED,
    sd_mv: float = 0.1,
    start: int = 0,
    enrolled: bool = False,
) -> TwelveLeads:
    guessed = np.array([one is Origin.RECONSTRUCTED for one in origin])
    sd = np.broadcast_to(np.where(guessed, sd_mv, 0.0), mv.shape).astype(np.float32)
    return TwelveLeads(start, mv, sd, origin, enrolled=enrolled)


def report(second: int, score: Mapping[str, float]) -> QualityReport:
    grades, causes = dict.fromkeys(score, Grade.GOOD), dict.fromkeys(score, Fault.NONE)
    return QualityReport(second * RATE, RATE, dict(score), grades, causes)
