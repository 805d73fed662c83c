"""A rhythm on the timeline: what it is called, since when, and what speaks for it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Label(enum.StrEnum):
    """The rhythms told apart, the gravest first."""

    VF = "vf"  # ventricular fibrillation or flutter
    ASYSTOLE = "asystole"
    VT = "vt"
    AF = "af"
    BIGEMINY = "bigeminy"
    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"
    SINUS = "sinus"  # regular at an ordinary rate, as far as the measured leads show
    UNKNOWN = "unknown"  # the signal does not allow an answer


# as WFDB's rhythm annotations have them (PhysioNet, "Annotations"), or the nearest there is
WFDB = {
    Label.VF: "(VFL",
    Label.ASYSTOLE: "(ASYS",
    Label.VT: "(VT",
    Label.AF: "(AFIB",
    Label.BIGEMINY: "(B",
    Label.BRADYCARDIA: "(SBR",
    Label.TACHYCARDIA: "(SVTA",
    Label.SINUS: "(N",
    Label.UNKNOWN: "(NOISE",
}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A change of rhythm."""

    start: int  # sample index on the timeline from which it holds
    label: Label
    confidence: float  # 0 to 1
    evidence: Mapping[str, float] = field(default_factory=dict)  # numbers, the unit at the end of each name
    told: int = 0  # sample index at which it was known
