"""The signal level: the ruler's figures, flat leads counted."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from edge.leads import LEAD, LEADS
from edge.synthetic import synthesise
from train.evaluate import signal_level
from train.evaluate.signal_level import FILTERED

RULER = Path(__file__).parents[3] / "shared" / "tools" / "score12.py"
GIVEN = ("II", "V1", "V5")
# What score12.py says of `pair()`: (PCC, MSE in mV2, MAE in mV, RMSE in uV)
FROZEN = {
    "missing": (0.968333, 0.00168123, 0.0190991, 36.9519),
    "missing_chest": (0.964338, 0.00251384, 0.0257841, 48.9338),
    "all": (0.97625, 0.00126093, 0.0143243, 27.714),
}


def pair() -> tuple[np.ndarray, np.ndarray]:
    """Two hearts, and what a poor method makes of them (records x samples x 12)."""
    truth = np.stack([synthesise("sinus", 6.0, seed=k, bpm=70 + 9 * k, noise_uv=10).mv for k in range(2)])
    estimate = truth.copy()
    for k, lead in enumerate(LEADS):
        if lead not in GIVEN:
            estimate[:, :, k] = 0.8 * np.roll(truth[:, :, k], k % 4, axis=1) + 0.02 * k / 12
    return truth.astype(np.float64), estimate.astype(np.float64)


def test_the_figures_are_the_rulers_to_the_fourth_digit():
    found = signal_level.summary(signal_level.compare(*pair(), filtered=True), GIVEN)
    for group, (pcc, mse_mv2, mae_mv, rmse_uv) in FROZEN.items():
        assert found[group]["pcc"] == pytest.approx(pcc, rel=1e-4)
        assert found[group]["mse_mv2"] == pytest.approx(mse_mv2, rel=1e-4)
        assert found[group]["mae_uv"] == pytest.approx(1000 * mae_mv, rel=1e-4)
        assert found[group]["rmse_uv"] == pytest.approx(rmse_uv, rel=1e-4)


@pytest.mark.skipif(not RULER.exists(), reason="the project's ruler is not beside the checkout")
@pytest.mark.parametrize("raw", [False, True])
def test_the_ruler_itself_says_the_same(raw: bool):
    spec = importlib.util.spec_from_file_location("score12", RULER)
    assert spec is not None
    assert spec.loader is not None
    ruler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ruler)
    truth, estimate = pair()
    truth[1, :, LEAD["aVL"]] = 0.0  # a flat lead
    said = ruler.score(truth.transpose(0, 2, 1), estimate.transpose(0, 2, 1), list(GIVEN), raw)
    found = signal_level.summary(signal_level.compare(truth, estimate, filtered=not raw), GIVEN)
    assert found["flat_truth"] == said["flat"] == 1
    for group in ("missing", "missing_chest", "all"):
        assert found[group]["pcc"] == pytest.approx(said[group]["pcc"], abs=5e-5)
        assert found[group]["mse_mv2"] == pytest.approx(said[group]["mse"], rel=1e-4)
        assert found[group]["mae_uv"] == pytest.approx(1000 * said[group]["mae"], rel=1e-4)
        assert found[group]["rmse_uv"] == pytest.approx(said[group]["rmse_uv"], rel=1e-4)
    for lead in LEADS:
        assert found["by_lead"][lead]["pcc"] == pytest.approx(said["by_lead"][lead]["pcc"], abs=5e-5)


def test_a_flat_estimate_earns_nothing_and_is_counted():
    truth, estimate = pair()
    estimate[0, :, LEAD["V3"]] = 0.3
    found = signal_level.summary(signal_level.compare(truth, estimate, filtered=True), GIVEN)
    assert found["flat_estimate"] == 1
    assert found["by_lead"]["V3"]["pcc"] < 0.6


def test_a_record_that_is_flat_throughout_leaves_the_mean_to_the_others():
    truth, estimate = pair()
    alone = signal_level.summary(signal_level.compare(truth[:1], estimate[:1], filtered=True), GIVEN)
    truth[1] = estimate[1] = 0.0
    both = signal_level.summary(signal_level.compare(truth, estimate, filtered=True), GIVEN)
    assert both["flat_truth"] == 12
    assert both["missing"]["pcc"] == pytest.approx(alone["missing"]["pcc"])


def test_without_missing_chest_leads_that_group_is_not_told():
    chest = ("V1", "V2", "V3", "V4", "V5", "V6")
    found = signal_level.summary(signal_level.compare(*pair(), filtered=True), chest)
    assert "missing_chest" not in found
    assert found["missing"]["pcc"] is not None


def test_the_filter_is_named_with_its_band():
    assert FILTERED == "0.5-40 Hz"
    truth, _ = pair()
    wandering = truth + 0.5 * np.sin(2 * np.pi * 0.08 * np.arange(truth.shape[1]) / 500)[None, :, None]
    passed, plain = (signal_level.compare(truth, wandering, filtered=f)["rmse_uv"].mean() for f in (True, False))
    assert passed < 0.1 * plain
