"""From seconds of a patient's twelve leads to a patient file: judge the recording, fit, say what it gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from edge.bundle import RATE, Bundle
from edge.correction import Correction, Float64s, ridge
from edge.dsp.band import low_passed
from edge.engines import Engine
from edge.enrolment_material import Material, material
from edge.errors import InputError
from edge.leads import EIGHT, LEADS, TWELVE_FROM_EIGHT
from edge.montage import Montage
from edge.patient import Patient
from edge.population import Population

PARTS = 4  # the recording is held back in so many parts, each in turn; more where it is longer
PART_S = 4.0  # at most
WORTH = 0.98  # of the error, at most, may be left: a correction that gains less is not worth its risk


@dataclass(frozen=True)
class HeldBack:
    """Errors on parts of the recording that the correction was not fitted to."""

    before_mv: Float64s  # 12: root mean square in 0.5 to 40 Hz, without the correction
    after_mv: Float64s
    all_after_mv: Float64s  # 8: the same, unfiltered: what the standard deviation must cover
    left: float  # of the error of what is missing, in the part that stands in the middle: one artefact decides nothing


def enrol(
    mv: Float64s | np.ndarray,
    rate: float,
    leads: Sequence[str],
    montage: Sequence[str] = ("II", "V1", "V5"),
    *,
    bundle: Bundle,
    engine: Engine,
    mains_hz: float | None = None,
    hop_s: float = 1.0,
) -> Patient:
    """The patient file for `montage` from a recording of more leads.

    mv: n x leads (mV, NaN where lost) at `rate` Hz; leads: their standard names, the montage's among them.
    Raises UsageError for a montage that makes no sense, InputError where the recording is too short or too noisy, an
    electrode is off, or the correction would not help; the message says which, and what to do.
    """
    wanted = Montage.of_leads(montage)
    seen = material(mv, rate, leads, wanted, bundle, engine, mains_hz=mains_hz, hop_s=hop_s)
    population = Population.of(bundle.manifest, bundle.basis)
    return fitted(seen, bundle, population)


def fitted(seen: Material, bundle: Bundle, population: Population) -> Patient:
    """The patient file of a recording that `material` found usable. Raises InputError where it would not help."""
    features = seen.features
    held = hold_back(seen, population)
    missing = [LEADS.index(lead) for lead in seen.missing]
    if held.left > WORTH:
        raise InputError(
            f"enrolment would not help: on parts held back {100 * held.left:.0f} % of the missing error is left; "
            "record more seconds, at rest, or go without a patient file"
        )
    weights, offset = weights_from(seen, population, np.ones(len(seen.features_mv), bool))
    gain, floor = spread(seen, held, population)
    montage = seen.features.measured
    likeness = population.misfit.likeness(montage, seen.beats) if population.misfit else None
    return Patient(
        datetime.now(UTC).isoformat(timespec="seconds"),
        bundle.name,
        bundle.identity,
        montage,
        round(len(seen.features_mv) / RATE, 3),
        Correction(features, weights, offset, gain, floor),
        likeness,
        {
            LEADS[k]: (round(1000 * float(held.before_mv[k]), 1), round(1000 * float(held.after_mv[k]), 1))
            for k in missing
        },
        seen.st,
    )


def hold_back(seen: Material, population: Population) -> HeldBack:
    """Fits to all parts but one, for each in turn."""
    n = len(seen.features_mv)
    parts = max(PARTS, round(n / RATE / PART_S))
    edges = np.linspace(0, n, parts + 1).round().astype(int)
    kept_out, everything = np.zeros((n, 8)), np.zeros((n, 8))
    for first, last in pairwise(edges.tolist()):
        kept = np.ones(n, bool)
        kept[first:last] = False
        weights, offset = weights_from(seen, population, kept)
        part = slice(first, last)
        kept_out[part] = seen.residual_fit[part] - seen.features_fit[part] @ weights.T
        everything[part] = seen.residual_mv[part] - seen.features_mv[part] @ weights.T - offset
    before, after = ((low_passed(e, RATE) @ TWELVE_FROM_EIGHT.T) ** 2 for e in (seen.residual_fit, kept_out))
    left = [float(after[a:b].sum() / max(before[a:b].sum(), 1e-12)) for a, b in pairwise(edges.tolist())]
    rms = [np.sqrt(e.mean(axis=0)) for e in (before, after, everything**2)]
    return HeldBack(rms[0], rms[1], rms[2], float(np.sqrt(np.median(left))))


def weights_from(seen: Material, population: Population, rows: np.ndarray) -> tuple[Float64s, Float64s]:
    """Weights (8 x features) and offset (8, mV) from those `rows` of the recording.

    Fitted up to the highest frequencies, as the basis was trained: where noise is allowed to cost nothing, the basis
    brings some.
    """
    features, fit = seen.features, seen.features_fit[rows]
    weights = np.zeros((8, len(features.names)))
    targets = [EIGHT[lead] for lead in seen.targets]
    strength = population.strengths(features, fit)
    weights[targets] = ridge(fit, seen.residual_fit[rows][:, targets], strength)
    first = len(features.names) - features.basis  # leads have no level of their own; the basis may have one
    return weights, -weights[:, first:] @ seen.features_mv[rows, first:].mean(axis=0)


def spread(seen: Material, held: HeldBack, population: Population) -> tuple[Float64s, Float64s]:
    """How sure each of the eight leads is after the correction: factors on the network's sd, and a floor in mV.

    A quarter of the held-back variance follows the network's from moment to moment, the rest is always there: so
    chosen on PTB-XL fold 8, by the length of the intervals that hold 90 %.
    """
    gain, floor = np.ones(8), np.zeros(8)
    rule = population.sd(seen.features.measured, len(seen.features_mv) / RATE)
    network = np.sqrt(seen.variance.mean(axis=0))
    for lead in seen.targets:
        k = EIGHT[lead]
        relative, absolute = rule.of(k, held.all_after_mv[k] / network[k], held.all_after_mv[k])
        gain[k], floor[k] = relative, absolute
    return gain, floor
