"""Written by EDFlib, read back by edfio, which shares no code with it, and by edge-ecg's own reader."""

from __future__ import annotations

import edfio
import numpy as np
import pytest
from sinks.a_run import BEGAN, MEASURED, RATE

from edge.exports.edf_file import write_edf
from edge.exports.run_record import excerpt, open_run
from edge.leads import LEADS
from edge.recordings import open_recording

pytest.importorskip("pyedflib", reason="pyedflib is not installed")


@pytest.fixture(scope="module")
def edf(recorded, tmp_path_factory):
    path = tmp_path_factory.mktemp("edf") / "a.edf"
    write_edf(excerpt(open_run(recorded.path)), path)
    return path


def test_every_sample_is_there_to_the_count(edf, recorded):
    read = edfio.read_edf(edf)
    assert read.is_continuous
    np.testing.assert_array_equal(np.stack([signal.digital for signal in read.signals], axis=1), recorded.uv)
    present = ~np.isnan(recorded.mv[:, 1])
    physical = read.signals[1].data[present]
    np.testing.assert_allclose(physical, 1000 * recorded.mv[present, 1], atol=1e-3)
    assert read.signals[1].physical_dimension == "uV"


def test_it_begins_when_the_recording_did_to_the_millisecond(edf):
    read = edfio.read_edf(edf)
    assert read.startdatetime == BEGAN.replace(tzinfo=None)


def test_each_lead_says_whether_it_was_measured(edf):
    for signal, lead in zip(edfio.read_edf(edf).signals, LEADS, strict=True):
        assert signal.label.startswith(f"ECG {lead}")
        assert ("(" in signal.label) == (lead not in MEASURED)
        assert signal.prefiltering == "HP:0.05Hz"
    assert edfio.read_edf(edf).signals[7].label == "ECG V2 (est.)"
    assert "reconstructed, mean sd 50 uV from II,V1,V5" in edfio.read_edf(edf).signals[7].transducer_type


def test_beats_rhythm_alerts_and_gaps_are_annotations_at_their_samples(edf, recorded):
    notes = edfio.read_edf(edf).annotations
    beats = [note for note in notes if note.text.startswith("beat ")]
    assert [round(note.onset * RATE) for note in beats] == recorded.beats
    assert {note.text for note in beats} == {"beat N", "beat V"}
    at = {note.text: (note.onset, note.duration) for note in notes if not note.text.startswith("beat ")}
    assert at["gap"] == (20.0, 3.0)
    assert at["gap: V2"] == (5.0, 2.0)
    assert at["alert on vt-1"][0] == 12.0
    assert at["rhythm AFIB"][0] == 12.0
    assert "not a medical device" in at


def test_edge_ecg_still_knows_the_leads(edf, recorded):
    read = open_recording(edf)
    assert (read.leads, read.rate) == (LEADS, RATE)
    np.testing.assert_allclose(read.mv[:2500], recorded.mv[:2500], atol=5e-4)


def test_a_strip_goes_the_same_way(recorded, tmp_path):
    strip = next((recorded.path.parent / "bed_7_alerts").glob("*vt-1.hea"))
    write_edf(excerpt(open_run(strip)), tmp_path / "a.edf")
    read = edfio.read_edf(tmp_path / "a.edf")
    np.testing.assert_array_equal(read.signals[1].digital, recorded.uv[: 22 * RATE, 1])
    assert {"alert vt onset", "alert vt on"} <= {note.text for note in read.annotations}


def test_what_fills_up_the_last_second_is_told(recorded, tmp_path):
    write_edf(excerpt(open_run(recorded.path), 8, 2.5, ["II"]), tmp_path / "a.edf")
    read = edfio.read_edf(tmp_path / "a.edf")
    assert read.duration == 3
    np.testing.assert_array_equal(read.signals[0].digital[1250:], -32768)
    end = next(note for note in read.annotations if note.text == "end of the recording")
    assert (end.onset, end.duration) == (2.5, 0.5)
