from __future__ import annotations

import numpy as np
import pytest

from edge.leads import LEAD
from edge.synthetic import DOWER, synthesise
from edge.synthetic_rhythms import RHYTHMS


def rr_s(rhythm: str, seconds: float = 60.0, **settings: float) -> np.ndarray:
    made = synthesise(rhythm, seconds, **settings)
    return np.diff(made.beats) / made.rate


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_leads_obey_einthoven_and_goldberger(rhythm):
    mv = synthesise(rhythm, 30).mv.astype(np.float64)
    assert mv.shape == (15_000, 12)
    assert np.abs(mv[:, LEAD["I"]] + mv[:, LEAD["III"]] - mv[:, LEAD["II"]]).max() < 1e-6
    assert np.abs(mv[:, LEAD["aVR"]] + mv[:, LEAD["aVL"]] + mv[:, LEAD["aVF"]]).max() < 1e-6


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_chest_leads_are_dower_s_view_of_one_dipole(rhythm):
    mv = synthesise(rhythm, 30).mv.astype(np.float64)
    eight = mv[:, [LEAD[name] for name in ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")]]
    xyz = np.linalg.lstsq(DOWER, eight.T, rcond=None)[0]
    assert np.abs(DOWER @ xyz - eight.T).max() < 1e-6


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_a_seed_gives_the_same_rhythm_and_another_seed_another(rhythm):
    first, again, other = (synthesise(rhythm, 20, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.mv, again.mv)
    assert np.array_equal(first.beats, again.beats)
    assert not np.array_equal(first.mv, other.mv)


def test_a_normal_beat_has_normal_amplitudes():
    mv = synthesise("sinus", 20).mv
    assert mv[:, LEAD["II"]].max() == pytest.approx(1.0, abs=0.15)
    assert mv[:, LEAD["V1"]].min() < -0.5 < 0.5 < mv[:, LEAD["V5"]].max()
    assert mv[:, LEAD["aVR"]].min() < -0.5
    assert np.abs(mv).max() < 2


@pytest.mark.parametrize("rhythm", ["sinus", "brady", "tachy", "af"])
def test_each_beat_is_where_lead_ii_has_its_r_wave(rhythm):
    made = synthesise(rhythm, 30)
    ii = made.mv[:, LEAD["II"]]
    for beat in made.beats[1:-1]:
        assert abs(int(np.argmax(ii[beat - 50 : beat + 50])) - 50) <= 2


@pytest.mark.parametrize(("rhythm", "bpm"), [("sinus", 70), ("brady", 40), ("tachy", 140), ("af", 95)])
def test_the_rate_is_the_one_the_name_promises(rhythm, bpm):
    assert 60 / rr_s(rhythm).mean() == pytest.approx(bpm, rel=0.06)
    assert 60 / rr_s(rhythm, bpm=80).mean() == pytest.approx(80, rel=0.06)


def test_sinus_rhythm_is_regular_and_fibrillation_is_not():
    sinus, af = rr_s("sinus"), rr_s("af")
    assert sinus.std() / sinus.mean() < 0.04
    assert af.std() / af.mean() > 0.15


def test_fibrillation_has_no_p_wave_but_f_waves_that_v1_sees_best():
    made = synthesise("af", 60)
    far = np.ones(len(made.mv), bool)
    for beat in made.beats:
        far[max(0, beat - 50) : beat + 260] = False
    assert far.sum() > 1000
    assert made.mv[far, LEAD["V1"]].std() > 2 * made.mv[far, LEAD["V5"]].std()
    p_window = np.stack([made.mv[b - 90 : b - 70, LEAD["II"]] for b in made.beats[1:]]).mean(axis=0)
    sinus = synthesise("sinus", 60)
    p_wave = np.stack([sinus.mv[b - 90 : b - 70, LEAD["II"]] for b in sinus.beats[1:]]).mean(axis=0)
    assert p_wave.max() > 0.08 > 0.04 > np.abs(p_window).max()


def test_an_ectopic_beat_is_early_and_wide_and_its_pause_compensates():
    made = synthesise("pvc", 60)
    rr = np.diff(made.beats) / made.rate
    ectopic = [k for k, kind in enumerate(made.classes) if kind == "V" and 0 < k < len(rr)]
    assert len(ectopic) >= 5
    ii = made.mv[:, LEAD["II"]]
    normal = made.beats[made.classes.index("N", 1)]

    def width(beat: int) -> int:
        near = ii[beat - 60 : beat + 60]
        return int((near > 0.5 * near.max()).sum())

    for k in ectopic:
        assert rr[k - 1] < 0.7
        assert rr[k - 1] + rr[k] == pytest.approx(2 * 60 / 70, rel=0.06)
        assert width(int(made.beats[k])) > 2 * width(int(normal))


@pytest.mark.parametrize(("rhythm", "at_s", "silent_s"), [("pause", 10, 4.0), ("asystole", 20, 15.0)])
def test_the_heart_stops_for_as_long_as_it_should_and_beats_again(rhythm, at_s, silent_s):
    made = synthesise(rhythm, 60)
    rr = np.diff(made.beats) / made.rate
    longest = int(np.argmax(rr))
    assert rr[longest] == pytest.approx(silent_s, abs=0.01)
    assert made.beats[longest] / made.rate == pytest.approx(at_s, abs=1.0)
    assert np.sort(rr)[-2] < 1.0
    start = made.beats[longest] + round(0.7 * made.rate)
    assert np.abs(made.mv[start : made.beats[longest + 1] - round(0.35 * made.rate)]).max() < 1e-4


def test_ventricular_tachycardia_is_a_fast_run_of_wide_beats():
    made = synthesise("vt", 40)
    at_s = made.beats / made.rate
    kinds = np.array(made.classes)
    run = at_s[kinds == "V"]
    assert 9 < run[0] < 11
    assert 24 < run[-1] < 25
    assert 60 / np.diff(run).mean() == pytest.approx(180, rel=0.02)
    assert set(kinds[(at_s < 10) | (at_s > 25)]) == {"N"}


def test_ventricular_fibrillation_has_no_beats_but_a_coarse_oscillation():
    made = synthesise("vf", 40)
    at_s = made.beats / made.rate
    assert not ((at_s > 10) & (at_s < 25)).any()
    episode = made.mv[round(11 * made.rate) : round(24 * made.rate), LEAD["II"]]
    spectrum = np.abs(np.fft.rfft(episode))
    assert 3.5 < np.argmax(spectrum) / 13 < 7
    assert 0.2 < np.abs(episode).max() < 1.0


def test_another_sampling_rate_is_the_same_heart():
    fast, slow = synthesise("sinus", 10, 1000, seed=3), synthesise("sinus", 10, 250, seed=3)
    assert np.abs(fast.mv[::4] - slow.mv).max() < 1e-6


@pytest.mark.parametrize(
    ("rhythm", "seconds", "bpm"),
    [("waltz", 10, None), ("sinus", 0, None), ("sinus", float("nan"), None), ("af", 9, 999)],
)
def test_what_cannot_be_made_is_refused(rhythm, seconds, bpm):
    with pytest.raises(ValueError, match=r"unknown rhythm|no such signal"):
        synthesise(rhythm, seconds, bpm=bpm)
