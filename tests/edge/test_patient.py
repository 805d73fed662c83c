"""The patient file: what it holds, what it is checked for, and whom it belongs to."""

import dataclasses
import json
import os

import numpy as np
import pytest
from hearts import RATE, person
from however_cut import bits, cuttings, pieces

import edge
from edge.blocks import TwelveLeads
from edge.bundle import open_bundle
from edge.enrolment import enrol
from edge.errors import InputError, OutputError, Reason
from edge.leads import LEAD, LEADS
from edge.patient import MAX_FILE, as_json, open_patient, save_patient
from edge.pipeline import Pipeline
from edge.timeline import Chunk
from edge.whole import joined

PATCH = ("II", "V1", "V5")
COLUMNS = [LEAD[lead] for lead in PATCH]
REMOVED = object()


@pytest.fixture(scope="module")
def bundle():
    return open_bundle()


@pytest.fixture(scope="module")
def engine(bundle):
    return bundle.load(bundle.choose("litert"))


@pytest.fixture(scope="module")
def patient(bundle, engine):
    return enrol(person(21)[: 4 * RATE], RATE, LEADS, PATCH, bundle=bundle, engine=engine)


@pytest.fixture
def written(tmp_path, patient):
    """A patient file with changes: `written({"sd.gain": 3})`; its path."""

    def write(changes=None):
        table = as_json(patient)
        for path, value in (changes or {}).items():
            *way, last = path.split(".")
            entry = table
            for part in way:
                entry = entry[part]
            if value is REMOVED:
                del entry[last]
            else:
                entry[last] = value
        file = tmp_path / "patient.json"
        file.write_text(json.dumps(table))
        return file

    return write


def refusal(path):
    with pytest.raises(InputError) as refused:
        open_patient(path)
    assert refused.value.exit_code == 3
    assert "\n" not in str(refused.value)
    assert path.name in str(refused.value)
    return str(refused.value), refused.value.reason


# the file


def test_a_file_that_was_written_reads_as_what_it_was(tmp_path, patient, bundle, engine):
    path = tmp_path / "patient.json"
    save_patient(path, patient)
    read = open_patient(path)
    assert (read.montage, read.seconds, read.identity, read.gain) == (PATCH, 4.0, bundle.identity, patient.gain)
    mv = person(21)[:, COLUMNS]
    ours, theirs = (edge.reconstruct(mv, RATE, bundle=bundle, engine=engine, patient=p) for p in (patient, read))
    assert np.abs(ours.mv - theirs.mv).max() < 1e-5
    assert np.abs(ours.sd - theirs.sd).max() < 1e-5


def test_the_file_says_nothing_of_who_the_patient_is_and_is_its_owners_to_read(tmp_path, patient):
    path = tmp_path / "patient.json"
    save_patient(path, patient)
    assert path.stat().st_mode & 0o077 == 0
    assert set(json.loads(path.read_text())) == {
        "kind", "format", "created", "bundle", "montage", "seconds", "features", "weights", "offset_mv", "sd",
        "gain_uv", "misfit", "st",
    }  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["patient.json"], "no draft is left"


def test_a_file_that_cannot_be_written_leaves_the_one_before_as_it_was(tmp_path, patient, monkeypatch):
    path = tmp_path / "patient.json"
    save_patient(path, patient)
    before = path.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="No space left"):
        save_patient(path, dataclasses.replace(patient, created="later"))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["patient.json"]


def test_the_patients_own_st_is_in_the_file_and_an_older_file_goes_without(tmp_path, patient, written):
    path = tmp_path / "whole.json"
    save_patient(path, patient)
    own = open_patient(path).st
    assert own is not None
    assert np.isfinite(own.j_mv).all()
    assert own.j_mv == pytest.approx(patient.st.j_mv, abs=1e-4)
    assert own.j60_mv == pytest.approx(patient.st.j60_mv, abs=1e-4)
    old = open_patient(written({"st": REMOVED}))
    assert old.st is None
    assert old.about()["st"] is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "something else"}, "no patient file"),
        ({"format": 2}, "newer"),
        ({"weights": REMOVED}, "lacks the key 'weights'"),
        ({"weights": [[0.0] * 8] * 7}, "weights"),
        ({"weights": [[1e9] * 8] * 8}, "weights"),
        ({"weights": "none"}, "none"),
        ({"montage": ["V5", "II"]}, "montage"),
        ({"montage": ["MLII"]}, "montage"),
        ({"montage": []}, "montage"),
        ({"features": ["II", "V1", "V5"]}, "features"),
        ({"sd.gain": [-1.0] * 8}, "sd"),
        ({"sd.floor_mv": [0.0] * 7}, "sd.floor_mv"),
        ({"sd": 3}, "int"),
        ({"seconds": "four"}, "four"),
        ({"gain_uv": {"V9": {"before": 1, "after": 1}}}, "V9"),
        ({"misfit": {"basis": [[0.0] * 70]}}, "'limit'"),
        ({"st.j_uv": {"V9": 1.0}}, "V9"),
        ({"st.j_uv": {"V1": 1e9}}, "st.j_uv.V1"),
        ({"st.j_uv": {"V1": "high"}}, "high"),
        ({"st": {"j_uv": {}}}, "j60_uv"),
        ({"bundle": {"name": "default"}}, "checkpoint_sha256"),
        ({"created": "x" * 5000}, "created"),
    ],
)
def test_a_file_that_says_nonsense_is_refused_with_what_is_wrong(written, changes, words):
    text, reason = refusal(written(changes))
    assert words in text
    assert reason is Reason.MALFORMED


def test_a_number_that_is_none_is_refused(written):
    path = written()
    table = json.loads(path.read_text())
    table["weights"][3][0] = float("nan")
    path.write_text(json.dumps(table))
    assert "weights" in refusal(path)[0]


def test_weights_that_would_change_a_measured_lead_are_refused(written, patient):
    weights = patient.correction.weights.copy()
    weights[1, 0] = 0.1  # lead II
    assert "measured" in refusal(written({"weights": weights.tolist()}))[0]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b" " * (MAX_FILE + 1)])
def test_what_is_no_patient_file_is_refused(tmp_path, content):
    path = tmp_path / "patient.json"
    path.write_bytes(content)
    refusal(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert refusal(tmp_path / "nobody.json")[1] is Reason.UNREADABLE


# whom it belongs to


def test_a_file_of_another_network_is_refused(bundle, engine, written):
    path = written({"bundle": {"name": "theirs", "checkpoint_sha256": "ab" * 32}})
    with pytest.raises(InputError, match=r"made with the bundle theirs .* enrol again"):
        Pipeline(PATCH, RATE, bundle=bundle, engine=engine, patient=open_patient(path))


@pytest.mark.parametrize("leads", [("II", "V1"), ("II", "V1", "V6"), LEADS])
def test_a_file_for_other_leads_is_refused(bundle, engine, patient, leads):
    with pytest.raises(InputError, match=r"made for the leads II, V1, V5"):
        Pipeline(leads, RATE, bundle=bundle, engine=engine, patient=patient)


def test_the_order_of_the_leads_does_not_matter(bundle, engine, patient):
    mv = person(21)
    turned = ("V5", "II", "V1")
    a = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=bundle, engine=engine, patient=patient)
    b = edge.reconstruct(mv[:, [LEAD[n] for n in turned]], RATE, turned, bundle=bundle, engine=engine, patient=patient)
    assert np.abs(a.mv - b.mv).max() < 1e-5


# how it is applied


def streamed(pipeline, mv, edges, lost=()):
    out = []
    for piece in pieces(edges):
        if not any(piece.start < last and first < piece.stop for first, last in lost):
            out += pipeline.push(Chunk(piece.start, mv[piece]))
    return [item for item in out + pipeline.flush() if isinstance(item, TwelveLeads)]


def test_the_correction_is_the_same_however_the_stream_is_cut(bundle, engine, patient):
    mv = person(21, 6.0)[:, COLUMNS]

    def run(edges):
        return joined(streamed(Pipeline(PATCH, RATE, bundle=bundle, engine=engine, patient=patient), mv, edges))

    whole = run([0, len(mv)])
    assert whole.enrolled
    for edges in cuttings(len(mv), singles=200):
        cut = run(edges)
        assert (bits(cut.mv), bits(cut.sd)) == (bits(whole.mv), bits(whole.sd))


def test_where_a_lead_of_the_montage_is_lost_the_network_speaks_alone(bundle, engine, patient):
    mv = person(21, 10.0)[:, COLUMNS].copy()
    mv[4 * RATE : 5 * RATE, 2] = np.nan  # V5
    with_file, blind = (
        streamed(Pipeline(PATCH, RATE, bundle=bundle, engine=engine, patient=p), mv, [0, len(mv)])
        for p in (patient, None)
    )
    at = {b.start: b for b in with_file}
    assert {b.enrolled for b in with_file} == {True, False}
    inside = [b for b in with_file if b.start <= round(4.5 * RATE) < b.end]
    assert not any(b.enrolled for b in inside)
    alone = joined(blind).mv[round(4.2 * RATE) : round(4.8 * RATE)]
    assert np.array_equal(joined(with_file).mv[round(4.2 * RATE) : round(4.8 * RATE)], alone)
    assert at[0].enrolled
    assert with_file[-1].enrolled


def test_without_a_file_nothing_is_enrolled(bundle, engine):
    twelve = edge.reconstruct(person(21, 4.0)[:, COLUMNS], RATE, bundle=bundle, engine=engine)
    assert twelve.enrolled is False


class WithBasis:
    """An engine whose network has a basis of two channels: one half of V2 that its leads lack, and a constant."""

    name = "with a basis"

    def __init__(self, v2):
        self._v2, self._asked = v2, 0

    def infer(self, x):
        n = x.shape[1]
        where = next(s for s in range(0, len(self._v2) - n + 1) if np.allclose(self._ii[s : s + n], x[1], atol=1e-6))
        basis = np.stack([self._v2[where : where + n], np.ones(n)]).astype(np.float32)
        return np.zeros((8, n), np.float32), np.full((8, n), -5.0, np.float32), basis


def test_a_basis_of_the_network_goes_into_the_correction(bundle, monkeypatch):
    mv = person(22, 6.0)
    from edge.dsp.baseline import remove_baseline

    truth = remove_baseline(mv, RATE)
    engine = WithBasis(truth[:, LEAD["V2"]])
    engine._ii = truth[:, LEAD["II"]]
    manifest = {key: value for key, value in bundle.manifest.items() if key != "patient"}  # another basis, no ridge
    wide = dataclasses.replace(bundle, basis=2, manifest=manifest)
    patient = enrol(mv, RATE, LEADS, PATCH, bundle=wide, engine=engine)
    assert patient.correction.features.names[-2:] == ("basis1", "basis2")
    twelve = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=wide, engine=engine, patient=patient)
    left = (twelve.mv - truth)[:, LEAD["V2"]].std()
    assert left < 0.15 * truth[:, LEAD["V2"]].std()
    with pytest.raises(InputError, match="channels of basis"):
        patient.check(bundle, Pipeline(PATCH, RATE, bundle=bundle).montage)
