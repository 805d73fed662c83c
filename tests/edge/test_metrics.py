import importlib.util
from pathlib import Path

import numpy as np
import pytest

from edge.leads import LEADS
from edge.metrics import agreement

RATE = 500
RULER = Path(__file__).parents[2].parent / "shared" / "tools" / "score12.py"


@pytest.fixture(scope="module")
def score():
    if not RULER.exists():
        pytest.skip("the common ruler, score12.py, does not lie beside the checkout")
    spec = importlib.util.spec_from_file_location("score12", RULER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.score


def records(count=4, seconds=6, seed=1):
    """Truth and an estimate that is a little worse lead by lead (records x samples x 12)."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 0.02, (count, seconds * RATE, 12)).cumsum(axis=1)
    error = rng.normal(0, 0.02, truth.shape).cumsum(axis=1) * np.linspace(0, 2, 12)
    return truth, truth * 0.9 + error


@pytest.mark.parametrize("filtered", [True, False])
def test_the_figures_are_those_of_the_common_ruler(score, filtered):
    truth, estimate = records()
    truth[0, :, 3] = 0.001  # flat: its correlation says nothing
    truth[1, :, 3] *= 1e-4
    estimate[2, :, 7] = 0.0  # a flat estimate of a lead that is not
    theirs = score(truth.swapaxes(1, 2), estimate.swapaxes(1, 2), ["II", "V1", "V5"], raw=not filtered)
    ours = agreement(truth, estimate, RATE, filtered=filtered)
    for k, lead in enumerate(LEADS):
        by_lead = theirs["by_lead"][lead]
        assert np.nanmean(ours.pcc[:, k]) == pytest.approx(by_lead["pcc"], abs=1e-6)
        assert ours.mse_mv2[:, k].mean() == pytest.approx(by_lead["mse"], rel=1e-6)
        assert ours.rmse_uv[:, k].mean() == pytest.approx(by_lead["rmse_uv"], rel=1e-6)
        assert ours.mae_uv[:, k].mean() == pytest.approx(1000 * by_lead["mae"], rel=1e-6)
    assert int(np.isnan(ours.pcc).sum()) == theirs["flat"]
    missing = [k for k, lead in enumerate(LEADS) if lead not in ("II", "V1", "V5")]
    mean = np.nanmean(np.nanmean(ours.pcc[:, missing], axis=1))
    assert mean == pytest.approx(theirs["missing"]["pcc"], abs=1e-6)


def test_a_perfect_estimate_and_one_upside_down():
    truth, _ = records(1)
    same, turned = agreement(truth, truth, RATE), agreement(truth, -truth, RATE)
    assert np.allclose(same.pcc, 1)
    assert (same.rmse_uv == 0).all()
    assert np.allclose(turned.pcc, -1)


def test_a_flat_truth_has_no_correlation_and_a_flat_estimate_has_none_to_offer():
    truth, estimate = records(1)
    truth[0, :, 2] = 0.4
    estimate[0, :, 5] = 0.4
    found = agreement(truth, estimate, RATE, filtered=False)
    assert np.isnan(found.pcc[0]).tolist() == [k == 2 for k in range(12)]
    assert found.pcc[0, 5] == pytest.approx(0, abs=1e-9)
    assert np.isfinite(found.rmse_uv).all()


def test_an_offset_and_a_drift_are_no_error_once_filtered():
    truth, _ = records(1)
    drift = np.linspace(3, 3.2, truth.shape[1])[None, :, None]
    assert (agreement(truth, truth + drift, RATE).rmse_uv < 2).all()
    assert (agreement(truth, truth + drift, RATE, filtered=False).rmse_uv > 2900).all()


def test_the_error_is_in_microvolts():
    truth, _ = records(1)
    found = agreement(truth, truth + 0.05, RATE, filtered=False)
    assert np.allclose(found.rmse_uv, 50)
    assert np.allclose(found.mae_uv, 50)
    assert np.allclose(found.mse_mv2, 0.0025)
