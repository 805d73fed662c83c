"""Another person's heart is noticed from the measured leads, and one's own is not mistaken for another's."""

import dataclasses

import numpy as np
import pytest
from hearts import RATE, person
from however_cut import cuttings, pieces

from edge import beat_shape
from edge.alerts import Alert
from edge.blocks import TwelveLeads
from edge.bundle import open_bundle
from edge.enrolment import enrol
from edge.leads import INDEPENDENT, LEAD, LEADS
from edge.misfit_model import MisfitModel, learn
from edge.pipeline import Pipeline
from edge.population_study import hearts, position

PATCH = ("II", "V1", "V5")
COLUMNS = [LEAD[lead] for lead in PATCH]


class Silent:
    name = "silent"
    basis = open_bundle().basis

    def infer(self, x):
        n = x.shape[1]
        return tuple(np.zeros((channels, n), np.float32) for channels in (8, 8, self.basis))


@pytest.fixture(scope="module")
def model():
    """Learnt from people that no test uses."""
    people = hearts(person(seed) for seed in range(100, 140))
    learnt = learn(people, 0.5)
    return dataclasses.replace(learnt, position=position(learnt, people, [PATCH]))


@pytest.fixture(scope="module")
def enrolled(model):
    bundle = open_bundle()
    engine = bundle.load(bundle.choose("litert"))

    def call(seed):
        patient = enrol(person(seed, 5.0), RATE, LEADS, PATCH, bundle=bundle, engine=engine)
        beats = [
            beat
            for at in r_peaks(person(seed, 5.0))
            if (beat := beat_shape.cut(person(seed, 5.0)[:, COLUMNS].astype(float), at)) is not None
        ]
        return dataclasses.replace(patient, likeness=model.likeness(PATCH, beats))

    return call


def r_peaks(mv):
    from edge.blocks import Block
    from edge.rhythm.detector import BeatDetector

    stage = BeatDetector(RATE)
    eight = np.ascontiguousarray(mv[:, [LEAD[lead] for lead in INDEPENDENT]])
    found = stage.push(Block(0, RATE, INDEPENDENT, eight, np.isfinite(eight))) + stage.flush()
    return [beat.sample for beat in found]


def watched(patient, mv, edges=None):
    """A pipeline that has seen `mv` (n x 12), and all that came out."""
    pipeline = Pipeline(PATCH, RATE, bundle=open_bundle(), engine=Silent(), patient=patient)
    out = []
    for piece in pieces(edges or [0, len(mv)]):
        out += pipeline.push(mv[piece][:, COLUMNS])
    return pipeline, out + pipeline.flush()


def misfits(out):
    return [(str(a.state), a.sample) for a in out if isinstance(a, Alert) and a.kind == "patient_misfit"]


def test_ones_own_heart_fits_and_another_persons_does_not(enrolled):
    own = others = 0
    for seed in range(30, 35):
        patient = enrolled(seed)
        own += not watched(patient, person(seed, start=1))[0].watch.fits
        others += not watched(patient, person(seed + 20))[0].watch.fits
    assert own == 0
    assert others >= 4


def test_on_another_heart_the_network_speaks_alone_and_an_alert_says_so(enrolled):
    pipeline, out = watched(enrolled(31), person(52, 12.0))
    (alert,) = [a for a in out if isinstance(a, Alert) and a.kind == "patient_misfit"]
    assert alert.technical
    assert alert.evidence["distance_limits"] > 1
    twelve = [b for b in out if isinstance(b, TwelveLeads)]
    assert twelve[0].enrolled, "until the first beats have been seen"
    assert not any(b.enrolled for b in twelve if b.start >= alert.sample)
    assert pipeline.enrolment()["fits"] is False
    assert pipeline.enrolment()["corrected_samples"] == sum(len(b.mv) for b in twelve if b.enrolled)


def test_when_the_own_heart_comes_back_so_does_the_correction(enrolled):
    mv = np.concatenate([person(31, 8.0, start=1), person(52, 10.0), person(31, 15.0, start=2)])
    _, out = watched(enrolled(31), mv)
    (on, gone), (off, back) = misfits(out)
    assert (on, off) == ("on", "off")
    assert 8 * RATE < gone < 16 * RATE
    assert 18 * RATE < back < 30 * RATE


def test_the_verdict_does_not_depend_on_how_the_stream_is_cut(enrolled):
    patient = enrolled(33)
    mv = np.concatenate([person(33, 5.0, start=1), person(54, 6.0)])
    whole = misfits(watched(patient, mv)[1])
    assert whole
    for edges in cuttings(len(mv), singles=100, ways=2):
        assert misfits(watched(patient, mv, edges)[1]) == whole


def test_beats_in_signal_that_cannot_be_read_are_not_looked_at(enrolled):
    mv = person(34, 12.0, start=1)
    mv += np.random.default_rng(0).normal(0, 3.0, mv.shape).astype(np.float32)
    pipeline, out = watched(enrolled(34), mv)
    assert not misfits(out)
    assert pipeline.watch.fits


def test_beats_with_a_hole_are_not_looked_at_and_a_long_gap_is_survived(enrolled):
    patient = enrolled(35)
    mv = person(35, 30.0, start=1)
    mv[8 * RATE : 22 * RATE] = np.nan
    mv[5 * RATE : 5 * RATE + 30, COLUMNS[1]] = np.nan
    pipeline, out = watched(patient, mv)
    assert not misfits(out)
    assert pipeline.watch.looks > 5


def test_the_size_of_the_beats_counts_for_little_and_their_shape_for_much(enrolled):
    likeness = enrolled(36).likeness
    shape = likeness.shape_mv
    assert likeness.distance(shape) == pytest.approx(0.0, abs=1e-9)
    assert likeness.distance(1.05 * shape) < 0.5
    assert likeness.distance(-shape) > 1.0
    assert likeness.distance(shape[:, ::-1]) > 1.0


def test_a_beat_in_another_place_is_aligned():
    rng = np.random.default_rng(2)
    shape = np.cumsum(rng.normal(size=(beat_shape.LENGTH + 2 * beat_shape.REACH, 2)), axis=0)
    wanted = shape[beat_shape.REACH + 7 : beat_shape.REACH + 7 + beat_shape.LENGTH]
    assert np.array_equal(beat_shape.aligned(shape, wanted), wanted)


def test_a_model_reads_from_a_manifest_as_what_it_was(model):
    read = MisfitModel.of(model.as_json())
    assert np.allclose(read.own, model.own, rtol=1e-3)
    assert np.allclose(read.other, model.other, rtol=1e-3)
    assert read.position == pytest.approx(model.position, abs=1e-4)
