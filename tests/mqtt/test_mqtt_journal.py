from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import OutputError
from edge.sinks.mqtt_journal import OVERHEAD_BYTES, Journal, Message, Worth
from edge.sinks.mqtt_mark import Mark
from edge.sinks.mqtt_outbox import FILE, Outbox


def message(k: int, worth: Worth = Worth.BEAT, size: int = 20) -> Message:
    payload = f'{{"k":{k}}}'.encode()
    return Message("t", payload.ljust(size), worth.name.lower(), worth)


def ks(rows: list[object]) -> list[int]:
    return [int(row.payload.split(b":")[1].split(b"}")[0]) for row in rows]  # type: ignore[attr-defined]


def test_what_is_put_comes_out_in_order_until_it_has_arrived(tmp_path):
    box = Outbox(tmp_path, 10**6)
    for k in range(5):
        box.put(message(k))
    rows = box.next(0, 3)
    assert ks(rows) == [0, 1, 2]
    assert ks(box.next(rows[-1].n, 3)) == [3, 4]
    box.arrived({rows[0].n, rows[2].n})
    assert ks(box.next(0, 9)) == [1, 3, 4]
    assert box.waiting == 3
    box.close()


def test_what_waits_is_there_for_the_next_process_which_says_what_may_have_been_sent(tmp_path):
    box = Outbox(tmp_path, 10**6)
    for k in range(4):
        box.put(message(k))
    assert [box.sending(row) for row in box.next(0, 2)] == [False, False]
    box.close()
    again = Outbox(tmp_path, 10**6)
    again.put(message(4))
    rows = again.next(0, 9)
    assert ks(rows) == [0, 1, 2, 3, 4]
    assert [again.sending(row) for row in rows] == [True, True, False, False, False]
    again.close()


def test_numbers_go_on_when_all_has_arrived(tmp_path):
    box = Outbox(tmp_path, 10**6)
    box.put(message(0))
    (row,) = box.next(0, 9)
    box.sending(row)
    box.arrived({row.n})
    box.close()
    again = Outbox(tmp_path, 10**6)
    again.put(message(1))
    (later,) = again.next(0, 9)
    assert later.n > row.n
    assert not again.sending(later), "it is new, and is sent as new"
    again.close()


def test_a_process_that_is_killed_loses_no_alert(tmp_path):
    program = f"""
import os, signal
from pathlib import Path
from edge.sinks.mqtt_journal import Message, Worth
from edge.sinks.mqtt_outbox import Outbox
box = Outbox(Path({str(tmp_path)!r}), 10**6)
for k in range(50):
    box.put(Message("t", b'{{"k":%d}}' % k, "alert", Worth.ALERT))
box.put(Message("t", b'{{"k":50}}', "beat", Worth.BEAT))
[box.sending(row) for row in box.next(0, 10)]
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    box = Outbox(tmp_path, 10**6)
    rows = box.next(0, 99)
    assert ks(rows)[:50] == [*range(50)]
    assert [box.sending(row) for row in rows][:12] == [True] * 10 + [False] * 2
    box.close()


def test_where_there_is_no_room_the_least_worth_goes_first_and_is_counted_and_alerts_go_last(tmp_path):
    each = 20 + 1 + OVERHEAD_BYTES
    journal = Journal(tmp_path / "q", 40 * each)
    kinds = (Worth.LEADS, Worth.BEAT, Worth.ALERT)
    for n in range(1, 61):
        journal.put(n, message(n, kinds[n % 3]), flying=0)
    left = [m for _, m in journal.messages()]
    assert journal.bytes <= 40 * each
    assert journal.count == len(left)
    assert sum(journal.dropped.values()) + len(left) == 60, "what is not there is counted"
    assert [n for n, m in journal.messages() if m.kind == "leads"] in ([], [60]), "the leads went first"
    assert journal.dropped["beat"] > 0
    assert journal.dropped["alert"] == 0
    for n in range(61, 161):
        journal.put(n, message(n, Worth.ALERT), flying=0)
    assert journal.dropped["alert"] > 0, "a queue of nothing but alerts is bounded too"
    assert [n for n, _ in journal.messages()][-1] == 160
    journal.close()
    counted = Journal(tmp_path / "q", 40 * each)
    assert counted.dropped == journal.dropped
    counted.close()


def test_what_is_on_its_way_is_not_left_out(tmp_path):
    each = 20 + 1 + OVERHEAD_BYTES
    journal = Journal(tmp_path / "q", 10 * each)
    for n in range(1, 31):
        journal.put(n, message(n), flying=4)
    assert [row.n for row in journal.next(0, 4)] == [1, 2, 3, 4]
    journal.close()


def test_what_may_have_arrived_is_left_out_after_its_like_lest_it_is_counted_and_there(tmp_path):
    each = 20 + 1 + OVERHEAD_BYTES
    box = Outbox(tmp_path, 20 * each)
    for k in range(6):
        box.put(message(k))
    for row in box.next(0, 4):
        box.sending(row)
    box.landed()  # the line was cut before anything was acknowledged
    for k in range(6, 60):
        box.put(message(k))
    kept = ks(box.next(0, 99))
    assert kept[:4] == [0, 1, 2, 3]
    assert kept[4] > 6
    assert len(kept) + sum(box.dropped.values()) == 60
    box.close()


def test_a_disk_that_is_full_takes_nothing_and_nothing_is_lost(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    box = Outbox(tmp_path, 10**8)
    try:
        for k in range(20):
            box.put(message(k))
        box._disk.commit()
        resource.setrlimit(resource.RLIMIT_FSIZE, (32_768, before[1]))
        for k in range(20, 60):
            box.put(message(k, Worth.ALERT if k % 2 else Worth.BEAT, 5000))
        news = box.take_news()
        assert [one.up for one in news] == [False]
        assert "kept in memory" in news[0].text
        rows = box.next(0, 99)
        assert ks(rows) == [*range(60)], "none is missing, none twice, and all in order"
        box.arrived({row.n for row in rows[:30]})
        assert ks(box.next(0, 99)) == [*range(30, 60)], "what has arrived is not sent again"
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        box._disk_due_s = 0.0
        box.tick()
        assert [one.up for one in box.take_news()] == [True]
        assert ks(box.next(0, 99)) == [*range(30, 60)]
        assert box.waiting == 30
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
        box.close()
    again = Outbox(tmp_path, 10**8)
    assert ks(again.next(0, 99)) == [*range(30, 60)]
    again.close()


def test_what_is_put_is_soon_in_the_file_though_whoever_sends_is_held_up(tmp_path, monkeypatch):
    monkeypatch.setattr("edge.sinks.mqtt_journal.COMMIT_S", 0.0)
    box = Outbox(tmp_path, 10**6)
    box.put(message(0))
    with contextlib.closing(sqlite3.connect(f"file:{tmp_path / FILE}?mode=ro", uri=True)) as other:
        assert other.execute("SELECT count(*) FROM waiting").fetchone() == (1,)
    box.close()


def test_a_file_that_is_damaged_is_kept_aside_and_told_of(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database, but long enough to be looked at" * 100)
    box = Outbox(tmp_path, 10**6)
    (news,) = box.take_news()
    assert "damaged" in news.text
    assert (tmp_path / f"{FILE}.damaged").exists()
    box.put(message(1))
    assert ks(box.next(0, 9)) == [1]
    box.close()


def test_two_programs_do_not_send_the_same_queue(tmp_path):
    box = Outbox(tmp_path, 10**6)
    with pytest.raises(OutputError, match="another program"):
        Outbox(tmp_path, 10**6)
    box.close()
    Outbox(tmp_path, 10**6).close()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="no permission"):
        Outbox(tmp_path / "queue", 10**6)


def test_after_another_boot_all_that_waits_may_have_been_sent(tmp_path, monkeypatch):
    mark = Mark(tmp_path / "sent", 0)
    mark.rise(7)
    mark.close()
    same = Mark(tmp_path / "sent", 12)
    assert same.value == 7
    same.close()
    monkeypatch.setattr("edge.sinks.mqtt_mark._boot", lambda: b"another".ljust(36))
    other = Mark(Path(tmp_path / "sent"), 12)
    assert other.value == 12
    other.close()
