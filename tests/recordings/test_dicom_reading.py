from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from edge.errors import InputError, Reason
from edge.leads import LEADS
from edge.recordings import open_recording

ECG = Path(pydicom.__file__).parent / "data" / "test_files" / "waveform_ecg.dcm"


def changed(folder: Path, change) -> Path:
    dataset = pydicom.dcmread(ECG)
    change(dataset)
    path = folder / "changed.dcm"
    dataset.save_as(path)
    return path


def every_channel(dataset, **values: object) -> None:
    for channel in dataset.WaveformSequence[0].ChannelDefinitionSequence:
        for name, value in values.items():
            setattr(channel, name, value)


def test_a_12_lead_file_reads_as_pydicom_reads_it():
    recording = open_recording(ECG)
    theirs = pydicom.dcmread(ECG).waveform_array(0)  # uV
    np.testing.assert_allclose(recording.mv, theirs / 1000, atol=1e-6)
    assert (recording.leads, recording.rate) == (LEADS, 1000.0)
    assert recording.start_utc == datetime(2013, 1, 25, 10, 59, 19, tzinfo=UTC)


def test_the_rhythm_is_taken_wherever_the_median_beat_stands(tmp_path):
    path = changed(tmp_path, lambda d: d.WaveformSequence.reverse())
    np.testing.assert_array_equal(open_recording(path).mv, open_recording(ECG).mv)


def test_sensitivity_correction_and_baseline_count(tmp_path):
    path = changed(tmp_path, lambda d: every_channel(d, ChannelSensitivityCorrectionFactor="2", ChannelBaseline="-100"))
    np.testing.assert_allclose(open_recording(path).mv, 2 * open_recording(ECG).mv - 0.1, atol=1e-5)


def test_units_in_millivolts_are_taken_as_such(tmp_path):
    def change(dataset) -> None:
        for channel in dataset.WaveformSequence[0].ChannelDefinitionSequence:
            channel.ChannelSensitivityUnitsSequence[0].CodeValue = "mV"
            channel.ChannelSensitivity = "0.00125"

    np.testing.assert_allclose(open_recording(changed(tmp_path, change)).mv, open_recording(ECG).mv, atol=1e-5)


def test_a_lead_is_known_by_its_code_where_its_name_says_nothing(tmp_path):
    def change(dataset) -> None:
        for channel in dataset.WaveformSequence[0].ChannelDefinitionSequence:
            channel.ChannelSourceSequence[0].CodeMeaning = "channel"

    assert open_recording(changed(tmp_path, change)).leads == LEADS


def test_padding_is_missing(tmp_path):
    first = np.frombuffer(pydicom.dcmread(ECG).WaveformSequence[0].WaveformData, "<i2").reshape(-1, 12)

    def change(dataset) -> None:
        dataset.WaveformSequence[0].add_new(0x5400100A, "OW", first[0, 0].tobytes())

    mv = open_recording(changed(tmp_path, change)).mv
    np.testing.assert_array_equal(np.isnan(mv), first == first[0, 0])


def test_a_start_in_another_time_zone_becomes_utc(tmp_path):
    path = changed(tmp_path, lambda d: setattr(d, "AcquisitionDateTime", "20200101003000.5+0130"))
    assert open_recording(path).start_utc == datetime(2019, 12, 31, 23, 0, 0, 500000, UTC)


@pytest.mark.parametrize(
    ("change", "says", "reason"),
    [
        (lambda d: d.pop("WaveformSequence"), "without a waveform", Reason.NO_LEADS),
        (lambda d: setattr(d.WaveformSequence[0], "NumberOfWaveformSamples", 10001), "truncated", Reason.MALFORMED),
        (lambda d: setattr(d.WaveformSequence[0], "NumberOfWaveformChannels", 11), "contradict", Reason.MALFORMED),
        (lambda d: setattr(d.WaveformSequence[0], "SamplingFrequency", "0"), "contradict", Reason.MALFORMED),
        (lambda d: d.WaveformSequence[0].pop("WaveformData"), "makes no sense", Reason.MALFORMED),
        (lambda d: setattr(d.WaveformSequence[0], "WaveformSampleInterpretation", "MB"), "kind MB", Reason.MALFORMED),
    ],
)
def test_a_damaged_file_says_what_is_wrong(tmp_path, change, says, reason):
    path = changed(tmp_path, change)
    with pytest.raises(InputError, match=says) as caught:
        open_recording(path)
    assert caught.value.reason is reason
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("keep", [140, 300, 1500, 20_000, 200_000])
def test_a_file_that_was_cut_off_is_an_input_error(tmp_path, keep):
    path = tmp_path / "cut.dcm"
    path.write_bytes(ECG.read_bytes()[:keep])
    with pytest.raises(InputError):
        open_recording(path)


def test_without_pydicom_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(InputError, match=r"pip install edge-ecg\[files\]") as caught:
        open_recording(ECG)
    assert caught.value.reason is Reason.UNREADABLE
