"""WearECG's preprocessing, and what is done to a recording before it is kept."""

from __future__ import annotations

import numpy as np
import pytest
from layouts import heart

from edge.leads import LEAD, LEADS
from train.data.checks import augmented_by_goldberger, defect, identity_error_uv
from train.data.pieces import hash_fold, pieces
from train.data.preprocess import filled, reordered, resampled, zscored
from train.data.record import Record, Rejected


def test_leads_are_put_in_order_whatever_their_spelling():
    names = ["Lead V6", "MLII", "avf", "I", "AVR", "iii", "aVL", "V1", "v2", "V3", "V4", "V5", "resp"]
    marks = np.arange(13.0)[None]
    canonical = ["V6", "II", "aVF", "I", "aVR", "III", "aVL", "V1", "V2", "V3", "V4", "V5"]
    assert reordered(marks, names)[0].tolist() == [canonical.index(lead) for lead in LEADS]


def test_missing_leads_are_named():
    with pytest.raises(ValueError, match="no lead III, V6"):
        reordered(np.zeros((5, 10)), [name for name in LEADS if name not in ("III", "V6")])


@pytest.mark.parametrize("rate", [100.0, 257.0, 400.0, 1000.0])
def test_fourier_resampling_keeps_the_signal_and_goldbergers_identities(rate: float):
    out = resampled(heart(1, 10.0, rate), rate, 5000)
    assert identity_error_uv(out) < 4  # of rounding to microvolts, before
    if rate >= 200:  # the heart's QRS goes beyond 50 Hz
        np.testing.assert_allclose(out[250:-250], heart(1)[250:-250], atol=0.004)


def test_a_recording_that_drifts_does_not_ring_at_its_ends():
    ramp = np.linspace(0, 5, 4000)[:, None] * np.ones(12)
    out = resampled(ramp, 400.0, 5000)
    np.testing.assert_allclose(out[:, 0], np.arange(5000) * (ramp[1, 0] - ramp[0, 0]) * 0.8, atol=1e-9)


def test_a_short_hole_is_filled_with_its_neighbours_mean_and_a_long_one_refused():
    mv = heart(2)
    mv[1000:1010, LEAD["V2"]] = np.nan  # 20 ms
    out = filled(mv, 500.0)
    near = np.r_[990:1000, 1010:1015]
    assert out[1004, LEAD["V2"]] == pytest.approx(heart(2)[near, LEAD["V2"]].mean())
    others = [LEAD[name] for name in LEADS if name != "V2"]
    assert np.array_equal(out[:, others], heart(2)[:, others])
    mv[1010, LEAD["V2"]] = np.nan
    with pytest.raises(ValueError, match="a hole of 22 ms"):
        filled(mv, 500.0)


def test_zscores_have_no_scale_left():
    scored = zscored(7 * heart(3))
    np.testing.assert_allclose(scored.std(0), 1)
    np.testing.assert_allclose(scored, zscored(heart(3)), atol=1e-9)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda mv: mv.__setitem__((7, 3), np.nan), "1 samples are missing"),
        (lambda mv: mv.__setitem__((7, LEAD["V1"]), 33.0), "an amplitude of 33 mV"),
        (lambda mv: mv.__setitem__((slice(None), LEAD["V4"]), 0.2), "no signal in V4"),
        (lambda mv: mv.__setitem__((7, LEAD["aVF"]), 1.0), "Goldberger's law"),
    ],
)
def test_what_cannot_be_trained_on_is_rejected_with_its_reason(spoil, reason):
    mv = heart(4)
    assert defect(mv) is None
    spoil(mv)
    assert reason in str(defect(mv))


def test_augmented_leads_under_wrong_names_are_told_apart_but_never_invented():
    mv = heart(5)
    cycled = mv.copy()
    cycled[:, [LEAD["aVR"], LEAD["aVL"], LEAD["aVF"]]] = mv[:, [LEAD["aVL"], LEAD["aVF"], LEAD["aVR"]]]
    mended, held = augmented_by_goldberger(cycled)
    assert np.array_equal(mended, mv)
    assert held == "aVL aVF aVR"
    assert augmented_by_goldberger(mv)[1] is None
    wrong = mv.copy()
    wrong[:, LEAD["III"]] *= -1
    assert np.array_equal(augmented_by_goldberger(wrong)[0], wrong)


def record(seconds: float, rate: float = 500.0, **more: object) -> Record:
    return Record({"name": "r", "subject": "s", **more}, rate, LEADS, heart(6, seconds, rate))


def test_a_long_recording_becomes_pieces_of_one_subject():
    got = list(pieces(record(25.0), 10.0))
    assert [(row["name"], row["start_s"], row["subject"]) for row, _ in got] == [("r@0", 0, "s"), ("r@10", 10, "s")]
    assert np.array_equal(np.concatenate([mv for _, mv in got]), heart(6, 25.0)[:10_000])


def test_a_recording_of_one_piece_keeps_its_name_and_a_shorter_one_is_rejected():
    ((row, mv),) = pieces(record(7.2, 400.0), 7.0)
    assert (row["name"], len(mv)) == ("r", 3500)
    (short,) = pieces(record(6.9, 400.0), 7.0)
    assert str(short) == "r: it lasts 6.90 s, and a piece 7 s"


def test_a_hole_costs_the_piece_it_is_in_and_no_other():
    whole = record(30.0)
    whole.mv[6000:6100] = np.nan
    first, second, third = pieces(whole, 10.0)
    assert not isinstance(first, Rejected)
    assert not isinstance(third, Rejected)
    assert str(second) == "r@10: a hole of 200 ms"


def test_the_fold_of_a_subject_is_the_same_everywhere_and_folds_are_even():
    assert [hash_fold("mimic-iv-ecg", k) for k in ("10000032", "10000117", "10000285")] == [3, 5, 2]
    assert hash_fold("a", 12) == hash_fold("a", "12")
    counts = np.bincount([hash_fold("code15", k) for k in range(20_000)], minlength=11)
    assert counts[0] == 0
    assert counts[1:].min() > 1800
    assert counts[1:].max() < 2200
