import dataclasses
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.blocks import Block
from edge.dsp.baseline import remove_baseline
from edge.quality import BAD, GOOD, Cause, Grade, Quality, QualityReport, overall

RATE = 500
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def heart(seconds, seed=1, rate_bpm=70.0, height_mv=1.0):
    """P, Q, R, S and T as Gaussians, with beats a little irregular and 5 uV of noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    x = rng.normal(0, 0.005, len(t))
    beat = 0.4
    while beat < seconds + 1:
        for at, width, height in (
            (-0.18, 0.025, 0.12),
            (-0.03, 0.010, -0.10),
            (0.0, 0.011, 1.0),
            (0.03, 0.010, -0.22),
            (0.27, 0.050, 0.3),
        ):
            x += height_mv * height * np.exp(-((t - beat - at) ** 2) / (2 * width**2))
        beat += 60 / rate_bpm * rng.normal(1, 0.03)
    return x


def block_of(mv, start=0, leads=None, valid=None):
    mv = np.asarray(mv, np.float32)
    mv = mv[:, None] if mv.ndim == 1 else mv
    leads = leads or ("II", "V1", "V5")[: mv.shape[1]]
    return Block(start, RATE, leads, mv, np.isfinite(mv) if valid is None else valid)


def judge(mv, start=0, cuts=(), leads=None, filtered=True):
    """The reports of the stage on a recording, whole or cut at `cuts`."""
    mv = np.asarray(mv, np.float32)
    mv = mv[:, None] if mv.ndim == 1 else mv
    whole = block_of(remove_baseline(mv, RATE) if filtered else mv, start, leads)
    stage = Quality(whole.leads, RATE)
    edges = [whole.start, *(start + c for c in cuts), whole.end]
    out: list[QualityReport] = []
    for a, b in itertools.pairwise(edges):
        out += stage.push(whole.cut(a, b))
    return out + stage.flush()


def grades(reports, lead="II"):
    return {r.grades[lead] for r in reports}


def causes(reports, lead="II"):
    return {r.causes[lead] for r in reports}


@pytest.mark.parametrize("bpm", [35, 70, 150])
def test_a_clean_heart_is_good_at_every_rate(bpm):
    reports = judge(heart(20, rate_bpm=bpm))
    assert len(reports) == 20
    assert grades(reports) == {Grade.GOOD}
    assert min(r.score["II"] for r in reports) > 0.8


def test_a_small_heart_is_still_good():
    assert grades(judge(heart(10, height_mv=0.3))) == {Grade.GOOD}


def test_a_flat_line_is_bad_and_called_flat_at_any_offset():
    for level in (0.0, 80.0):
        reports = judge(np.full(10 * RATE, level))
        assert grades(reports) == {Grade.BAD}
        assert causes(reports) == {Cause.FLAT}


def test_a_line_that_toggles_by_one_count_is_flat():
    toggling = np.random.default_rng(3).integers(0, 2, 10 * RATE) * 0.005
    assert causes(judge(toggling)) == {Cause.FLAT}


def test_an_electrode_that_falls_off_is_bad_within_two_seconds_and_good_again_after_the_history():
    mv = heart(20)
    mv[8 * RATE : 13 * RATE] = mv[8 * RATE]
    found = [r.grades["II"] for r in judge(mv)]
    assert found[9:13] == [Grade.BAD] * 4
    assert found[:8] == [Grade.GOOD] * 8
    assert found[17:] == [Grade.GOOD] * 3


def test_a_clipped_lead_is_called_saturated():
    mv = np.clip(heart(10, height_mv=6), -2.5, 2.5)
    reports = judge(mv)
    assert causes(reports) == {Cause.SATURATED}
    assert grades(reports) == {Grade.BAD}


def test_a_lead_driven_to_the_rail_and_back_is_bad_though_the_filter_bends_the_plateau():
    mv = heart(12)
    mv[5 * RATE : 7 * RATE] = 40.0
    found = judge(mv)
    assert {r.grades["II"] for r in found[5:7]} == {Grade.BAD}
    assert {r.causes["II"] for r in found[5:7]} <= {Cause.SATURATED, Cause.FLAT}


@pytest.mark.parametrize("sd_mv", [0.005, 0.05, 0.5])
def test_noise_alone_is_bad(sd_mv):
    assert grades(judge(np.random.default_rng(5).normal(0, sd_mv, 20 * RATE))) == {Grade.BAD}


@pytest.mark.parametrize("hz", [49.8, 50, 60])
@pytest.mark.parametrize("mv", [0.1, 1.0])
def test_mains_alone_is_bad_and_called_mains(hz, mv):
    reports = judge(mv * np.sin(2 * np.pi * hz * np.arange(20 * RATE) / RATE))
    assert grades(reports) == {Grade.BAD}
    assert causes(reports) == {Cause.MAINS}


def test_the_score_falls_as_noise_is_added():
    noise = np.random.default_rng(6).normal(0, 1, 10 * RATE)
    means = [overall(judge(heart(10) + sd * noise)) for sd in (0.0, 0.05, 0.1, 0.2, 0.5)]
    assert all(a > b for a, b in itertools.pairwise(means))
    assert means[0] >= GOOD
    assert means[-1] < BAD


def test_muscle_noise_on_a_heart_is_noise_and_mains_on_a_heart_is_mains():
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(10 * RATE) / RATE)
    assert causes(judge(heart(10) + hum)) == {Cause.MAINS}
    assert causes(judge(heart(10) + np.random.default_rng(7).normal(0, 0.2, 10 * RATE))) == {Cause.NOISE}


def test_wander_and_steps_cost_score_and_are_named():
    t = np.arange(20 * RATE) / RATE
    wandering = judge(heart(20) + 2 * np.sin(2 * np.pi * 0.25 * t))[4:]
    assert causes(wandering) == {Cause.WANDER}
    assert Grade.GOOD not in grades(wandering)
    stepping = judge(heart(20) + np.where(t > 10.3, 8.0, 0.0))
    assert stepping[10].causes["II"] is Cause.STEPS
    assert stepping[10].grades["II"] is not Grade.GOOD


def test_ventricular_fibrillation_is_never_bad():
    t = np.arange(20 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(5 + np.sin(2 * np.pi * 0.4 * t)) / RATE
    reports = judge(0.5 * (1 + 0.4 * np.sin(2 * np.pi * 0.2 * t)) * np.sin(phase))
    assert Grade.BAD not in grades(reports)


def test_lost_samples_are_bad_only_while_they_are_many():
    mv = heart(12)
    mv[5 * RATE : 6 * RATE] = np.nan
    found = judge(mv)
    assert [r.causes["II"] for r in found if r.grades["II"] is Grade.BAD] == [Cause.LOST]
    assert found[5].score["II"] == 0
    assert [r.grades["II"] for r in found[:5] + found[6:]] == [Grade.GOOD] * 11


def test_a_short_loss_takes_its_share_of_the_score_and_no_more():
    mv = heart(8)
    valid = np.ones((len(mv), 1), bool)
    valid[6 * RATE + 100 : 6 * RATE + 110] = False  # bridged: finite, but not there
    whole = judge(mv, filtered=False)
    stage = Quality(("II",), RATE)
    bridged = stage.push(block_of(mv, valid=valid)) + stage.flush()
    assert bridged[6].score["II"] == pytest.approx(0.98 * whole[6].score["II"])
    assert [r.score["II"] for r in bridged[:6]] == [r.score["II"] for r in whole[:6]]


def test_one_lead_with_a_hole_leaves_the_others_as_they_are():
    mv = np.stack([heart(8), heart(8, seed=2), heart(8, seed=3)], 1)
    mv[4 * RATE : 5 * RATE, 1] = np.nan
    report = judge(mv)[4]
    assert {lead: g.value for lead, g in report.grades.items()} == {"II": "good", "V1": "bad", "V5": "good"}
    assert (report.worst, report.grade, report.cause) == ("V1", Grade.BAD, Cause.LOST)


def test_reports_begin_at_whole_seconds_of_the_timeline_and_cover_it():
    reports = judge(heart(4.5), start=1200)
    assert [(r.start, r.samples) for r in reports] == [
        (1200, 300),
        (1500, 500),
        (2000, 500),
        (2500, 500),
        (3000, 450),
    ]
    assert all(a.end == b.start for a, b in itertools.pairwise(reports))


def test_a_jump_on_the_timeline_closes_the_second_and_forgets_the_history():
    stage = Quality(("II",), RATE)
    noisy = np.random.default_rng(8).normal(0, 0.5, 2 * RATE + 100)
    first = stage.push(block_of(noisy))
    second = stage.push(block_of(heart(3), start=50 * RATE))
    assert [(r.start, r.samples) for r in first + second] == [
        (0, 500),
        (500, 500),
        (1000, 100),
        (25000, 500),
        (25500, 500),
        (26000, 500),
    ]
    assert [r.grade for r in second[1:]] == [Grade.GOOD] * 3
    assert stage.flush() == []


def test_too_little_signal_is_neither_good_nor_bad():
    (report,) = judge(heart(0.3))
    assert (report.grade, report.cause) == (Grade.POOR, Cause.SHORT)


def test_a_last_instant_of_a_good_lead_is_judged_with_the_second_before_it():
    reports = judge(heart(5.002))
    assert reports[-1].samples == 1
    assert reports[-1].grade is Grade.GOOD


def test_the_reports_are_the_same_however_the_signal_is_cut():
    rng = np.random.default_rng(9)
    mv = np.stack([heart(9.3), heart(9.3, seed=2) + rng.normal(0, 0.1, 4650), heart(9.3, seed=3)], 1)
    mv[1800:1850, 0] = np.nan
    mv[3000:3700, 2] = np.nan
    mv[2000:2600, 1] = 3.0
    whole = judge(mv, start=137)
    for count in (1, 10, 200, 4649):
        cuts = sorted(rng.choice(np.arange(1, 4650), count, replace=False).tolist())
        assert judge(mv, start=137, cuts=cuts) == whole


def test_every_set_of_leads_gives_one_score_for_each():
    mv = np.stack([heart(5, seed=k) for k in range(12)], 1)
    for count in (1, 2, 12):
        leads = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")[:count]
        reports = judge(mv[:, :count], leads=leads)
        assert all(tuple(r.score) == leads for r in reports)
        assert overall(reports) > 0.8


def test_a_recording_is_as_good_as_its_two_worst_leads():
    report = judge(np.stack([heart(5)] * 3, 1))[0]
    scored = dataclasses.replace(report, score={"II": 0.9, "V1": 0.2, "V5": 0.4})
    assert overall([scored]) == pytest.approx(0.3)


def test_a_block_of_other_leads_is_refused():
    with pytest.raises(ValueError, match="V6"):
        Quality(("II",), RATE).push(block_of(heart(1), leads=("V6",)))


@pytest.mark.skipif(not (SHARED / "cinc2011.ecgz").exists(), reason="no shared recordings beside the checkout")
def test_acceptable_recordings_score_above_unacceptable_ones():
    sys.path.insert(0, str(SHARED))
    try:
        from ecgdata import load
    finally:
        sys.path.remove(str(SHARED))
    found = {True: [], False: []}
    for record in itertools.islice(load("cinc2011"), 0, 80, 4):
        found[record.meta["acceptable"]].append(overall(judge(record.mv, leads=tuple(record.leads))))
    wins = [a > b for a in found[True] for b in found[False]]
    assert np.mean(wins) > 0.9
