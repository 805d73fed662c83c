"""Baselines: exact where theory says so, blind to what they may not read, and honest about the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corpora import synthetic_corpus

from edge.dsp.baseline import remove_baseline
from edge.leads import EIGHT, INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.synthetic import synthesise
from train import baselines
from train.baselines import LAGS, Linear
from train.baselines.amplitude import sized
from train.baselines.common import Signal, without_wander
from train.data import corpus

PATCH = ("II", "V1", "V5")
SUBSETS = [PATCH, ("V3",), ("aVR", "V2"), ("I", "II", "III"), ("I", "aVF", "V1", "V2", "V4", "V6"), INDEPENDENT, LEADS]


@pytest.fixture(scope="module")
def hearts(tmp_path_factory: pytest.TempPathFactory) -> corpus.Corpus:
    """Synthetic ones: a dipole each, so any three independent leads tell the rest."""
    return synthetic_corpus(tmp_path_factory.mktemp("hearts") / "corpus", records=6)


@pytest.fixture(scope="module")
def every(hearts: corpus.Corpus) -> dict[str, baselines.Reconstructor]:
    return baselines.fitted(hearts)


def noise(samples: int = 1500, seed: int = 0) -> Signal:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((samples, 8)) @ TWELVE_FROM_EIGHT.T).astype(np.float32)


@pytest.mark.parametrize("name", ["measured", "dower", "linear", "lag-fir"])
@pytest.mark.parametrize("given", SUBSETS, ids="+".join)
def test_measured_leads_come_back_bit_for_bit_and_no_other_is_read(
    every: dict[str, baselines.Reconstructor], name: str, given: tuple[str, ...]
):
    mv = noise()
    out = every[name](mv, given)
    columns = [LEAD[lead] for lead in given]
    hidden = [k for k in range(12) if k not in columns]
    other = mv.copy()
    other[:, hidden] = 9 * np.random.default_rng(1).standard_normal((len(mv), len(hidden)))
    assert out.dtype == np.float32
    assert out.shape == mv.shape
    assert out[:, columns].tobytes() == mv[:, columns].tobytes()
    assert every[name](other, given).tobytes() == out.tobytes()


@pytest.mark.parametrize("name", ["measured", "dower", "linear", "lag-fir"])
def test_leads_that_follow_from_the_measured_ones_are_exact(every: dict[str, baselines.Reconstructor], name: str):
    mv = noise()
    limb = every[name](mv, ("I", "III", "V2"))[:, :6]
    assert np.abs(limb - mv[:, :6]).max() < 1e-5


@pytest.mark.parametrize("name", ["dower", "linear", "lag-fir"])
def test_three_leads_tell_all_of_a_dipole(every: dict[str, baselines.Reconstructor], name: str):
    mv = synthesise("pvc", 6.0, seed=40).mv
    assert np.abs(every[name](mv, PATCH) - mv).max() < 0.02


def test_a_lead_that_comes_late_needs_lags(tmp_path: Path):
    rng = np.random.default_rng(3)
    rows = []
    for k in range(4):
        eight = without_wander(np.cumsum(rng.standard_normal((2012, 8)), axis=0)) / 20
        eight[12:, EIGHT["V2"]] = eight[:-12, EIGHT["V1"]]
        rows.append(({"name": str(k), "subject": str(k), "fold": 1}, eight[12:] @ TWELVE_FROM_EIGHT.T))
    corpus.save(tmp_path / "late", rows)
    late = corpus.load(tmp_path / "late")
    mv = late.mv()[0]
    errors = [
        float((fit(mv, ("V1",)) - mv)[30:-30, LEAD["V2"]].std()) for fit in (Linear.fit(late), Linear.fit(late, LAGS))
    ]
    assert errors[1] < 0.01 < 5 * errors[1] < errors[0]


def test_a_patient_s_own_leads_are_learnt_from_their_first_seconds():
    heart = synthesise("sinus", 10.0, seed=8).mv
    turned = heart @ np.diag([1, 1, 1, 1, 1, 1, 0.5, -1, 2, 1, 1, 0.3]).astype(np.float32)  # no standard body
    reconstruct = baselines.enrol(turned[:2000], PATCH)
    assert np.abs(reconstruct(turned[2000:], PATCH) - turned[2000:]).max() < 0.01
    with pytest.raises(ValueError, match=r"enrolled for II\+V1\+V5, not for II"):
        reconstruct(turned, ("II",))


def test_alone_the_measured_leads_leave_the_rest_empty():
    mv = noise()
    out = baselines.measured(mv, ("I", "II", "V1"))
    empty = [LEAD[lead] for lead in ("V2", "V3", "V4", "V5", "V6")]
    assert not out[:, empty].any()
    assert out[:, LEAD["aVF"]].any()
    assert not baselines.measured(mv, ("II",))[:, LEAD["I"]].any()


def test_an_answer_without_millivolts_gets_them_from_the_measured_leads(hearts: corpus.Corpus):
    def shapes(mv: Signal, given: tuple[str, ...]) -> Signal:
        """All leads right but for their sizes, and the measured ones as they are."""
        whole = true[mv[:, LEAD["V1"]].tobytes()]
        return (whole / whole.std(axis=0)).astype(np.float32)

    filtered = [remove_baseline(mv, 500.0) for mv in hearts.mv()]
    true = {mv[:, LEAD["V1"]].tobytes(): mv for mv in filtered}
    reconstruct = sized(shapes, hearts)
    for mv in filtered:
        out = reconstruct(mv, PATCH)
        assert out.std(axis=0) == pytest.approx(mv.std(axis=0), rel=0.1)
        assert out[:, LEAD["V5"]].tobytes() == mv[:, LEAD["V5"]].tobytes()


def test_a_flat_answer_stays_flat(hearts: corpus.Corpus):
    out = sized(lambda mv, given: np.zeros_like(mv), hearts)(noise(), ("II",))
    assert not np.delete(out, LEAD["II"], axis=1).any()
