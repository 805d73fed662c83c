from __future__ import annotations

import errno
import json
import os
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from a_run import BEGAN, event, info, over

from edge.alert import Kind, State
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.sinks.alert_log import AlertLog

ON = event(Kind.PAUSE, 20, 24)
OFF = over(Kind.PAUSE, 20, 30)
SUMMARY: Event = {"type": "summary", "t": 60.0, "sample": 30_000, "utc": "2026-03-01T12:01:00", "alerts": {"pause": 1}}


def log(folder: Path) -> Path:
    return folder / "bed_7_alerts" / "log.jsonl"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log(folder).read_text().splitlines()]


def ran(folder: Path, *events: Event, later_s: float = 0.0) -> None:
    sink = AlertLog(folder)
    sink.start(info(start_utc=BEGAN + timedelta(seconds=later_s)))
    for told in events:
        sink.event(told)
    sink.close({})


def test_every_change_of_an_alert_is_a_line_between_the_runs_start_and_its_end(tmp_path: Path) -> None:
    technical = event(Kind.GAP, 40, 41)
    seen = over(Kind.PAUSE, 20, 27, state=State.ACKNOWLEDGED)
    ran(tmp_path, {"type": "beat", "sample": 1, "class": "N"}, ON, seen, OFF, technical, {"type": "health"}, SUMMARY)
    start, *changes, end = lines(tmp_path)
    assert (start["type"], start["device"], start["utc"]) == ("start", "bed 7", "2026-03-01T12:00:00.250+00:00")
    assert changes == [ON, seen, OFF, technical]
    assert end == {"type": "end", **{key: SUMMARY[key] for key in ("t", "sample", "utc", "alerts")}}


def test_a_line_is_in_the_file_when_the_alert_has_been_told(tmp_path: Path) -> None:
    sink = AlertLog(tmp_path)
    sink.start(info())
    sink.event(ON)
    assert lines(tmp_path)[-1] == ON
    sink.close({})


def test_each_line_goes_through_to_the_disk_and_the_run_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    may_go_on = threading.Event()

    def slow(descriptor: int) -> None:
        assert may_go_on.wait(10)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", slow)
    sink = AlertLog(tmp_path)
    began_s = time.monotonic()
    sink.start(info())
    sink.event(ON)
    sink.event(OFF)
    assert time.monotonic() - began_s < 5
    assert synced == []
    may_go_on.set()
    sink.close({})
    assert len(synced) == 3
    assert synced[-1] == log(tmp_path).stat().st_size


def test_what_the_disk_refuses_later_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    sink = AlertLog(tmp_path)
    sink.start(info())
    with pytest.raises(OutputError, match="check the disk"):
        sink.close({})


def test_a_later_run_goes_on_with_the_log(tmp_path: Path) -> None:
    ran(tmp_path, ON, OFF, SUMMARY)
    before = log(tmp_path).read_bytes()
    ran(tmp_path, ON, later_s=3600)
    assert log(tmp_path).read_bytes().startswith(before)
    assert [line["type"] for line in lines(tmp_path)] == ["start", "alert", "alert", "end", "start", "alert"]


@pytest.mark.parametrize("torn_bytes", [1, 40, 300])
def test_a_line_that_was_cut_off_is_taken_away_and_the_others_stay(tmp_path: Path, torn_bytes: int) -> None:
    ran(tmp_path, ON, OFF)
    whole = log(tmp_path).read_bytes()
    line = json.dumps(ON).encode()
    log(tmp_path).write_bytes(whole + line[:torn_bytes])
    ran(tmp_path, ON, later_s=60)
    assert log(tmp_path).read_bytes().startswith(whole)
    assert [told["type"] for told in lines(tmp_path)] == ["start", "alert", "alert", "start", "alert"]


def test_a_last_line_that_lacks_nothing_but_its_end_stays(tmp_path: Path) -> None:
    ran(tmp_path, ON, OFF)
    log(tmp_path).write_bytes(log(tmp_path).read_bytes().rstrip(b"\n"))
    ran(tmp_path, later_s=60)
    assert [told["type"] for told in lines(tmp_path)] == ["start", "alert", "alert", "start"]


def test_zeros_that_a_power_cut_left_at_the_end_are_taken_away(tmp_path: Path) -> None:
    ran(tmp_path, ON, OFF)
    log(tmp_path).write_bytes(log(tmp_path).read_bytes() + b"\0" * 500)
    ran(tmp_path, later_s=60)
    assert len(lines(tmp_path)) == 4


def test_a_file_that_is_no_log_is_left_as_it_is(tmp_path: Path) -> None:
    log(tmp_path).parent.mkdir()
    log(tmp_path).write_text("my notes")
    with pytest.raises(OutputError, match="no log of alerts") as caught:
        AlertLog(tmp_path).start(info())
    assert caught.value.reason is Reason.UNWRITABLE
    assert log(tmp_path).read_text() == "my notes"


def test_two_runs_cannot_write_one_log(tmp_path: Path) -> None:
    first = AlertLog(tmp_path)
    first.start(info())
    with pytest.raises(OutputError, match="another program"):
        AlertLog(tmp_path).start(info())
    first.close({})
    ran(tmp_path)


def test_a_full_disk_is_told_and_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = AlertLog(tmp_path)
    sink.start(info())
    sink.event(ON)
    real, free = os.write, [20]

    def limited(descriptor: int, data: memoryview) -> int:
        if not free[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = real(descriptor, bytes(data)[: free[0]])
        free[0] -= written
        return written

    monkeypatch.setattr(os, "write", limited)
    with pytest.raises(OutputError, match="disk is full") as caught:
        sink.event(OFF)
    assert caught.value.reason is Reason.FULL
    monkeypatch.undo()
    assert [told["type"] for told in lines(tmp_path)] == ["start", "alert"]
    sink.close({})


def test_a_run_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    AlertLog(tmp_path).close({})
    assert [*tmp_path.iterdir()] == []
