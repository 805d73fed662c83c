"""No variant enters a bundle that lost something on the way: every gate refuses one that was damaged for it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the tests of the export need torch (extra train)")

from hearts import person

from edge.bundle import open_bundle
from export.gates import LIMITS, Gate, Reference


class Damaged:
    """The float network, and something done to what it answers."""

    name = "damaged"

    def __init__(self, engine, damage):
        self.engine, self.damage = engine, damage

    def infer(self, x):
        return self.damage(*(np.array(output) for output in self.engine.infer(x)))


@pytest.fixture(scope="module")
def engine():
    bundle = open_bundle()
    return bundle.load(bundle.choose("litert", "float32"))


@pytest.fixture(scope="module")
def reference(engine):
    return Reference(open_bundle(), engine, [person(seed) for seed in range(6)])


def failed(reference, engine, damage):
    return {gate.name for gate in reference.gates(Damaged(engine, damage)) if not gate.passed}


def test_the_float_network_passes_every_gate_unchanged(reference, engine):
    gates = reference.gates(engine)
    assert [gate.name for gate in gates] == list(LIMITS)
    assert all(gate.passed for gate in gates)
    assert all(gate.figure == 0 for gate in gates if gate.name != "identity_mv")


def test_rounding_below_a_microvolt_passes(reference, engine):
    assert not failed(reference, engine, lambda leads, *rest: (np.round(leads, 3), *rest))


def test_noise_costs_correlation(reference, engine):
    rng = np.random.default_rng(0)
    damage = lambda leads, *rest: (leads + 0.2 * rng.standard_normal(leads.shape), *rest)  # noqa: E731
    assert "pcc_loss" in failed(reference, engine, damage)


def test_flattened_r_peaks_are_refused(reference, engine):
    assert "r_error" in failed(reference, engine, lambda leads, *rest: (np.clip(leads, -9, 0.5), *rest))


def test_a_tenth_more_of_everything_is_refused_by_r_alone(reference, engine):
    found = failed(reference, engine, lambda leads, *rest: (1.1 * leads, *rest))
    assert "r_error" in found
    assert "pcc_loss" not in found


def test_a_moved_st_level_is_refused(reference, engine):
    def moved(leads, *rest):
        after = np.roll(np.abs(leads) > 0.4, 50, axis=1)  # 100 ms after R
        spread = np.array([np.convolve(row, np.ones(30), "same") > 0 for row in after])
        return (leads + 0.06 * spread, *rest)

    assert "st_error_mv" in failed(reference, engine, moved)


def test_a_variance_that_is_off_is_refused(reference, engine):
    found = failed(reference, engine, lambda leads, log_variance, *rest: (leads, log_variance - 1.0, *rest))
    assert found == {"coverage_change"}


def test_a_basis_that_is_off_is_refused_by_what_enrolled_patients_lose(reference, engine):
    found = failed(reference, engine, lambda leads, log_variance, basis: (leads, log_variance, -basis))
    assert found == {"pcc_loss_enrolled"}


def test_answers_that_are_no_numbers_are_refused_everywhere_it_matters(reference, engine):
    def broken(leads, *rest):
        leads[:, 300:320] = np.nan
        return (leads, *rest)

    assert {"gap_samples", "identity_mv"} <= failed(reference, engine, broken)


def test_a_refusal_names_figure_and_limit():
    gate = Gate("pcc_loss", 0.0058, 0.002)
    assert not gate.passed
    assert str(gate) == "pcc_loss 0.0058 (limit 0.002)"
    assert not Gate("pcc_loss", float("nan"), 0.002).passed
