"""What waits for the broker: on the disk, and in memory where the disk takes nothing."""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

from edge.errors import OutputError, Reason
from edge.recordings.storage import claimed, open_to_write, output_error
from edge.sinks.base import News
from edge.sinks.mqtt_journal import Journal, Message, Row
from edge.sinks.mqtt_mark import Mark

FILE, MARK, LOCK = "queue.sqlite", "sent", "lock"
MEMORY_BYTES = 4_000_000  # where the disk takes nothing: an hour of alerts and beats
REST_S = 10.0  # of a disk that failed, before it is tried again


class Outbox:
    """Messages in order, each with a number, until they have arrived; several threads may use it.

    Those that an earlier process left come first. What is left out is counted by kind, over all runs that used the
    folder. Raises OutputError where the folder cannot be used, and later nothing.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._lock, self._claim = threading.RLock(), _claim(folder)
        self._news: list[News] = []
        try:
            self._disk = self._open(folder / FILE, most_bytes)
            self._mark = Mark(folder / MARK, self._disk.last)
        except BaseException:
            os.close(self._claim)
            raise
        self._memory = Journal(None, MEMORY_BYTES)
        self._number = max(self._disk.last, self._mark.value)
        self._flying = 0  # up to this number messages are on their way
        self._arrived: set[int] = set()  # that the disk would not strike out
        self._disk_due_s = 0.0  # when the disk is tried again
        self._failing = False
        self._closed = False

    @property
    def waiting(self) -> int:
        return self._disk.count + self._memory.count - len(self._arrived)

    @property
    def waiting_bytes(self) -> int:
        return self._disk.bytes + self._memory.bytes

    @property
    def dropped(self) -> Counter[str]:
        """Messages that were left out, by kind."""
        return self._disk.dropped + self._memory.dropped

    def put(self, message: Message) -> None:
        with self._lock:
            self._number += 1
            if not self._try(lambda: self._disk.put(self._number, message, self._flying, self._mark.value)):
                self._keep({self._number: message})
            self._try(self._disk.tick)  # here too: who sends may be held up by a name that nobody resolves

    def next(self, after: int, most: int) -> list[Row]:
        """The first `most` messages after number `after`."""
        with self._lock:
            rows = self._memory.next(after, most)
            with contextlib.suppress(sqlite3.Error):
                rows += self._disk.next(after, most + len(self._arrived))
            kept = [row for row in rows if row.n not in self._arrived]
            return sorted(kept, key=lambda row: row.n)[:most]

    def sending(self, row: Row) -> bool:
        """To be told before `row` is sent: whether it may have been before."""
        with self._lock:
            self._flying = max(self._flying, row.n)
            again: bool = row.n <= self._mark.value
            with contextlib.suppress(OutputError):
                self._mark.rise(row.n)
            return again

    def landed(self) -> None:
        """Nothing is on its way any more: what has not arrived will be sent again."""
        with self._lock:
            self._flying = 0

    def arrived(self, numbers: Collection[int]) -> None:
        with self._lock:
            held = {n for n in numbers if self._memory.has(n)}
            rest = {*numbers} - held
            self._memory.delete(held)
            if rest and not self._try(lambda: self._disk.delete(rest)):
                self._arrived |= rest

    def tick(self) -> None:
        """From time to time: what was done is written, and what is in memory tried on the disk."""
        with self._lock:
            self._memory.tick()
            if self._try(self._disk.tick) and self._failing:
                self._return()

    def take_news(self) -> list[News]:
        with self._lock:
            news, self._news = self._news, []
        return news

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._failing:
                self._disk_due_s = 0.0
                self._return()
            with contextlib.suppress(sqlite3.Error):
                self._disk.close()
            self._memory.close()
            self._mark.close()
            os.close(self._claim)

    def _try(self, what: Callable[[], object]) -> bool:
        """Whether the disk did it; what it undid for that is in memory then."""
        if time.monotonic() < self._disk_due_s:
            return False
        try:
            what()
        except sqlite3.Error as error:
            self._disk_due_s = time.monotonic() + REST_S
            self._keep(self._disk.undone.put)
            self._arrived |= self._disk.undone.deleted
            self._disk.undone.put, self._disk.undone.deleted = {}, set()
            if not self._failing:
                self._failing = True
                text = f"{self.folder / FILE} cannot be written ({error}): what waits for the broker is kept in memory"
                self._news.append(News(False, text))
            return False
        return True

    def _keep(self, messages: dict[int, Message]) -> None:
        for n, message in messages.items():
            if not self._memory.has(n):
                self._memory.put(n, message, self._flying, self._mark.value)

    def _return(self) -> None:
        """What is in memory goes to the disk, which works again."""
        held = self._memory.messages()
        for n, message in held:
            if not self._try(functools.partial(self._disk.put, n, message, self._flying, self._mark.value)):
                return
        gone = self._arrived
        if self._try(lambda: self._disk.delete(gone)) and self._try(self._disk.commit):
            self._memory.delete(n for n, _ in held)
            self._memory.commit()
            self._arrived, self._failing = set(), False
            self._news.append(News(True, f"{self.folder / FILE} can be written again"))

    def _open(self, path: Path, most_bytes: int) -> Journal:
        """The file as it was left; one that is damaged is kept aside, and another begun."""
        try:
            return Journal(path, most_bytes)
        except sqlite3.OperationalError as error:
            raise OutputError(
                f"cannot write {path} ({error}): free some space, or name another folder as queue in [mqtt]",
                Reason.UNWRITABLE,
            ) from None
        except sqlite3.DatabaseError as error:
            aside = path.with_name(f"{path.name}.damaged")
            try:
                path.replace(aside)
                for rest in ("-wal", "-shm"):
                    path.with_name(path.name + rest).unlink(missing_ok=True)
                fresh = Journal(path, most_bytes)
            except (OSError, sqlite3.Error):
                raise OutputError(
                    f"{path} is damaged ({error}) and cannot be replaced: remove it", Reason.UNWRITABLE
                ) from None
            self._news.append(
                News(False, f"{path} was damaged ({error}) and is kept as {aside.name}: what waited in it is not sent")
            )
            return fresh


def _claim(folder: Path) -> int:
    """A lock on `folder`, which is made where it is not there, for its user alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise output_error(folder, error) from None
    path = folder / LOCK
    descriptor = open_to_write(path)
    taken = f"another program sends what waits in {folder}: end it, or name another folder as queue in [mqtt]"
    with claimed(descriptor, path, taken):
        os.fchmod(descriptor, 0o600)
    return descriptor
