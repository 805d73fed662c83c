"""The list of a folder's recordings tells what headers tell, and survives what is no recording."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from exports.recorded import Recorded, record
from sinks.a_run import BEGAN, blocks, info, signal_mv

from edge.errors import InputError, Reason
from edge.review.recordings import gaps, list_recordings, open_named, recently_written
from edge.sinks.recorder import Recorder


@pytest.fixture
def folder(recorded: Recorded, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded.path.parent, tmp_path / "night"))


def test_a_recording_is_told_by_its_headers(folder):
    (entry,) = list_recordings(folder).entries
    assert (entry.name, entry.device, entry.montage) == ("bed_7", "bed 7", "II,V1,V5")
    assert (entry.start_utc, entry.duration_s, entry.missing_s) == (BEGAN, 40.0, 3.0)
    assert (entry.alerts, entry.technical, entry.problem) == (2, 1, "")


def test_no_sample_is_read_for_it(folder):
    for path in folder.glob("*.dat"):
        path.unlink()
    assert list_recordings(folder).entries[0].duration_s == 40.0


def test_the_newest_stands_first(folder):
    record(folder.parent / "later", 20.0, gap_s=None, start_utc=BEGAN + timedelta(days=1))
    for path in (folder.parent / "later").iterdir():
        path.rename(folder / path.name.replace("bed_7", "bed_8"))
    for path in folder.glob("bed_8*.hea"):
        path.write_text(path.read_text().replace("bed_7", "bed_8"))
    assert [entry.name for entry in list_recordings(folder).entries] == ["bed_8", "bed_7"]


def test_raw_samples_segments_layouts_and_strips_are_no_recordings(tmp_path):
    sink = Recorder(tmp_path, raw=True)
    sink.start(info())
    for block in blocks(signal_mv(2.0), 250):
        sink.twelve(block)
    sink.close({})
    assert [entry.name for entry in list_recordings(tmp_path).entries] == ["bed_7"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("bed_7.json", b"\x00\xff{"), ("bed_7.json", b"[1, 2]"), ("bed_7.json", b"{}"), ("bed_7.hea", b""),
     ("bed_7.hea", b"bed_7/3 12 500 1\n"), ("bed_7_layout.hea", b"\x80\x81"), ("bed_7.alm", b"\xff" * 31),
     ("bed_7.json", b'{"origin": {"II": "guessed"}, "montage": "II"}'), ("bed_7.json", b'{"origin": 7, "montage": 5}')],
)  # fmt: skip
def test_what_does_not_open_is_listed_with_the_reason(folder, name, content):
    (folder / name).write_bytes(content)
    entries = list_recordings(folder).entries
    assert [entry.name for entry in entries] == ["bed_7"]
    assert entries[0].problem


def test_strange_files_beside_it_are_passed_over(folder):
    (folder / "no header.hea").write_text("x")
    (folder / "other.json").write_text("{}")
    (folder / "other.hea").mkdir()
    os.mkfifo(folder / "pipe.json")
    assert [entry.name for entry in list_recordings(folder).entries if not entry.problem] == ["bed_7"]


def test_a_log_of_alerts_that_is_not_ours_is_told(folder):
    (folder / "bed_7_alerts" / "log.jsonl").write_text(
        '{"type": "start", "utc": 5}\n{"type": "alert", "state": "on"}\n[]\nx\n'
    )
    assert list_recordings(folder).entries[0].alerts == 2


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="name the folder of --record"):
        list_recordings(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../night/bed_7", "bed_7/", "nope", "bed_7.hea", "bed 7", "a" * 200, "bed_7\0"]
)
def test_only_names_of_the_folder_open(folder, name):
    with pytest.raises(InputError) as told:
        open_named(folder, name)
    assert told.value.reason is Reason.NOT_FOUND


def test_a_recording_that_is_being_written_opens_with_what_was_flushed(tmp_path):
    sink = Recorder(tmp_path, raw=False)
    sink.start(info())
    for block in blocks(signal_mv(5.0), 250):
        sink.twelve(block)
    (entry,) = list_recordings(tmp_path).entries
    assert 4.0 <= entry.duration_s <= 5.0
    assert recently_written(tmp_path, 60.0) == ["bed_7"]
    assert recently_written(tmp_path, -60.0) == []
    sink.close({})


def test_gaps_are_where_the_header_has_them(recorded):
    assert gaps(open_named(recorded.path.parent, "bed_7")) == [(10_000, 11_500)]
