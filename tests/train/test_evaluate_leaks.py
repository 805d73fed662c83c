"""The leak test: who peeks at the leads to be reconstructed is caught, who does not is not."""

from __future__ import annotations

import numpy as np
import pytest

from edge.leads import LEAD
from edge.synthetic import synthesise
from train.evaluate.leaks import leaks
from train.evaluate.reconstructors import Signal, baselines, zeros

GIVEN = ("II", "V1", "V5")


@pytest.fixture(scope="module")
def mv() -> Signal:
    return synthesise("sinus", 4.0, seed=1).mv


def honest(mv: Signal, given: tuple[str, ...]) -> Signal:
    return zeros(mv, given) + zeros(mv, given).sum(1, keepdims=True) / 3


def test_an_honest_reconstructor_does_not_leak(mv: Signal):
    assert not leaks(honest, mv, GIVEN)


def test_copying_the_answer_leaks(mv: Signal):
    assert leaks(lambda mv, given: mv, mv, GIVEN)


def test_a_hint_of_a_millionth_of_one_hidden_sample_leaks(mv: Signal):
    def hinting(mv: Signal, given: tuple[str, ...]) -> Signal:
        out = honest(mv, given)
        out[7, LEAD["V2"]] += 1e-6 * mv[1500, LEAD["V6"]]
        return out

    assert leaks(hinting, mv, GIVEN)


def test_a_scale_taken_from_all_leads_leaks(mv: Signal):
    assert leaks(lambda mv, given: honest(mv, given) / np.abs(mv).max(), mv, GIVEN)


def test_a_reconstructor_that_writes_into_its_input_does_not_spoil_the_test(mv: Signal):
    def writing(mv: Signal, given: tuple[str, ...]) -> Signal:
        out = honest(mv, given)
        mv[:] = 0
        return out

    before = mv.copy()
    assert not leaks(writing, mv, GIVEN)
    assert np.array_equal(mv, before)


def test_no_baseline_leaks(mv: Signal):
    from train.data.corpus import Corpus

    train = Corpus(np.round(1000 * mv[None]).astype(np.int16), [{"name": "a"}])
    for model in baselines(["linear", "lag-fir", "dower", "measured"], train):
        assert not leaks(model, mv, GIVEN), model.name
    (patient,) = baselines(["patient-linear"], train)
    assert patient.enrol is not None
    enrolled = patient.enrol(mv[:1000], GIVEN)
    assert enrolled is not None
    assert not leaks(lambda mv, given: enrolled(mv, given).mv, mv, GIVEN)
