"""The recorder's files, read by the wfdb package and by ourselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import wfdb

from edge.blocks import Block, Origin, TwelveLeads
from edge.errors import OutputError, Reason
from edge.leads import LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.montage import Montage
from edge.recordings import open_recording, sidecar
from edge.recordings import writer as writer_module
from edge.recordings.writer import WfdbWriter
from edge.sinks.base import RunInfo
from edge.sinks.recorder import Recorder
from edge.sources.items import Described

RATE = 500.0
NOON = datetime(2026, 3, 1, 12, 0, 0, 250000, UTC)
HALF_COUNT_MV = 0.000501


def info(name: str, start_utc: datetime) -> RunInfo:
    device = Described(name, Montage.of_leads(("II", "V1", "V5")), RATE, "/dev/ttyACM0")
    return RunInfo(device, "default", "litert int8", start_utc, 2000.0, "0.1.0")


def twelve(samples: int, seed: int = 3) -> np.ndarray:
    eight = np.cumsum(np.random.default_rng(seed).normal(0, 0.02, (samples, 8)), axis=0)
    return (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)


def assert_read_back(path: Path, expected: np.ndarray, atol: float = HALF_COUNT_MV) -> None:
    theirs = wfdb.rdrecord(str(path))
    np.testing.assert_allclose(theirs.p_signal, expected, atol=atol, equal_nan=True)
    np.testing.assert_allclose(open_recording(path).mv, expected, atol=atol, equal_nan=True)


def test_what_is_written_is_what_wfdb_reads(tmp_path):
    mv = twelve(2345)
    with WfdbWriter(tmp_path, "heart", RATE, LEADS, start_utc=NOON) as writer:
        for start in range(0, len(mv), 50):
            writer.write(start, mv[start : start + 50])
    assert_read_back(tmp_path / "heart", mv)
    theirs = wfdb.rdrecord(str(tmp_path / "heart"))
    assert tuple(theirs.sig_name) == LEADS
    assert (theirs.fs, theirs.base_datetime) == (RATE, NOON.replace(tzinfo=None))
    ours = open_recording(tmp_path / "heart")
    assert (ours.start_utc, ours.leads, ours.rate) == (NOON, LEADS, RATE)
    assert "checksum" not in ours.note


def test_the_files_do_not_depend_on_how_the_signal_is_cut(tmp_path):
    mv = twelve(6000)
    mv[700:900] = np.nan
    mv[2000:2700] = np.nan
    mv[3000:3600, 4] = np.nan
    cuts = {"whole": [6000], "parts": [333] * 18 + [6], "odd": [1, 699, 1, 1299, 350, 350, 3300]}
    for name, sizes in cuts.items():
        (tmp_path / name).mkdir()
        with WfdbWriter(tmp_path / name, "r", RATE, LEADS) as writer:
            start = 0
            for size in sizes:
                writer.write(start, mv[start : start + size])
                start += size
    files = {name: {p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in cuts}
    assert files["whole"] == files["parts"] == files["odd"]
    assert_read_back(tmp_path / "odd" / "r", mv)


def test_a_gap_is_a_null_segment_and_reads_as_missing(tmp_path):
    mv = twelve(3000)
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        writer.write(0, mv[:1000])
        writer.write(2000, mv[2000:])
    assert "~ 1000\n" in (tmp_path / "r.hea").read_text()
    mv[1000:2000] = np.nan
    assert_read_back(tmp_path / "r", mv)
    assert json.loads((tmp_path / "r.json").read_text())["gaps"] == [[1000, 1000]]


def test_a_gap_shorter_than_a_second_makes_no_new_file(tmp_path):
    mv = twelve(3000)
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        for start in range(0, 3000, 100):
            if start % 300 == 0:
                mv[start : start + 100] = np.nan
            else:
                writer.write(start, mv[start : start + 100])
    assert len(list(tmp_path.glob("*.dat"))) == 1
    assert_read_back(tmp_path / "r", mv)


def test_a_gap_at_the_very_start_and_at_the_end_is_kept(tmp_path):
    mv = twelve(3000)
    mv[:400] = np.nan
    mv[2900:] = np.nan
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        writer.write(400, mv[400:])
    assert_read_back(tmp_path / "r", mv)


def test_a_lead_that_is_missing_alone_is_missing_alone(tmp_path):
    mv = twelve(2000)
    mv[100:1900, LEAD["V2"]] = np.nan
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        writer.write(0, mv)
    assert_read_back(tmp_path / "r", mv)


def test_samples_that_overlap_what_is_written_are_refused(tmp_path):
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        writer.write(0, twelve(100))
        with pytest.raises(ValueError, match="the next is 100"):
            writer.write(99, twelve(100))
        writer.write(100, twelve(100))


def test_einthoven_and_goldberger_hold_to_one_count_in_the_file(tmp_path):
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        writer.write(0, twelve(20000))
    counts = np.rint(wfdb.rdrecord(str(tmp_path / "r")).p_signal * 1000).astype(int)
    of = {lead: counts[:, LEAD[lead]] for lead in LEADS}
    assert np.abs(of["I"] + of["III"] - of["II"]).max() <= 1
    assert np.abs(of["aVR"] + of["aVL"] + of["aVF"]).max() <= 1


def test_too_large_values_are_clipped_and_counted(tmp_path):
    mv = np.zeros((100, 2), np.float32)
    mv[10, 0], mv[11, 0], mv[12, 1] = 40.0, -40.0, np.inf
    with WfdbWriter(tmp_path, "r", RATE, ("I", "II")) as writer:
        writer.write(0, mv)
        assert writer.clipped == 3
    mv[10, 0], mv[11, 0], mv[12, 1] = 32.767, -32.767, 32.767
    assert_read_back(tmp_path / "r", mv)
    assert json.loads((tmp_path / "r.json").read_text())["clipped"] == 3


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_raw_counts_come_back_as_they_were(tmp_path, bits):
    top = 2 ** (bits - 1) - 1
    counts = np.random.default_rng(1).integers(-top, top, (1500, 2), endpoint=True)
    counts[0], counts[1] = top, -top
    missing = np.zeros(counts.shape, bool)
    missing[5:9, 1] = True
    with WfdbWriter(tmp_path, "p_raw", 250.0, ("ch1", "ch2"), uv_per_count=(0.02235, 0.5), fmt=bits) as writer:
        writer.write_counts(0, counts, missing)
        assert writer.clipped == 0
    record = wfdb.rdrecord(str(tmp_path / "p_raw_0001"), physical=False)
    theirs = record.d_signal.astype(np.int64)
    np.testing.assert_array_equal(theirs[~missing], counts[~missing])
    np.testing.assert_allclose(record.adc_gain, [1000 / 0.02235, 2000.0])
    ours = open_recording(tmp_path / "p_raw").mv
    np.testing.assert_array_equal(np.isnan(ours), missing)
    scale = np.array([0.02235e-3, 0.5e-3])
    np.testing.assert_allclose(ours[~missing], (counts * scale)[~missing], rtol=1e-6)


def test_a_later_run_goes_on_after_the_time_between(tmp_path):
    first, second = twelve(1000), twelve(700, seed=4)
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=NOON) as writer:
        writer.write(0, first)
    later = NOON + timedelta(seconds=10)
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=later) as writer:
        assert writer.offset_samples == 5000
        writer.write(0, second)
    assert_read_back(tmp_path / "r", np.concatenate([first, np.full((4000, 12), np.nan), second]))
    facts = json.loads((tmp_path / "r.json").read_text())
    assert [run["sample"] for run in facts["runs"]] == [0, 5000]
    assert facts["gaps"] == [[1000, 4000]]
    assert open_recording(tmp_path / "r").start_utc == NOON


@pytest.mark.parametrize("start", [None, NOON - timedelta(hours=1)])
def test_a_later_run_without_a_clock_or_with_one_gone_back_goes_on_at_once(tmp_path, start):
    first, second = twelve(1000), twelve(700, seed=4)
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=NOON) as writer:
        writer.write(0, first)
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=start) as writer:
        writer.write(0, second)
    assert_read_back(tmp_path / "r", np.concatenate([first, second]))


def test_a_run_that_gets_no_signal_changes_nothing(tmp_path):
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=NOON) as writer:
        writer.write(0, twelve(1000))
    before = (tmp_path / "r.hea").read_bytes()
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=NOON + timedelta(hours=1)):
        pass
    assert (tmp_path / "r.hea").read_bytes() == before


@pytest.mark.parametrize(("leads", "rate"), [(("I", "II"), RATE), (LEADS, 250.0)])
def test_another_recording_of_the_same_name_is_never_written_over(tmp_path, leads, rate):
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        writer.write(0, twelve(1000))
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(OutputError, match="another recording") as caught:
        WfdbWriter(tmp_path, "r", rate, leads)
    assert caught.value.reason is Reason.UNWRITABLE
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_record_of_another_program_is_never_written_over(tmp_path):
    wfdb.wrsamp("r", 500, ["mV"], ["I"], p_signal=np.zeros((10, 1)) + 0.1, fmt=["16"], write_dir=str(tmp_path))
    before = (tmp_path / "r.hea").read_bytes()
    with pytest.raises(OutputError, match="another recording"):
        WfdbWriter(tmp_path, "r", RATE, LEADS)
    assert (tmp_path / "r.hea").read_bytes() == before


def test_two_recorders_cannot_write_one_record(tmp_path):
    with WfdbWriter(tmp_path, "r", RATE, LEADS):
        with pytest.raises(OutputError, match="another program"):
            WfdbWriter(tmp_path, "r", RATE, LEADS)
        WfdbWriter(tmp_path, "r_raw", 250.0, ("ch1",)).close()
    WfdbWriter(tmp_path, "r", RATE, LEADS).close()


def test_a_segment_that_would_grow_too_large_is_followed_by_another(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "MAX_SEGMENT_BYTES", 24 * 900)
    mv = twelve(4000)
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        for start in range(0, 4000, 500):
            writer.write(start, mv[start : start + 500])
    assert len(list(tmp_path.glob("*.dat"))) == 4
    assert_read_back(tmp_path / "r", mv)


def test_the_sidecar_holds_what_it_is_told_and_does_not_grow_with_the_gaps(tmp_path, monkeypatch):
    monkeypatch.setattr(sidecar, "MAX_LISTED", 20)
    one = np.zeros((1, 1), np.float32)
    with WfdbWriter(tmp_path, "r", 1.0, ("I",), sidecar={"montage": {"I": [1, -1]}}) as writer:
        for gap in range(70):
            writer.write(3 * gap, one)
        writer.sidecar.update({"sd_mv": np.array([0.1, np.nan]), "bundle": Path("default")})
        writer.flush()
        facts = json.loads((tmp_path / "r.json").read_text())
    assert facts["montage"] == {"I": [1, -1]}
    assert (facts["sd_mv"], facts["bundle"]) == ([0.1, None], "default")
    assert len(facts["gaps"]) == 20
    assert facts["gaps_not_listed"] == 49


def test_the_recorder_keeps_nothing_of_what_it_wrote(tmp_path):
    import tracemalloc

    block = twelve(500)
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        writer.write(0, block)
        tracemalloc.start()
        for second in range(1, 101):
            writer.write(500 * second, block)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert kept < 100_000  # a hundred seconds are 1.2 MB


@pytest.mark.parametrize("name", ["", "a b", "../r", "r.1", "r/2"])
def test_a_name_that_wfdb_does_not_know_is_refused(tmp_path, name):
    with pytest.raises(OutputError, match="use letters"):
        WfdbWriter(tmp_path, name, RATE, LEADS)


@pytest.mark.parametrize("leads", [(), ("I", "I"), ("I", ""), ("I", "a\nb")])
def test_leads_that_cannot_be_told_apart_are_refused(tmp_path, leads):
    with pytest.raises(ValueError, match="a name of its own"):
        WfdbWriter(tmp_path, "r", RATE, leads)


def test_the_start_is_put_right_once_it_is_known_better(tmp_path):
    later = NOON + timedelta(seconds=0.125)
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=NOON) as writer:
        writer.write(0, twelve(1000))
        writer.began(later)
    assert open_recording(tmp_path / "r").start_utc == later
    (run,) = json.loads((tmp_path / "r.json").read_text())["runs"]
    assert datetime.fromisoformat(run["start_utc"]) == later


def test_a_run_that_continues_a_record_leaves_its_start_alone(tmp_path):
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=NOON) as writer:
        writer.write(0, twelve(1000))
    again = NOON + timedelta(seconds=10)
    with WfdbWriter(tmp_path, "r", RATE, LEADS, start_utc=again) as writer:
        writer.write(0, twelve(1000))
        writer.began(again + timedelta(seconds=0.125))
    recording = open_recording(tmp_path / "r")
    assert (recording.start_utc, len(recording.mv)) == (NOON, 6000)
    assert np.isfinite(recording.mv[5000:]).all()


def test_a_long_recording_says_of_some_samples_when_they_were_taken(tmp_path):
    recorder = Recorder(tmp_path, raw=True)
    recorder.start(info("r", NOON))
    recorder.twelve(TwelveLeads(0, twelve(1000), np.zeros((1000, 12), np.float32), (Origin.MEASURED,) * 12))
    told = {"type": "time", "sample": 900, "utc": "2026-03-01T12:00:01.900+00:00", "start_utc": NOON.isoformat()}
    recorder.event(told | {"drift_ppm": 55.5, "clock_set_s": None})
    recorder.close({"time": {"start_utc": NOON.isoformat(), "drift_ppm": 56.0, "clock_set_s": None}})
    facts = json.loads((tmp_path / "r.json").read_text())
    assert facts["times"] == [{"sample": 900, "utc": told["utc"]}]
    assert facts["drift_ppm"] == 56.0


def test_raw_samples_that_were_left_out_are_a_gap_and_move_none(tmp_path):
    rng = np.random.default_rng(2)
    mv = rng.normal(0, 0.2, (2000, 3)).astype(np.float32)
    recorder = Recorder(tmp_path, raw=True)
    recorder.start(info("r", NOON))
    for start in [*range(0, 730, 10), *range(1330, 2000, 10)]:
        part = mv[start : start + 10]
        recorder.raw(Block(start, RATE, ("II", "V1", "V5"), part, np.isfinite(part)))
    recorder.close({})
    read = open_recording(tmp_path / "r_raw").mv
    assert np.isnan(read[730:1330]).all()
    there = np.isfinite(read).all(axis=1)
    assert np.abs(read - mv)[there].max() < 1e-4
