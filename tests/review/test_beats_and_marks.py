"""Beats, rhythms and alerts of a stretch, as the files beside the recording tell them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from exports.recorded import Recorded
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.exports.run_record import RunRecord, open_run
from edge.recordings.annotations import AnnotationWriter, read_annotations
from edge.review import marks
from edge.review.beats import read_beats

STEPS = st.lists(st.tuples(st.one_of(st.integers(0, 1023), st.integers(0, 3_000_000)), st.sampled_from("NVSFQ")))


@pytest.fixture
def night(recorded: Recorded, tmp_path: Path) -> RunRecord:
    return open_run(Path(shutil.copytree(recorded.path.parent, tmp_path / "night")) / "bed_7")


def read_slowly(path: Path) -> list[tuple[int, str]]:
    return [(mark.sample, mark.symbol) for mark in read_annotations(path) if mark.symbol in "NVSFQ"]


@settings(max_examples=40, deadline=None)
@given(flushes=st.lists(STEPS, max_size=4))
def test_beats_are_those_that_the_careful_reader_reads(tmp_path_factory, run, flushes):
    folder = tmp_path_factory.mktemp("beats")
    with AnnotationWriter(folder / "bed_7.qrs") as file:
        for steps in flushes:  # each begins anew: what comes late goes back in time
            at = 0
            for step, kind in steps:
                at += step
                file.add(at, kind)
            file.flush()
    for path in run.header_path.parent.glob("bed_7*.*"):
        if path.is_file() and path.suffix in (".hea", ".json"):
            shutil.copy(path, folder)
    found = read_beats(open_run(folder / "bed_7"))
    assert list(zip(found.samples.tolist(), found.kinds.tolist(), strict=True)) == read_slowly(folder / "bed_7.qrs")


def test_notes_that_another_program_put_among_the_beats_do_no_harm(night):
    path = night.header_path.with_suffix(".qrs")
    path.unlink()
    with AnnotationWriter(path) as file:
        file.add(100, "N")
        file.add(150, '"', "a note")
        file.add(200, "V")
    assert read_beats(night).samples.tolist() == [100, 200]


def test_a_beat_file_that_is_cut_off_gives_the_beats_before(night):
    path = night.header_path.with_suffix(".qrs")
    path.write_bytes(path.read_bytes()[:21])
    assert read_beats(night).samples.tolist() == [n for n, _ in read_slowly(path)]


def test_no_file_means_no_beats(night):
    night.header_path.with_suffix(".qrs").unlink()
    assert len(read_beats(night).samples) == 0


def test_beats_of_a_stretch_and_only_a_count_where_there_are_too_many(recorded, run, monkeypatch):
    beats = read_beats(run)
    samples, kinds, count = marks.beats_within(beats, 500, 1500)
    assert samples == [n for n in recorded.beats if 500 <= n < 1500]
    assert (kinds, count) == ("NNV", 3)
    monkeypatch.setattr(marks, "MAX_BEATS", 2)
    assert marks.beats_within(beats, 500, 1500) == ([], "", 3)


def test_rhythms_that_hold_in_a_stretch_are_told_whole(run):
    spans, count = marks.rhythms(run, 5000, 7000)
    assert [(span.first, span.last, span.label) for span in spans] == [(600, 6000, "sinus"), (6000, 20_000, "af")]
    assert count == 2
    assert [span.label for span in marks.rhythms(run, 7000, 7001)[0]] == ["af"]
    assert marks.rhythms(run, 0, 600)[0] == []


def test_alerts_come_with_evidence_priority_and_end(run):
    found, count = marks.alerts(run)
    assert count == 3
    vt = next(one for one in found if one.told.kind == "vt")
    assert (vt.told.onset, vt.told.sample, vt.ended) == (5000, 6000, 7000)
    assert (str(vt.told.priority), dict(vt.told.evidence)) == ("high", {"rate_per_min": 140.0})
    assert vt.told.leads["II"] == "measured"
    assert vt.strip
    assert next(one for one in found if one.told.kind == "af").ended is None


def test_an_alert_without_its_log_is_still_told(night):
    shutil.rmtree(night.header_path.parent / "bed_7_alerts")
    found, _ = marks.alerts(night)
    assert [(str(one.told.kind), one.strip) for one in found] == [("vt", None), ("gap", None), ("af", None)]


def test_the_list_of_alerts_is_bounded_and_says_how_many_there_are(run, monkeypatch):
    monkeypatch.setattr(marks, "MAX_ALERTS", 1)
    found, count = marks.alerts(run)
    assert (len(found), count) == (1, 3)


def test_samples_are_whole_numbers_in_order(run):
    beats = read_beats(run)
    assert beats.samples.dtype == np.int64
    assert (np.diff(beats.samples) > 0).all()
