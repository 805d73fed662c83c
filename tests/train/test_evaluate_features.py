"""The feature level: what a cardiologist would measure, in units one can check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edge.leads import LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.synthetic import synthesise
from train.evaluate import features, heart_rate
from train.evaluate.beats import BEFORE
from train.evaluate.features import Figures

GIVEN = ("II", "V1", "V5")
MISSING = [LEAD[lead] for lead in LEADS if lead not in GIVEN]


@pytest.fixture(scope="module")
def hearts() -> np.ndarray:
    """Six hearts of different sizes (records x samples x 12)."""
    return np.stack(
        [(0.6 + 0.2 * k) * synthesise("sinus", 8.0, seed=k, bpm=55 + 8 * k, noise_uv=3).mv for k in range(6)]
    )


def compared(hearts: np.ndarray, estimate: np.ndarray) -> tuple[Figures, Figures]:
    marked = features.mark(hearts)
    assert marked.usable.all()
    return features.read(hearts, marked, GIVEN), features.read(estimate, marked, GIVEN)


def test_the_truth_itself_has_no_error_and_a_slope_of_one(hearts: np.ndarray):
    found = features.summary(*compared(hearts, hearts.copy()), GIVEN)
    for name in (*features.BY_LEAD, *features.TOGETHER):
        assert found[name]["missing"]["p95_abs"] == 0.0, name
        assert found[name]["missing"]["lost"] == 0, name
    assert found["r_slope"]["missing"] == pytest.approx(1.0)
    assert set(found["r_slope"]["by_lead"]) == {LEADS[k] for k in MISSING}


def test_leads_at_half_size_have_a_slope_of_a_half(hearts: np.ndarray):
    estimate = hearts.copy()
    estimate[:, :, MISSING] *= 0.5
    true, read = compared(hearts, estimate)
    found = features.summary(true, read, GIVEN)
    assert found["r_slope"]["missing"] == pytest.approx(0.5, abs=1e-3)
    assert found["r_uv"]["by_lead"]["V3"]["bias"] == pytest.approx(-true["r_uv"][:, LEAD["V3"]].mean() / 2, rel=1e-3)


def test_a_network_that_gives_everyone_the_same_heart_has_no_slope(hearts: np.ndarray):
    estimate = np.stack([synthesise("sinus", 8.0, seed=k, bpm=55 + 8 * k, noise_uv=3).mv for k in range(6)])
    found = features.summary(*compared(hearts, estimate), GIVEN)
    assert abs(found["r_slope"]["missing"]) < 0.05


def test_an_st_elevation_of_100_uv_is_an_error_of_100_uv(hearts: np.ndarray):
    lifted = hearts.copy()
    marked = features.mark(hearts)
    for k, of in enumerate(marked.beats):
        for at in of.at:
            st = at + int(marked.landmarks.j[k]) - BEFORE
            lifted[k, st + 15 : st + 46, LEAD["V2"]] += 0.1
    found = features.summary(*compared(hearts, lifted), GIVEN)
    assert found["st60_uv"]["by_lead"]["V2"]["median_abs"] == pytest.approx(100, abs=2)
    assert found["st60_uv"]["by_lead"]["V2"]["bias"] == pytest.approx(100, abs=2)
    assert found["st60_uv"]["by_lead"]["V3"]["p95_abs"] < 1


def test_an_offset_of_a_lead_is_no_error_since_st_stands_on_the_isoelectric_line(hearts: np.ndarray):
    estimate = hearts.copy()
    estimate[:, :, MISSING] += 0.5
    found = features.summary(*compared(hearts, estimate), GIVEN)
    assert found["st60_uv"]["missing"]["p95_abs"] < 0.5
    assert found["r_uv"]["missing"]["p95_abs"] < 0.5


@pytest.mark.parametrize(("turn", "start"), [(30, 0), (-60, 0), (20, 170)])
def test_turning_the_heart_turns_the_axis_by_as_much(turn: float, start: float):
    def at(degrees: float) -> np.ndarray:
        size = 0.8 * synthesise("sinus", 8.0, seed=1, bpm=60).mv[:, LEAD["II"]]
        eight = np.zeros((len(size), 8))
        eight[:, 0] = size * np.cos(np.radians(degrees))  # I stands at 0 degrees, II at 60
        eight[:, 1] = size * np.cos(np.radians(degrees - 60))
        eight[:, 2:] = size[:, None]
        return (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)[None]

    true, read = compared(at(start), at(start + turn))
    assert true["axis_deg"][0] == pytest.approx(start, abs=0.5)
    found = features.summary(true, read, GIVEN)
    assert found["axis_deg"]["missing"]["bias"] == pytest.approx(turn, abs=0.5)


def test_a_lead_without_signal_loses_its_durations_and_says_so(hearts: np.ndarray):
    estimate = hearts.copy()
    estimate[:, :, LEAD["V4"]] = 0.0
    found = features.summary(*compared(hearts, estimate), GIVEN)
    assert found["qrs_ms"]["by_lead"]["V4"]["lost"] == len(hearts)
    assert found["qrs_ms"]["by_lead"]["V4"]["median_abs"] is None
    assert found["r_slope"]["by_lead"]["V4"] == pytest.approx(0.0)


def test_a_recording_with_too_few_beats_is_left_out(hearts: np.ndarray):
    still = hearts.copy()
    still[0] = 0.001 * np.random.default_rng(0).standard_normal(still[0].shape)
    marked = features.mark(still)
    read = features.read(still, marked, GIVEN)
    assert marked.usable.tolist() == [False, *(True,) * 5]
    assert np.isnan(read["r_uv"][0]).all()
    assert np.isfinite(read["r_uv"][1:]).all()


def test_heart_rates_of_a_regular_heart_agree_over_leads(hearts: np.ndarray):
    pytest.importorskip("neurokit2", reason="heart rates need neurokit2 (extra train)")
    rates = heart_rate.by_lead(hearts[:2])
    assert rates[0, LEAD["II"]] == pytest.approx(55, abs=1)
    assert rates[1, LEAD["V5"]] == pytest.approx(63, abs=1)
    flat = hearts[:2].copy()
    flat[:, :, LEAD["V3"]] = 0.0
    again = heart_rate.by_lead(flat, rates, GIVEN)
    assert np.isnan(again[:, LEAD["V3"]]).all()
    assert np.array_equal(again[:, LEAD["II"]], rates[:, LEAD["II"]])
    assert heart_rate.summary(again)["silent"] == 2 + int(np.isnan(rates).sum())


def test_the_spread_of_heart_rates_is_that_of_the_published_equations():
    rates = np.array([[60.0] * 11 + [72.0], [np.nan] * 2 + [80.0] * 10])
    found = heart_rate.summary(rates)
    sd = np.sqrt(np.mean((rates[0] - 61) ** 2))
    assert found["sd_per_min"] == pytest.approx((sd + 0) / 2)
    assert found["cv"] == pytest.approx(sd / 61 / 2)
    assert found["range_per_min"] == pytest.approx(6)
    assert found["silent"] == 2


def test_the_peaks_are_those_of_neurokits_own_cleaning(hearts: np.ndarray):
    neurokit2 = pytest.importorskip("neurokit2", reason="heart rates need neurokit2 (extra train)")
    lead = hearts[3][:, LEAD["V2"]].astype(np.float64)
    ours = heart_rate.cleaned(hearts[3])[:, LEAD["V2"]]
    assert np.allclose(ours, neurokit2.ecg_clean(lead, sampling_rate=500), atol=1e-6)
