"""Our reader against the wfdb package's own."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import wfdb

from edge.errors import InputError, Reason
from edge.recordings import open_recording

RATE = 250.0


def a_record(folder: Path, name: str = "r", *, fmt: str = "16", samples: int = 1001, leads=("I", "II", "V2")) -> Path:
    """Written by wfdb; returns the path without a suffix."""
    rng = np.random.default_rng(7)
    mv = np.cumsum(rng.normal(0, 0.01, (samples, len(leads))), axis=0).clip(-0.6, 0.6)
    n = len(leads)
    gain = [200.0] * n if fmt in ("80", "212") else [1000.0] * n
    mv[10:20, 0] = np.nan
    wfdb.wrsamp(
        name,
        RATE,
        ["mV"] * n,
        list(leads),
        p_signal=mv,
        fmt=[fmt] * n,
        adc_gain=gain,
        baseline=[0] * n,
        write_dir=str(folder),
    )
    return folder / name


def assert_as_wfdb_reads_it(path: Path) -> None:
    theirs = wfdb.rdrecord(str(path)).p_signal
    ours = open_recording(path).mv
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("fmt", ["80", "212", "16", "24", "32"])
def test_a_record_reads_as_the_wfdb_package_reads_it(tmp_path, fmt):
    path = a_record(tmp_path, fmt=fmt)
    assert_as_wfdb_reads_it(path)
    recording = open_recording(path)
    assert recording.leads == ("I", "II", "V2")
    assert recording.rate == RATE
    assert np.isnan(recording.mv[10:20, 0]).all()
    assert "checksum" not in recording.note


@pytest.mark.parametrize(
    ("fmt", "bytes_a_sample"),
    [(8, 1), (16, 2), (24, 3), (32, 4), (61, 2), (80, 1), (160, 2), (212, 1.5), (310, 4 / 3), (311, 4 / 3)],
)
@pytest.mark.parametrize("samples", [300, 301, 302])
@pytest.mark.parametrize("signals", [1, 2])
def test_any_bytes_in_any_format_read_as_the_wfdb_package_reads_them(tmp_path, fmt, bytes_a_sample, samples, signals):
    raw = np.random.default_rng(samples).integers(
        0, 256, int(np.ceil(samples * signals * bytes_a_sample)) + 4, np.uint8
    )
    if fmt == 311:
        raw[3::4] &= 0x3F  # the two bits that mean nothing: wfdb reads one of them into the third sample
    (tmp_path / "r.dat").write_bytes(raw.tobytes())
    lines = [f"r.dat {fmt} 100(5)/mV 12 0 -3 0 0 {lead}" for lead in ("II", "V1")[:signals]]
    (tmp_path / "r.hea").write_text(f"r {signals} 250 {samples}\n" + "\n".join(lines) + "\n")
    assert_as_wfdb_reads_it(tmp_path / "r")


def test_a_record_opens_with_and_without_its_suffix_and_by_its_signal_file(tmp_path):
    path = a_record(tmp_path)
    whole = open_recording(path).mv
    for name in ("r.hea", "r.dat"):
        np.testing.assert_array_equal(open_recording(tmp_path / name).mv, whole)
    np.testing.assert_array_equal(open_recording(str(path)).mv, whole)


def test_a_name_with_a_dot_in_it_opens(tmp_path):
    a_record(tmp_path)
    (tmp_path / "r.2.hea").write_text((tmp_path / "r.hea").read_text())
    assert open_recording(tmp_path / "r.2").mv.shape == (1001, 3)


def test_microvolts_volts_and_nanovolts_become_millivolts(tmp_path):
    counts = np.arange(1, 101, dtype="<i2")
    np.repeat(counts, 4).tofile(tmp_path / "r.dat")
    units = ("uV", "mV", "V", "nV")
    lines = [f"r.dat 16 2/{unit} 16 0 0 0 0 c{unit}" for unit in units]
    (tmp_path / "r.hea").write_text("r 4 250 100\n" + "\n".join(lines) + "\n")
    mv = open_recording(tmp_path / "r").mv
    np.testing.assert_allclose(mv / (counts / 2)[:, None], [[1e-3, 1, 1e3, 1e-6]] * 100, rtol=1e-5, equal_nan=True)


def test_what_is_no_voltage_is_left_out_and_told(tmp_path):
    np.zeros(300, "<i2").tofile(tmp_path / "r.dat")
    lines = ["r.dat 16 200/mV 12 0 0 0 0 II", "r.dat 16 80/mmHg 12 0 0 0 0 ABP", "r.dat 16 1000/NU 12 0 0 0 0 PLETH"]
    (tmp_path / "r.hea").write_text("r 3 125 100\n" + "\n".join(lines) + "\n")
    recording = open_recording(tmp_path / "r")
    assert recording.leads == ("II",)
    assert recording.note["left out"] == "ABP (mmHg), PLETH (NU)"


def test_a_fast_ecg_beside_a_slow_signal_keeps_its_rate(tmp_path):
    """As in MIMIC's waveforms: four ECG samples a frame."""
    counts = np.arange(500, dtype="<i2")
    counts.tofile(tmp_path / "r.dat")
    lines = ["r.dat 16x4 100/mV 12 0 0 0 0 II", "r.dat 16 100/mV 12 0 0 0 0 V1"]
    (tmp_path / "r.hea").write_text("r 2 62.5 100\n" + "\n".join(lines) + "\n")
    recording = open_recording(tmp_path / "r")
    assert recording.rate == 250.0
    frames = counts.reshape(100, 5) / np.float32(100)
    np.testing.assert_allclose(recording.mv[:, 0], frames[:, :4].reshape(-1), atol=1e-6)
    np.testing.assert_allclose(recording.mv[:, 1], np.repeat(frames[:, 4], 4), atol=1e-6)
    theirs = wfdb.rdrecord(str(tmp_path / "r"), smooth_frames=False).e_p_signal
    np.testing.assert_allclose(recording.mv[:, 0], theirs[0], atol=1e-6)


def test_skewed_signals_are_put_in_step(tmp_path):
    np.arange(400, dtype="<i2").tofile(tmp_path / "r.dat")
    (tmp_path / "r.hea").write_text("r 2 250 200\nr.dat 16 10 12 0 0 0 0 II\nr.dat 16:3 10 12 0 0 0 0 V1\n")
    assert_as_wfdb_reads_it(tmp_path / "r")
    assert np.isnan(open_recording(tmp_path / "r").mv[-3:, 1]).all()


def test_segments_of_fixed_layout_are_joined(tmp_path):
    for name in ("a", "b"):
        a_record(tmp_path, name, samples=500)
    (tmp_path / "r.hea").write_text("r/2 3 250 1000\na 500\nb 500\n")
    assert_as_wfdb_reads_it(tmp_path / "r")


def test_segments_of_variable_layout_find_their_leads_and_gaps_are_nan(tmp_path):
    a_record(tmp_path, "a", samples=500, leads=("V2", "I"))
    a_record(tmp_path, "b", samples=300, leads=("II",))
    layout = "\n".join(f"~ 0 200/mV 12 0 0 0 0 {lead}" for lead in ("I", "II", "V2"))
    (tmp_path / "r_layout.hea").write_text(f"r_layout 3 250 0\n{layout}\n")
    (tmp_path / "r.hea").write_text("r/4 3 250 1000\nr_layout 0\na 500\n~ 200\nb 300\n")
    assert_as_wfdb_reads_it(tmp_path / "r")
    recording = open_recording(tmp_path / "r")
    assert recording.leads == ("I", "II", "V2")
    assert np.isnan(recording.mv[500:700]).all()
    assert np.isnan(recording.mv[700:, [0, 2]]).all()


def test_the_start_is_read_and_a_date_that_is_none_is_no_error(tmp_path):
    path = a_record(tmp_path)
    header = path.with_suffix(".hea")
    text = header.read_text()
    header.write_text(text.replace("250 1001", "250 1001 13:05:07.25 05/03/2020", 1))
    assert open_recording(path).start_utc == datetime(2020, 3, 5, 13, 5, 7, 250000, UTC)
    header.write_text(text.replace("250 1001", "250 1001 00:00:00 45/13/2020", 1))
    assert open_recording(path).start_utc is None


def test_without_a_length_in_the_header_all_of_the_file_is_read(tmp_path):
    path = a_record(tmp_path)
    header = path.with_suffix(".hea")
    header.write_text(header.read_text().replace("r 3 250 1001", "r 3 250", 1))
    assert len(open_recording(path).mv) == 1001


def test_a_wrong_checksum_is_a_remark_and_a_zero_one_is_not(tmp_path):
    path = a_record(tmp_path)
    data = bytearray(path.with_suffix(".dat").read_bytes())
    data[0] ^= 1
    path.with_suffix(".dat").write_bytes(data)
    assert "I differs" in open_recording(path).note["checksum"]
    header = path.with_suffix(".hea")
    lines = header.read_text().splitlines()
    fields = lines[1].split()
    fields[6] = "0"
    header.write_text("\n".join([lines[0], " ".join(fields), *lines[2:]]) + "\n")
    assert "checksum" not in open_recording(path).note


def test_an_uncalibrated_signal_is_told(tmp_path):
    np.arange(100, dtype="<i2").tofile(tmp_path / "r.dat")
    (tmp_path / "r.hea").write_text("r 1 250 100\nr.dat 16 0 12 0 0 0 0 II\n")
    recording = open_recording(tmp_path / "r")
    assert "uncalibrated" in recording.note["gain"]
    assert recording.mv[99, 0] == np.float32(99 / 200)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda p: p.with_suffix(".dat").write_bytes(p.with_suffix(".dat").read_bytes()[:3000]), "truncated"),
        (lambda p: p.with_suffix(".dat").unlink(), "no such file"),
        (lambda p: p.with_suffix(".hea").write_text(""), "empty"),
        (lambda p: p.with_suffix(".hea").write_text("r 3 250 1001\nr.dat 16\n"), "promises 3 lines"),
        (lambda p: p.with_suffix(".hea").write_text("r 3 250 many\n\n\n"), "promises 3 lines"),
        (lambda p: p.with_suffix(".hea").write_bytes(bytes(range(256))), "no WFDB header"),
        (lambda p: p.with_suffix(".hea").write_text("r 1 0 100\nr.dat 16\n"), "sampling frequency"),
        (lambda p: p.with_suffix(".hea").write_text("r 1 250 100\nr.dat 516 200\n"), "format 516"),
        (lambda p: p.with_suffix(".hea").write_text("r 1 250 100\nr.dat 16 much\n"), "no gain"),
        (lambda p: p.with_suffix(".hea").write_text("r 1 250 100\n../r.dat 16 200\n"), "outside its folder"),
        (lambda p: p.with_suffix(".hea").write_text("r/2 1 250 100\na 50\nb 60\n"), "contradicts itself"),
        (lambda p: p.with_suffix(".hea").write_text("r/1 1 250 50\nr 50\n"), "segment that has segments"),
        (lambda p: p.with_suffix(".hea").write_text("r/1 1 250 50\ngone 50\n"), "no such file"),
        (lambda p: p.with_suffix(".hea").write_text("r 0 250 50\n"), "no ECG channel"),
        (lambda p: p.with_suffix(".hea").write_text("r 1 250 50\nr.dat 16 200/mmHg 12 0 0 0 0 ABP\n"), "ABP (mmHg)"),
        (lambda p: p.with_suffix(".hea").write_text("r 1 250 99999999999999\nr.dat 16 200\n"), "truncated"),
        (lambda p: p.with_suffix(".hea").write_text("r/2 1 250 99999999999\n~ 99999999998\nr 1\n"), "segment"),
    ],
)
def test_a_damaged_record_says_what_is_wrong_and_with_what(tmp_path, damage, says):
    path = a_record(tmp_path)
    damage(path)
    with pytest.raises(InputError) as caught:
        open_recording(path)
    assert says in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.reason in (Reason.MALFORMED, Reason.UNREADABLE, Reason.NO_LEADS)


def test_any_damaged_header_is_an_input_error_or_opens(tmp_path):
    path = a_record(tmp_path)
    good = path.with_suffix(".hea").read_bytes()
    rng = np.random.default_rng(11)
    for _ in range(300):
        text = bytearray(good)
        for at in rng.integers(0, len(text), rng.integers(1, 6)):
            text[at] = rng.integers(0, 256)
        path.with_suffix(".hea").write_bytes(text)
        with contextlib.suppress(InputError):  # any other error fails the test
            open_recording(path)
