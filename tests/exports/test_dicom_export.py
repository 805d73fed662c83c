"""Read back by pydicom, by edge-ecg's own reader, and judged by dicom3tools' validator where that is installed."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from sinks.a_run import BEGAN, MEASURED, RATE

from edge.exports.dicom_file import AMBULATORY, MOST_SAMPLES, TWELVE_LEAD, write_dicom
from edge.exports.run_record import excerpt, open_run
from edge.leads import LEADS
from edge.recordings import open_recording

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed")
LONG, SHORT = (0.0, None), (4.0, 10.0)  # from, seconds


def written(recorded, path, begin, seconds, leads=()):
    write_dicom(excerpt(open_run(recorded.path), begin, seconds, leads), path)
    return path


@pytest.mark.parametrize("part", [LONG, SHORT])
def test_every_sample_is_there_to_the_count(recorded, tmp_path, part):
    path = written(recorded, tmp_path / "a.dcm", *part)
    first = round(part[0] * RATE)
    dataset = pydicom.dcmread(path)
    group = dataset.WaveformSequence[0]
    counts = np.frombuffer(group.WaveformData, "<i2").reshape(-1, 12)
    np.testing.assert_array_equal(counts, recorded.uv[first : first + len(counts)])
    uv = dataset.waveform_array(0)
    there = counts != int.from_bytes(group.WaveformPaddingValue, "little", signed=True)
    np.testing.assert_allclose(uv[there], counts[there])
    mv = open_recording(path).mv
    np.testing.assert_allclose(mv, recorded.mv[first : first + len(mv)], atol=1e-6, equal_nan=True)


def test_what_a_twelve_lead_ecg_cannot_hold_is_an_ambulatory_one(recorded, tmp_path):
    most = MOST_SAMPLES / RATE
    assert pydicom.dcmread(written(recorded, tmp_path / "a.dcm", 0, most)).SOPClassUID == TWELVE_LEAD
    assert pydicom.dcmread(written(recorded, tmp_path / "b.dcm", 0, most + 0.002)).SOPClassUID == AMBULATORY


@pytest.mark.parametrize("part", [LONG, SHORT])
def test_a_validator_finds_no_error(recorded, tmp_path, part):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian's dicom3tools) is not installed")
    path = written(recorded, tmp_path / "a.dcm", *part)
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert "Error" not in done.stderr + done.stdout
    assert "ECG" in done.stderr + done.stdout  # it knew what it looked at
    bad = pydicom.dcmread(path)
    del bad.WaveformSequence[0].SamplingFrequency
    bad.save_as(path)
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert "Error" in done.stderr + done.stdout


def test_channels_are_coded_and_say_where_they_come_from(recorded, tmp_path):
    dataset = pydicom.dcmread(written(recorded, tmp_path / "a.dcm", *SHORT))
    group = dataset.WaveformSequence[0]
    assert group.WaveformOriginality == "DERIVED"
    codes = []
    for channel, lead in zip(group.ChannelDefinitionSequence, LEADS, strict=True):
        assert channel.ChannelLabel.split(" ")[0] == lead
        assert ("ChannelDerivationDescription" in channel) == (lead not in MEASURED)
        assert channel.ChannelSensitivityUnitsSequence[0].CodeValue == "uV"
        codes.append(channel.ChannelSourceSequence[0].CodeValue)
    assert codes == ["2:1", "2:2", "2:61", "2:62", "2:63", "2:64", *(f"2:{n}" for n in range(3, 9))]  # CID 3001
    assert "reconstructed" in group.ChannelDefinitionSequence[7].ChannelDerivationDescription
    alone = pydicom.dcmread(written(recorded, tmp_path / "b.dcm", 0, 5, MEASURED))
    assert alone.WaveformSequence[0].WaveformOriginality == "ORIGINAL"


def test_alerts_are_annotations_at_their_samples(recorded, tmp_path):
    dataset = pydicom.dcmread(written(recorded, tmp_path / "a.dcm", 10, 10))
    notes = {note.UnformattedTextValue: note for note in dataset.WaveformAnnotationSequence}
    assert notes["alert vt-1: vt, high priority"].ReferencedSamplePositions == 2 * RATE + 1
    assert any(text.startswith("Not a medical device") for text in notes)


def test_exported_twice_it_is_the_same_object(recorded, tmp_path):
    once, twice = (written(recorded, tmp_path / name, *SHORT).read_bytes() for name in ("a.dcm", "b.dcm"))
    assert once == twice
    later = pydicom.dcmread(written(recorded, tmp_path / "c.dcm", 5, 10))
    assert later.SOPInstanceUID != pydicom.dcmread(tmp_path / "a.dcm").SOPInstanceUID
    assert later.AcquisitionDateTime.startswith(f"{BEGAN:%Y%m%d}")
