from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from a_run import ORIGIN, RATE, alert, blocks, event, info, over, signal_mv, twelve

from edge.alert import Kind, State
from edge.blocks import Origin
from edge.errors import OutputError, Reason
from edge.events import Event, Stamp
from edge.leads import LEADS
from edge.recordings import open_recording
from edge.sinks.recorder import record_name
from edge.sinks.strips import Strips

wfdb = pytest.importorskip("wfdb")

BLOCK = 500
Told = tuple[float, Event]  # when the twelve leads have come so far (s), and what is told then


def kept(folder: Path, mv: np.ndarray, told: list[Told], block: int = BLOCK, close: bool = True) -> Strips:
    """Strips of a run in which `told` comes while `mv` does."""
    sink = Strips(folder)
    sink.start(info())
    waiting = sorted(told, key=lambda pair: pair[0])
    for part in blocks(mv, block):
        while waiting and part.end > waiting[0][0] * RATE:
            sink.event(waiting.pop(0)[1])
        sink.twelve(part)
    for _, happened in waiting:
        sink.event(happened)
    if close:
        sink.close({})
    return sink


def strip(folder: Path, of: Event) -> wfdb.Record:
    return wfdb.rdrecord(str(folder / of["strip"]))


def facts(record: wfdb.Record) -> dict[str, str]:
    return dict(comment.split(": ", 1) for comment in record.comments)


def assert_shows(record: wfdb.Record, mv: np.ndarray) -> None:
    np.testing.assert_allclose(record.p_signal, mv, atol=0.000501, equal_nan=True)


def test_a_strip_has_ten_seconds_before_the_onset_and_ten_after_the_alert_was_told(tmp_path: Path) -> None:
    mv, on = signal_mv(60), event(Kind.TACHYCARDIA, 20, 30.1)
    kept(tmp_path, mv, [(29, on)])
    record = strip(tmp_path, on)
    assert (record.fs, tuple(record.sig_name), set(record.units), set(record.fmt)) == (500, LEADS, {"mV"}, {"16"})
    assert set(record.adc_gain) == {1000.0}, "1 uV a count"
    assert_shows(record, mv[10 * RATE : round(40.1 * RATE)])


def test_a_strip_says_what_it_shows_and_which_leads_are_not_measured(tmp_path: Path) -> None:
    on = event(Kind.TACHYCARDIA, 20, 30)
    kept(tmp_path, signal_mv(60), [(29, on)])
    record = strip(tmp_path, on)
    told = facts(record)
    assert (told["alert"], told["kind"], told["priority"]) == ("tachycardia-1", "tachycardia", "medium")
    assert (told["onset"], told["told"]) == ("sample 5000", "sample 10000")
    assert told["evidence"] == "rate_per_min 140.0"
    assert told["measured"] == "II V1 V5"
    assert told["derived"] == "III aVR"
    assert told["reconstructed"] == "I aVL aVF V2 V3 V4 V6"
    assert f"{record.base_date} {record.base_time}" == "2026-03-01 12:00:10.250000", "of its first sample, in UTC"


def test_a_lead_that_was_reconstructed_for_a_part_only_is_no_measured_lead(tmp_path: Path) -> None:
    mv, on = signal_mv(40), event(Kind.PAUSE, 15, 20)
    sink = Strips(tmp_path)
    sink.start(info())
    for part in blocks(mv, BLOCK):
        if part.start == 25 * RATE:
            part = type(part)(part.start, part.mv, part.sd, (*ORIGIN[:11], Origin.UNAVAILABLE))
        if part.start == 26 * RATE:
            part = type(part)(part.start, part.mv, part.sd, (Origin.RECONSTRUCTED,) * 12)
        sink.twelve(part)
        if part.end == 21 * RATE:
            sink.event(on)
    sink.close({})
    told = facts(strip(tmp_path, on))
    assert "measured" not in told
    assert told["reconstructed"] == " ".join(LEADS)
    assert "unavailable" not in told
    assert told["with gaps"] == "V6"


def test_a_strip_with_a_gap_in_it_still_says_what_its_leads_were(tmp_path: Path) -> None:
    mv, on = signal_mv(40), event(Kind.PAUSE, 15, 20)
    sink = Strips(tmp_path)
    sink.start(info())
    for part in blocks(mv, BLOCK):
        if 15 * RATE <= part.start < 18 * RATE:
            part = type(part)(part.start, part.mv, part.sd, (Origin.UNAVAILABLE,) * 12)
        sink.twelve(part)
        if part.end == 21 * RATE:
            sink.event(on)
    sink.close({})
    told = facts(strip(tmp_path, on))
    assert told["measured"] == "II V1 V5"
    assert told["reconstructed"] == "I aVL aVF V2 V3 V4 V6"
    assert told["with gaps"] == " ".join(LEADS)


def test_its_annotations_are_the_onset_what_was_told_and_the_beats(tmp_path: Path) -> None:
    mv, on = signal_mv(60), event(Kind.PAUSE, 20, 23.4)
    off = over(Kind.PAUSE, 20, 28)
    beats = [(at, {"type": "beat", "sample": round(at * RATE), "class": "N"}) for at in (5, 12, 20, 23.4, 30, 50)]
    beats[4][1]["class"] = "V"
    kept(tmp_path, mv, [*beats, (23.5, on), (28.5, off)])
    notes = wfdb.rdann(str(tmp_path / on["strip"]), "alm")
    assert notes.sample.tolist() == [5000, 6700, 9000]
    assert notes.aux_note == ["pause onset", "pause on", "pause off"]
    seen = wfdb.rdann(str(tmp_path / on["strip"]), "qrs")
    assert seen.sample.tolist() == [1000, 5000, 6700, 10000]
    assert seen.symbol == ["N", "N", "N", "V"]


@pytest.mark.parametrize("block", [7, 250, 4999, 40_000])
@pytest.mark.parametrize("ahead_s", [-2.0, 0.0, 1.7])
def test_a_strip_does_not_depend_on_how_the_signal_was_cut_and_when_the_alert_came(
    tmp_path: Path, block: int, ahead_s: float
) -> None:
    mv = signal_mv(80)
    mv[round(47.3 * RATE) : round(52.1 * RATE)] = np.nan
    on = event(Kind.AF, 20, 55)
    kept(tmp_path / "usual", mv, [(54, on)])
    kept(tmp_path / "cut", mv, [(55 + ahead_s, on)], block)
    for suffix in (".dat", ".hea", ".alm"):
        usual, cut = ((tmp_path / way / on["strip"]).with_suffix(suffix).read_bytes() for way in ("usual", "cut"))
        assert cut == usual, suffix


def test_an_alert_near_the_start_has_what_there_is_before_it(tmp_path: Path) -> None:
    mv, on = signal_mv(40), event(Kind.ASYSTOLE, 3, 7)
    kept(tmp_path, mv, [(6, on)])
    record = strip(tmp_path, on)
    assert_shows(record, mv[: 17 * RATE])
    assert facts(record)["onset"] == "sample 1500"


def test_an_alert_near_the_end_has_what_there_is_after_it(tmp_path: Path) -> None:
    mv, on = signal_mv(40), event(Kind.ASYSTOLE, 30, 34)
    kept(tmp_path, mv, [(33, on)])
    assert_shows(strip(tmp_path, on), mv[20 * RATE :])


def test_an_alert_told_after_the_last_signal_has_its_strip(tmp_path: Path) -> None:
    mv, on = signal_mv(40), event(Kind.PAUSE, 36, 40)
    kept(tmp_path, mv, [(99, on)])
    assert_shows(strip(tmp_path, on), mv[26 * RATE :])


def test_an_onset_long_ago_leaves_the_fifty_seconds_before_the_alert_was_told(tmp_path: Path) -> None:
    mv, on = signal_mv(200), event(Kind.PVC_BURDEN, 20, 150)
    kept(tmp_path, mv, [(149, on)])
    assert_shows(strip(tmp_path, on), mv[100 * RATE : 160 * RATE])
    assert wfdb.rdann(str(tmp_path / on["strip"]), "alm").aux_note == ["pvc_burden on"]


def test_a_gap_is_missing_samples_in_their_place(tmp_path: Path) -> None:
    mv, on = signal_mv(60), event(Kind.PAUSE, 20, 24)
    mv[22 * RATE : 27 * RATE] = np.nan
    mv[15 * RATE : 15 * RATE + 20, 3:] = np.nan
    kept(tmp_path, mv, [(29, on)])
    record = strip(tmp_path, on)
    assert_shows(record, mv[10 * RATE : 34 * RATE])
    assert np.isnan(record.p_signal).all(axis=1).sum() == 5 * RATE


def test_a_night_without_signal_takes_no_memory_and_what_was_before_it_is_still_there(tmp_path: Path) -> None:
    before, on = signal_mv(30), event(Kind.PAUSE, 20, 24)
    sink = Strips(tmp_path)
    sink.start(info())
    for part in blocks(before, BLOCK):
        sink.twelve(part)
    night = np.broadcast_to(np.float32(np.nan), (1_000_000, 12))
    for k in range(20):
        sink.twelve(twelve(night, 30 * RATE + k * len(night)))
    sink.event(on)
    sink.close({})
    assert_shows(strip(tmp_path, on), np.concatenate([before[10 * RATE :], night[: 4 * RATE]]))


def test_the_memory_of_the_signal_is_bounded(tmp_path: Path) -> None:
    sink = kept(tmp_path, signal_mv(30), [])
    for k in range(100):
        sink.twelve(twelve(signal_mv(3, seed=1), (30 + 3 * k) * RATE))
    held = [piece.counts for piece in sink._recent.pieces if piece.counts is not None]
    assert 65 * RATE <= sum(map(len, held)) <= 70 * RATE
    assert all(counts.dtype == np.int16 for counts in held)
    assert sum(counts.nbytes for counts in held) < 1_000_000


def test_alerts_at_the_same_time_have_a_strip_each(tmp_path: Path) -> None:
    mv = signal_mv(60)
    first, second = event(Kind.TACHYCARDIA, 20, 30), event(Kind.PAUSE, 25, 29, number=3)
    kept(tmp_path, mv, [(28, second), (29, first)])
    assert_shows(strip(tmp_path, first), mv[10 * RATE : 40 * RATE])
    assert_shows(strip(tmp_path, second), mv[15 * RATE : 39 * RATE])


def test_an_alert_that_rises_keeps_the_strip_of_its_onset(tmp_path: Path) -> None:
    mv, on = signal_mv(90), event(Kind.TACHYCARDIA, 20, 30)
    again = event(Kind.TACHYCARDIA, 20, 60)
    assert again["strip"] == on["strip"]
    kept(tmp_path, mv, [(29, on), (59, again)])
    assert_shows(strip(tmp_path, on), mv[10 * RATE : 40 * RATE])


def test_neither_the_equipments_faults_nor_what_is_only_acknowledged_or_over_have_one(tmp_path: Path) -> None:
    told = [
        (20.0, event(Kind.ELECTRODE_OFF, 18, 20)),
        (21.0, over(Kind.PAUSE, 10, 21, state=State.ACKNOWLEDGED)),
        (22.0, over(Kind.PAUSE, 10, 22)),
    ]
    assert told[0][1]["strip"] is None
    kept(tmp_path, signal_mv(40), told)
    assert [*(tmp_path / "bed_7_alerts").iterdir()] == []


def test_a_strip_is_there_with_what_has_come_before_it_is_whole(tmp_path: Path) -> None:
    mv, on = signal_mv(33), event(Kind.TACHYCARDIA, 20, 30)
    sink = kept(tmp_path, mv, [(29, on)], close=False)
    assert_shows(strip(tmp_path, on), mv[10 * RATE :])
    np.testing.assert_allclose(open_recording(tmp_path / on["strip"]).mv, mv[10 * RATE :], atol=0.000501)
    sink.close({})


def test_every_name_is_one_that_wfdb_takes_and_says_when_the_alert_began(tmp_path: Path) -> None:
    of = alert(Kind.ST_ELEVATION, 20, 30)
    odd = type(of)("st_elevation-V5/lead (2)-1", *[getattr(of, name) for name in of.__slots__[1:]])
    name = Stamp(info().start_utc, "x").alert(odd)["strip"]
    assert name == "x/20260301T120020_250_st_elevation-V5_lead_2_-1"
    assert Stamp(info().start_utc).alert(of)["strip"] is None, "where no strips are kept none is named"
    assert f"{record_name('bed 7')}_alerts" == Path(event(Kind.PAUSE, 1, 2)["strip"]).parent.name


def test_a_full_disk_is_told_and_leaves_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mv, on = signal_mv(60), event(Kind.TACHYCARDIA, 20, 30)
    sink = Strips(tmp_path)
    sink.start(info())
    parts = [*blocks(mv, BLOCK)]
    for part in parts[:30]:
        sink.twelve(part)
    sink.event(on)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OutputError, match="disk is full") as caught:
        sink.twelve(parts[30])
    assert caught.value.reason is Reason.FULL
    sink.close({})
    assert_shows(strip(tmp_path, on), mv[10 * RATE : 30 * RATE])


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "bed_7_alerts").write_text("mine")
    with pytest.raises(OutputError, match="name a folder") as caught:
        Strips(tmp_path).start(info())
    assert caught.value.reason is Reason.UNWRITABLE
