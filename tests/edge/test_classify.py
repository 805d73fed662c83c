"""The classifier's stage: what it is shown, when it answers, and when it does not."""

import numpy as np
import pytest

from edge.blocks import Origin, TwelveLeads
from edge.bundle_classifier import RECONSTRUCTED, TRUE, ClassifierSpec
from edge.classifier_input import shown
from edge.classify import Classify
from edge.leads import LEAD, LEADS
from edge.quality import Cause, Grade, QualityReport

MEASURED = (Origin.MEASURED,) * 12
PATCH = tuple(Origin.MEASURED if lead in ("II", "V1", "V5") else Origin.RECONSTRUCTED for lead in LEADS)


class Loudness:
    """Stands in for a network: the first lead's loudness, and its opposite."""

    def __init__(self):
        self.seen = []

    def logits(self, x):
        self.seen.append(x)
        return np.array([np.abs(x[0]).mean(), -np.abs(x[0]).mean()], np.float32)


def spec():
    same, halved = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.5, 0.0], [0.5, 0.0]])
    half = np.array([0.5, 0.5])
    return ClassifierSpec(("loud", "quiet"), (), {TRUE: same, RECONSTRUCTED: halved}, {TRUE: half, RECONSTRUCTED: half})


def heart(seconds, seed=3):
    t = np.arange(round(500 * seconds)) / 500
    beats = np.exp(-(((t % 0.8) - 0.3) ** 2) / 2e-4)
    return (
        beats[:, None] * np.linspace(0.5, 1.5, 12) + 0.01 * np.random.default_rng(seed).normal(size=(len(t), 12))
    ).astype(np.float32)


def blocks(mv, cuts=(500,), origin=MEASURED, start=0):
    at, k = 0, 0
    while at < len(mv):
        step = cuts[k % len(cuts)]
        part = mv[at : at + step]
        yield TwelveLeads(start + at, part, np.zeros_like(part), origin)
        at, k = at + step, k + 1


def run(stage, stream):
    found = [one for block in stream for one in stage.push(block)]
    return found + stage.flush()


def bad_second(start):
    score = {"II": 0.9, "V1": 0.9, "V5": 0.05}
    return QualityReport(start, 500, score, dict.fromkeys(score, Grade.BAD), dict.fromkeys(score, Cause.NOISE))


def test_ten_seconds_are_answered_at_once_and_then_every_five():
    found = run(Classify(spec(), Loudness()), blocks(heart(21)))
    assert [(one.start, one.end) for one in found] == [(0, 5000), (2500, 7500), (5000, 10000)]
    assert all(one.probability["loud"] > 0.5 > one.probability["quiet"] for one in found)
    assert {one.said for one in found} == {("loud",)}, "what its threshold asks for"


def test_the_answer_does_not_depend_on_how_the_leads_are_cut():
    mv = heart(23)
    whole = run(Classify(spec(), Loudness()), blocks(mv, (len(mv),)))
    for cuts in ((1,), (499, 3, 1200), (2500,)):
        assert [(a.start, *a.logits) for a in run(Classify(spec(), Loudness()), blocks(mv, cuts))] == [
            (a.start, *a.logits) for a in whole
        ]


def test_no_window_spans_a_gap():
    mv = heart(30)
    gap = [TwelveLeads(0, mv[:4000], mv[:4000] * 0, MEASURED), TwelveLeads(4600, mv[4600:], mv[4600:] * 0, MEASURED)]
    assert [one.start for one in run(Classify(spec(), Loudness()), gap)] == [4600, 7100, 9600]


def test_leads_that_are_unavailable_are_not_judged():
    mv = heart(30)
    missing = (Origin.UNAVAILABLE,) * 12
    stream = [
        *blocks(mv[:3000]),
        *blocks(mv[3000:4000] * np.nan, origin=missing, start=3000),
        *blocks(mv[4000:], start=4000),
    ]
    assert [one.start for one in run(Classify(spec(), Loudness()), stream)] == [4000, 6500, 9000]


def test_a_second_that_cannot_be_read_is_in_no_window():
    stage, found = Classify(spec(), Loudness()), []
    for block in blocks(heart(25)):
        if block.start == 3000:
            stage.set_quality(bad_second(3000))
        found += stage.push(block)
    assert [one.start for one in found] == [3500, 6000]


def test_a_recording_shorter_than_a_window_is_answered_when_it_ends():
    engine = Loudness()
    (only,) = run(Classify(spec(), engine), blocks(heart(7)))
    assert (only.start, only.end) == (0, 3500)
    assert engine.seen[0].shape == (8, 1000), "shown over and over"
    assert run(Classify(spec(), Loudness()), blocks(heart(4))) == []


def test_reconstructed_leads_are_named_and_have_a_calibration_of_their_own():
    true, blind = (run(Classify(spec(), Loudness()), blocks(heart(10), origin=o))[0] for o in (MEASURED, PATCH))
    assert true.reconstructed == ()
    assert blind.reconstructed == ("I", "V2", "V3", "V4", "V6"), "of the eight that it is shown"
    assert blind.logits == pytest.approx(true.logits / 2)


def test_the_recordings_scores_are_the_mean_of_its_windows():
    stage = Classify(spec(), Loudness())
    assert stage.scores() == {}
    found = run(stage, blocks(heart(20)))
    mean = np.mean([one.logits for one in found], axis=0)
    assert stage.scores() == pytest.approx(dict(zip(("loud", "quiet"), 1 / (1 + np.exp(-mean)), strict=True)), abs=1e-4)


def test_what_is_shown_keeps_the_beats_and_loses_drift_and_mains():
    t = np.arange(5000) / 500
    beats, drift, mains = np.sin(2 * np.pi * 8 * t), 2 * np.sin(2 * np.pi * 0.15 * t), 0.5 * np.sin(2 * np.pi * 60 * t)
    kept = shown((beats + drift + mains)[:, None])[0]
    assert kept.shape == (1000,)
    assert np.abs(kept - beats[::5])[100:-100].max() < 0.12, "of 2.5 mV"


def test_the_eight_independent_leads_are_shown_in_order():
    engine = Loudness()
    mv = heart(10)
    run(Classify(spec(), engine), blocks(mv))
    for row, lead in ((0, "I"), (2, "V1"), (7, "V6")):
        assert engine.seen[0][row] == pytest.approx(shown(mv[:, [LEAD[lead]]])[0], abs=1e-6)
