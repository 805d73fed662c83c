"""Our reader against edfio's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import edfio
import numpy as np
import pytest

from edge.errors import InputError, Reason
from edge.recordings import open_recording

RATE = 250


def signals(cls, seconds: int = 8) -> list[object]:
    rng = np.random.default_rng(5)
    made = []
    for label, unit, rate, top in (
        ("ECG II", "uV", RATE, 3000),
        ("EKG V5", "mV", RATE, 5),
        ("EEG Fpz-Cz", "uV", RATE, 500),
        ("SpO2", "%", 1, 100),
    ):
        x = rng.uniform(-top, top, seconds * rate)
        made.append(cls(x, rate, label=label, physical_dimension=unit, physical_range=(-top, top)))
    return made


def written(folder: Path, kind: str = "edf", *, annotations=None, seconds: int = 8) -> Path:
    file, signal = (edfio.Edf, edfio.EdfSignal) if kind == "edf" else (edfio.Bdf, edfio.BdfSignal)
    path = folder / f"r.{kind}"
    recording = edfio.Recording(startdate=date(2024, 2, 29))
    file(
        signals(signal, seconds),
        data_record_duration=1,
        recording=recording,
        starttime=time(7, 8, 9),
        annotations=annotations,
    ).write(path)
    return path


@pytest.mark.parametrize("kind", ["edf", "bdf"])
def test_a_file_reads_as_edfio_reads_it(tmp_path, kind):
    path = written(tmp_path, kind)
    theirs = (edfio.read_edf if kind == "edf" else edfio.read_bdf)(path)
    ours = open_recording(path)
    assert (ours.leads, ours.rate) == (("II", "V5"), RATE)
    np.testing.assert_allclose(ours.mv[:, 0], theirs.signals[0].data / 1000, atol=1e-6)
    np.testing.assert_allclose(ours.mv[:, 1], theirs.signals[1].data, atol=2e-6)
    assert ours.start_utc == datetime(2024, 2, 29, 7, 8, 9, tzinfo=UTC)
    assert ours.note["left out"] == "EEG Fpz-Cz (uV), SpO2 (%)"


def test_the_start_has_the_part_of_a_second_that_the_first_record_tells(tmp_path):
    path = tmp_path / "r.edf"
    at = time(7, 8, 9, 123456)
    recording = edfio.Recording(startdate=date(2024, 2, 29))
    file = edfio.Edf(
        signals(edfio.EdfSignal, 8), data_record_duration=1, recording=recording, starttime=at, annotations=[]
    )
    file.write(path)
    assert edfio.read_edf(path).starttime == at
    assert open_recording(path).start_utc == datetime(2024, 2, 29, 7, 8, 9, 123456, tzinfo=UTC)


def test_a_first_record_without_a_time_begins_at_the_headers(tmp_path):
    path = written(tmp_path, annotations=[])
    path.write_bytes(path.read_bytes().replace(b"+0\x14\x14", b"?0\x14\x14", 1))
    assert open_recording(path).start_utc == datetime(2024, 2, 29, 7, 8, 9, tzinfo=UTC)


def test_annotations_are_no_signal(tmp_path):
    path = written(tmp_path, annotations=[edfio.EdfAnnotation(2.5, None, "button")])
    assert open_recording(path).leads == ("II", "V5")
    assert open_recording(path).note["format"] == "EDF+C"


def test_the_pauses_of_a_discontinuous_file_are_missing(tmp_path):
    path = written(tmp_path, annotations=[])
    whole = open_recording(path).mv
    data = bytearray(path.read_bytes())
    assert data[192:197] == b"EDF+C"
    data[192:197] = b"EDF+D"
    for record in range(5, 8):  # from record 5 on, three seconds later
        data = bytearray(bytes(data).replace(f"+{record}\x14\x14".encode(), f"+{record + 3}\x14\x15".encode()))
    path.write_bytes(bytes(data).replace(b"\x14\x15", b"\x14\x14"))
    mv = open_recording(path).mv
    assert len(mv) == 11 * RATE
    assert np.isnan(mv[5 * RATE : 8 * RATE]).all()
    np.testing.assert_array_equal(np.delete(mv, np.s_[5 * RATE : 8 * RATE], axis=0), whole)


def test_a_file_whose_recorder_was_cut_off_opens(tmp_path):
    path = written(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[:236] + b"-1      " + data[244:-100])
    assert len(open_recording(path).mv) == 7 * RATE


def test_a_truncated_file_says_how_much_is_there(tmp_path):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="truncated: it holds 7 of the 8 records") as caught:
        open_recording(path)
    assert caught.value.reason is Reason.MALFORMED


def test_a_file_that_only_claims_to_be_edf_is_refused(tmp_path):
    path = tmp_path / "r.edf"
    path.write_text("time,II\n0,1\n")
    with pytest.raises(InputError, match="is no EDF file") as caught:
        open_recording(path)
    assert caught.value.reason is Reason.MALFORMED


def test_an_edf_file_of_another_name_opens(tmp_path):
    written(tmp_path).rename(tmp_path / "r.rec")
    assert open_recording(tmp_path / "r.rec").leads == ("II", "V5")


def test_any_damage_to_the_header_is_an_input_error_or_opens(tmp_path):
    path = written(tmp_path, annotations=[])
    good = path.read_bytes()
    rng = np.random.default_rng(13)
    refused = 0
    for _ in range(300):
        data = bytearray(good)
        for at in rng.integers(8, 256 * 6, 4):
            data[at] = rng.integers(0, 256)
        path.write_bytes(data)
        try:
            open_recording(path)
        except InputError:
            refused += 1
    assert refused
