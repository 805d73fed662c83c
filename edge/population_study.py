"""Learns what a bundle's manifest says of patients in general, from recordings of many; run where bundles are made.

Recordings are twelve leads (n x 12, mV, 500 Hz, at least eight seconds): a person's first four seconds are the
enrolment, the rest is what comes after.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edge import beat_shape
from edge.blocks import Block
from edge.bundle import ANY, RATE, Bundle
from edge.correction import Float64s
from edge.dsp.band import low_passed
from edge.dsp.baseline import remove_baseline
from edge.engines import Engine
from edge.enrolment import fitted, hold_back, weights_from
from edge.enrolment_material import Material, material
from edge.errors import InputError
from edge.leads import EIGHT, INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT, mask_name
from edge.misfit import GROUP
from edge.misfit_model import MisfitModel, learn
from edge.montage import Montage
from edge.population import Population, SdRule
from edge.rhythm.detector import BeatDetector
from edge.whole import reconstruct

ENROL_S = 4.0
RIDGE_FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0)
QUANTILE, NORMAL = 0.90, 1.645
BOOTSTRAPS = 100  # draws of people, for the standard error
EVERY = 10  # samples: neighbours err alike
OTHERS_ASIDE = 0.94  # of other people, at one look on the recordings held out
PEOPLE = 8  # others that each one is compared with there

Recordings = Sequence[npt.NDArray[np.float32]]
Hearts = list[tuple[list[Float64s], list[Float64s]]]  # beats in the eight leads: while enrolling, and later


def patient_part(
    bundle: Bundle,
    engine: Engine,
    learnt_from: Recordings,
    held_out: Recordings,
    montages: Sequence[tuple[str, ...]],
    base: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest's `patient` for `bundle`: `base` (its `ridge`, where training found one) and what is learnt here.

    learnt_from: people the misfit's covariances are taken from; held_out: others, to place its limit and to calibrate
    the standard deviations for each of `montages`.
    """
    part = dict(base or {})
    if "ridge" in part:
        part["ridge"] = chosen_ridge(bundle, engine, held_out, montages[0], part["ridge"])
    later = hearts(held_out)
    model = replace(learn(hearts(learnt_from), 0.5), position=0.5)
    model = replace(model, position=position(model, later, montages))
    population = Population.of({"patient": part}, bundle.basis)
    part["sd"] = sd_rules(bundle, engine, population, held_out, montages)
    part["misfit"] = model.as_json()
    return part


def hearts(recordings: Iterable[npt.NDArray[np.float32]]) -> Hearts:
    """Everyone's beats, of those who have three in either part."""
    found = []
    for mv in recordings:
        eight = remove_baseline(mv[:, [LEAD[lead] for lead in INDEPENDENT]], RATE)
        detector = BeatDetector(RATE)
        beats = detector.push(Block(0, RATE, INDEPENDENT, eight, np.isfinite(eight))) + detector.flush()
        early: list[Float64s] = []
        late: list[Float64s] = []
        for beat in beats:
            shape = beat_shape.cut(eight.astype(np.float64), beat.sample)
            if shape is not None and beat.sample + beat_shape.AFTER <= ENROL_S * RATE:
                early.append(shape)
            elif shape is not None and beat.sample - beat_shape.BEFORE >= ENROL_S * RATE:
                late.append(shape)
        if len(early) >= 2 and len(late) >= 3:
            found.append((early, late))
    return found


def position(model: MisfitModel, people: Hearts, montages: Sequence[tuple[str, ...]], seed: int = 0) -> float:
    """Where between own and others' differences the limit lies, so that `OTHERS_ASIDE` of others are beyond it."""
    rng = np.random.default_rng(seed)
    places = []
    for leads in montages:
        rows = TWELVE_FROM_EIGHT[[LEAD[lead] for lead in leads]]
        seen = [([b @ rows.T for b in early], [b @ rows.T for b in late]) for early, late in people]
        _, own, other = model.weights(leads)
        for k, (early, _) in enumerate(seen):
            likeness = replace(model.likeness(leads, early), limit=1.0)
            for j in rng.choice(len(seen), min(PEOPLE, len(seen)), replace=False):
                if j != k:
                    distance = max(likeness.of_nearest(map(likeness.compare, seen[j][1][:GROUP])), 1e-9)
                    places.append(np.log(distance / own) / np.log(other / own))
    return float(np.clip(np.quantile(places, 1 - OTHERS_ASIDE), 0.01, 0.99))


def chosen_ridge(
    bundle: Bundle, engine: Engine, recordings: Recordings, leads: tuple[str, ...], trained: dict[str, Any]
) -> dict[str, Any]:
    """`trained` strengths, by the factor, and with or without regard to a heart's size, that leave the least error."""
    seen = list(_whole(bundle, engine, recordings, leads))
    first = round(ENROL_S * RATE)
    count = len(seen[0].features.leads)
    sizes = [float(np.sqrt((m.features_fit[:first, :count] ** 2).mean())) for m in seen]
    best: tuple[float, dict[str, Any]] | None = None
    for size in (None, round(float(np.median(sizes)), 4)):
        for factor in RIDGE_FACTORS:
            part: dict[str, Any] = {
                key: [factor * value for value in trained[key]] for key in ("leads", "basis") if key in trained
            }
            part |= {"size_mv": size} if size else {}
            population = Population.of({"patient": {"ridge": part}}, bundle.basis)
            left = float(np.mean([np.log(_left(m, population, first)) for m in seen]))
            if best is None or left < best[0]:
                best = left, part
    assert best is not None
    return {key: value if key == "size_mv" else [float(f"{v:.4g}") for v in value] for key, value in best[1].items()}


def _whole(bundle: Bundle, engine: Engine, recordings: Recordings, leads: tuple[str, ...]) -> Iterator[Material]:
    for mv in recordings:
        with contextlib.suppress(InputError):
            yield material(mv, RATE, LEADS, Montage.of_leads(leads), bundle, engine)


def _left(seen: Material, population: Population, first: int) -> float:
    """Mean square error (mV2, 0.5 to 40 Hz) of the eight after the first samples, by what they taught."""
    weights, _ = weights_from(seen, population, np.arange(len(seen.features_fit)) < first)
    error = low_passed(seen.residual_fit[first:] - seen.features_fit[first:] @ weights.T, RATE)
    return float((error**2).mean()) + 1e-9


def sd_rules(
    bundle: Bundle,
    engine: Engine,
    population: Population,
    recordings: Recordings,
    montages: Sequence[tuple[str, ...]],
) -> dict[str, dict[str, list[float]]]:
    """`patient.sd` of the manifest: for each montage, and for any other, what held-back errors are worth."""
    rules: dict[str, dict[str, list[float]]] = {}
    usual: list[tuple[Float64s, Float64s]] = []
    together: list[Float64s] = []
    for leads in montages:
        enrolled = list(_enrolled(bundle, engine, recordings, leads))
        gains, errors = _usual(enrolled, population)
        rule = SdRule(np.ones(8), _typical(gains), _typical(errors), 0.0)
        ratios = _ratios(bundle, engine, replace(population, rules={ANY: rule}), enrolled, leads)
        usual.append((gains, errors))
        together += ratios
        rules[mask_name(leads)] = _entry(gains, errors, ratios)
    gains, errors = (np.concatenate(parts) for parts in zip(*usual, strict=True))
    rules[ANY] = _entry(gains, errors, together)
    return rules


def _enrolled(
    bundle: Bundle, engine: Engine, recordings: Recordings, leads: tuple[str, ...]
) -> Iterator[tuple[npt.NDArray[np.float32], Material]]:
    """Recordings that can be enrolled, with what their first seconds give."""
    for mv in recordings:
        first = mv[: round(ENROL_S * RATE)]
        try:
            yield mv, material(first, RATE, LEADS, Montage.of_leads(leads), bundle, engine)
        except InputError:
            continue  # refused: it will be on the device, too


def _usual(
    enrolled: Sequence[tuple[npt.NDArray[np.float32], Material]], population: Population
) -> tuple[Float64s, Float64s]:
    """Held-back errors as shares of the network's sd, and in mV (each recordings x 8; NaN where not corrected)."""
    gains, errors = np.full((2, len(enrolled), 8), np.nan)
    for k, (_, seen) in enumerate(enrolled):
        at = [EIGHT[lead] for lead in seen.targets]
        errors[k, at] = hold_back(seen, population).all_after_mv[at]
        gains[k, at] = errors[k, at] / np.sqrt(seen.variance.mean(axis=0))[at]
    return gains, errors


def _ratios(
    bundle: Bundle,
    engine: Engine,
    population: Population,
    enrolled: Sequence[tuple[npt.NDArray[np.float32], Material]],
    leads: tuple[str, ...],
) -> list[Float64s]:
    """Errors over standard deviations after the enrolment (recordings of samples x 8; NaN where not reconstructed)."""
    columns, eight = [LEAD[lead] for lead in leads], [LEAD[lead] for lead in INDEPENDENT]
    out = []
    for mv, seen in enrolled:
        try:
            patient = replace(fitted(seen, bundle, population), likeness=None)
        except InputError:
            continue
        twelve = reconstruct(mv[:, columns], RATE, leads, bundle=bundle, engine=engine, patient=patient)
        later = slice(round(ENROL_S * RATE), len(twelve.mv), EVERY)
        error = np.abs(remove_baseline(mv, RATE)[: len(twelve.mv)] - twelve.mv)[later][:, eight]
        sd = twelve.sd[later][:, eight].astype(np.float64)
        out.append(np.where(sd > 0, error / np.where(sd > 0, sd, 1.0), np.nan))
    return out


def _entry(gains: Float64s, errors: Float64s, ratios: list[Float64s]) -> dict[str, list[float]]:
    factor = np.ones(8)
    told = [k for k in range(8) if any(np.isfinite(each[:, k]).all() for each in ratios)]
    for k in told:
        factor[k] = interval_factor([each[:, k] for each in ratios if np.isfinite(each[:, k]).all()])
    tables = {"factor": factor, "usual_gain": _typical(gains), "usual_mv": _typical(errors)}
    return {key: [float(f"{v:.4g}") for v in values] for key, values in tables.items()}


def interval_factor(ratios: Sequence[Float64s], seed: int = 0) -> float:
    """What standard deviations must be multiplied by for intervals to hold 90 %, and one standard error more: these
    people are not the ones to come. ratios: each person's absolute errors over standard deviations."""
    whole = float(np.quantile(np.concatenate(ratios), QUANTILE))
    rng = np.random.default_rng(seed)
    others = [
        np.quantile(np.concatenate([ratios[k] for k in rng.integers(0, len(ratios), len(ratios))]), QUANTILE)
        for _ in range(BOOTSTRAPS)
    ]
    return (whole + float(np.std(others))) / NORMAL


def _typical(values: Float64s) -> Float64s:
    """The geometric mean over recordings (n x 8); 1 for a lead that is never corrected."""
    told = np.isfinite(values).any(axis=0)
    typical = np.ones(8)
    typical[told] = np.exp(np.nanmean(np.log(values[:, told]), axis=0))
    return typical
