"""What one average beat says: findings with their evidence lead by lead, confounders, walls, and scores."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edge.blocks import Origin
from edge.leads import LEAD, LEADS
from edge.person import Person
from edge.st import conduction, criteria, infarct, scoring, territory, voltage
from edge.st.confidence import Floats, Pair, best_pair, rank
from edge.st.levels import Levels
from edge.st.own import OwnSt, Source

ALONE = 0.9  # of the confidence: a rise or a fall is seen in one lead
SHOWN = 0.5  # probability from which a lead is among those that show a finding
RECIPROCAL_GAIN = 0.3  # of what a confidence lacks to the most it may be, where the opposite wall mirrors it
# what is left of a confidence where the confounder is certain: the Fourth Universal Definition's ST and T criteria hold
# "in the absence of left ventricular hypertrophy and bundle branch block"
LEFT_OF_ST = {"lbbb": 0.25, "paced": 0.2, "lvh": 0.7}
LEFT_OF_Q = {"lbbb": 0.3, "paced": 0.2, "lvh": 0.8}
TELLING = 0.5  # a confounder as likely as not is named


class Sign(enum.StrEnum):
    """What is found in leads."""

    ELEVATION = "st_elevation"
    DEPRESSION = "st_depression"
    INVERSION = "t_inversion"
    Q_WAVE = "q_wave"
    RISE = "st_rise"  # of one measured lead, from the patient's own
    FALL = "st_fall"


@dataclass(frozen=True, slots=True)
class LeadEvidence:
    """One lead's part in a finding."""

    lead: str
    origin: Origin
    level_mv: float  # ST at J; of a Q wave its depth, of an inversion T
    spread_mv: float  # standard deviation of that level: beats' noise, and the reconstruction's
    probability: float  # that it passes its threshold
    change_mv: float | None = None  # since the patient's own baseline, enrolled or of the run's first minutes


@dataclass(frozen=True, slots=True)
class Finding:
    """A sign, how sure it is, and what it rests on."""

    sign: Sign
    confidence: float  # 0 to 1, after ranking by origin and lowering by confounders
    pair: tuple[str, ...]  # the two contiguous leads it stands on; of a rise or a fall, the one
    leads: tuple[LeadEvidence, ...]  # those that show it, and the pair
    walls: tuple[str, ...]
    reciprocal: float  # probability that the opposite wall mirrors it
    confounders: tuple[str, ...]

    @property
    def reconstructed_only(self) -> bool:
        """Whether the pair it stands on holds no measured or derived lead."""
        origins = {one.lead: one.origin for one in self.leads}
        return all(origins[lead] is Origin.RECONSTRUCTED for lead in self.pair)


@dataclass(frozen=True, slots=True)
class StReading:
    """All that one average beat says."""

    levels: Levels
    findings: Mapping[Sign, Finding]
    conduction: conduction.Conduction
    hypertrophy: float | None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    baseline: Source | None = None  # what the evidence's changes are counted from
    turned: bool = False  # the body may have turned just now

    @property
    def sample(self) -> int:
        return self.levels.average.sample


def interpret(levels: Levels, person: Person, own: OwnSt | None = None, steady: float = 1.0) -> StReading:
    """own: the patient's ST, from which a single lead may have moved. An enrolled one also decides what is new.

    steady: what is left of confidence where the body may have turned.
    """
    own_mv = own.j_mv if own is not None and own.source is Source.ENROLLED else None
    lead_to, voltage_up = conduction.judge(levels), voltage.hypertrophy(levels, person)
    confounds = {"lbbb": lead_to.lbbb or 0.0, "paced": lead_to.paced, "lvh": voltage_up or 0.0}
    passes = {
        Sign.ELEVATION: criteria.elevation(levels, person, own_mv),
        Sign.DEPRESSION: _but_right_block(criteria.depression(levels, own_mv), lead_to.rbbb),
        Sign.INVERSION: _but_right_block(criteria.inversion(levels), lead_to.rbbb),
        Sign.Q_WAVE: infarct.q_waves(levels),
    }
    average = levels.average
    found: dict[Sign, Finding] = {}
    factors = {sign: _left(confounds, LEFT_OF_Q if sign is Sign.Q_WAVE else LEFT_OF_ST) for sign in Sign}
    for sign, of in passes.items():  # two contiguous leads each
        pairs = {"pairs": infarct.PAIRS} if sign is Sign.Q_WAVE else {}
        pair = best_pair(of, average.origin, average.enrolled, **pairs)
        if pair is None:
            continue
        mirrored = _mirrored(pair, passes) if sign is Sign.ELEVATION else 0.0
        factor = factors[sign] * (steady if sign is not Sign.Q_WAVE else 1.0)
        found[sign] = _finding(sign, pair, of, levels, own, mirrored, factor, confounds)
    if own is not None:
        for sign, of in zip((Sign.RISE, Sign.FALL), criteria.shift(levels, own), strict=True):
            if np.isfinite(of).any():
                at = int(np.nanargmax(of))
                alone = Pair(ALONE * float(of[at]), (at, at))
                found[sign] = _finding(sign, alone, of, levels, own, 0.0, steady, confounds)
    signs = scoring.Signs(
        {sign.value: one.confidence for sign, one in found.items()},
        passes[Sign.Q_WAVE] * factors[Sign.Q_WAVE],
        passes[Sign.ELEVATION] * factors[Sign.ELEVATION],
        factors[Sign.Q_WAVE],
    )
    scores = scoring.scores(levels, signs, lead_to, voltage_up)
    return StReading(levels, found, lead_to, voltage_up, scores, own.source if own else None, steady < 1.0)


def _but_right_block(passes: Floats, rbbb: float | None) -> Floats:
    """In V1 to V3 ST and T follow a right bundle branch block, and say nothing of ischaemia."""
    out = passes.copy()
    out[[LEAD[name] for name in ("V1", "V2", "V3")]] *= 1.0 - (rbbb or 0.0)
    return out


def _left(confounds: Mapping[str, float], left: Mapping[str, float]) -> float:
    return float(np.prod([1.0 - p * (1.0 - left[name]) for name, p in confounds.items()]))


def _mirrored(pair: Pair, passes: Mapping[Sign, Floats]) -> float:
    """Probability of ST depression on the wall that faces the pair's."""
    down = passes[Sign.DEPRESSION]
    seen = [0.0]
    for wall in _walls_of(pair.leads):
        for a, b in territory.FACES[wall]:
            if np.isfinite(down[a]) and np.isfinite(down[b]):
                seen.append(min(float(down[a]), float(down[b])))
    return max(seen)


def _walls_of(leads: tuple[int, int]) -> list[str]:
    return [wall for wall, pairs in territory.WALLS.items() if leads in pairs or leads[::-1] in pairs]


def _finding(
    sign: Sign,
    pair: Pair,
    passes: Floats,
    levels: Levels,
    own: OwnSt | None,
    mirrored: float,
    factor: float,
    confounds: Mapping[str, float],
) -> Finding:
    most = rank(levels.average.origin, pair.leads, levels.average.enrolled)
    sure = pair.confidence + RECIPROCAL_GAIN * mirrored * pair.confidence * (most - pair.confidence)
    shown = [k for k in range(12) if k in pair.leads or (np.isfinite(passes[k]) and passes[k] >= SHOWN)]
    level = {Sign.Q_WAVE: levels.q_mv, Sign.INVERSION: levels.t_mv}.get(sign, levels.st_j_mv)
    spread = levels.wave_spread_mv if sign is Sign.Q_WAVE else levels.st_spread_mv
    change = None if own is None or sign in (Sign.INVERSION, Sign.Q_WAVE) else levels.st_j_mv - own.j_mv
    evidence = tuple(
        LeadEvidence(
            LEADS[k],
            levels.average.origin[k],
            float(level[k]),
            float(spread[k]),
            float(passes[k]),
            float(change[k]) if change is not None and np.isfinite(change[k]) else None,
        )
        for k in shown
    )
    walls = tuple(w for w, p in territory.walls(passes, levels.average.origin, True).items() if p and p >= SHOWN)
    named = tuple(name for name, p in confounds.items() if p >= TELLING)
    a, b = pair.leads
    return Finding(
        sign, sure * factor, (LEADS[a], LEADS[b]) if a != b else (LEADS[a],), evidence, walls, mirrored, named
    )
