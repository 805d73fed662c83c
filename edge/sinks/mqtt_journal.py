"""What waits for the broker, in a file that a killed process leaves whole: bounded, the least worth left out first."""

from __future__ import annotations

import enum
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

COMMIT_S = 1.0  # between two writes of what is of little worth: a memory card wears
ROOM = 0.05  # of the bound, made at once when it is reached: one row at a time would cost a search each
OVERHEAD_BYTES = 100  # of a row, beside its topic and payload
SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS waiting (
    n INTEGER PRIMARY KEY, worth INTEGER NOT NULL, kind TEXT NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_worth ON waiting (worth, n);
CREATE TABLE IF NOT EXISTS dropped (kind TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""


class Worth(enum.IntEnum):
    """What is left out first where there is no room: the lowest, and of those the oldest."""

    LEADS = 0
    HEALTH = 1
    BEAT = 2
    COURSE = 3  # rhythm, gaps, the link: few, and what a night is told by
    ALERT = 9  # only when nothing else is left


@dataclass(frozen=True, slots=True)
class Message:
    """One message that must arrive."""

    topic: str
    payload: bytes
    kind: str  # for counts: "beat"
    worth: Worth

    @property
    def size_bytes(self) -> int:
        return len(self.topic) + len(self.payload) + OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Row:
    """A message in its place: `n` grows with the order in which they were put."""

    n: int
    topic: str
    payload: bytes


@dataclass(slots=True)
class Undone:
    """What a disk did not take."""

    put: dict[int, Message] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)


class Journal:
    """Messages in a SQLite file, or in memory; at most `most_bytes` of them. For one thread at a time.

    An alert is on the disk when `put` returns; the rest is with the system within COMMIT_S of `tick`s. Errors:
    sqlite3.Error; everything since the last commit is in `undone` then, for the caller to do again.
    """

    def __init__(self, path: Path | None, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1.0)
        try:
            self._db.executescript(SCHEMA)
            found = self._db.execute("SELECT count(*), total(bytes), max(n) FROM waiting").fetchone()
            self.dropped: Counter[str] = Counter(dict(self._db.execute("SELECT kind, count FROM dropped")))
        except sqlite3.Error:
            self._db.close()
            raise
        self.count, self.bytes, self.last = int(found[0]), int(found[1]), int(found[2] or 0)
        self._commit_due_s = 0.0
        self._fresh: dict[int, Message] = {}  # put since the last commit
        self._deleted: list[int] = []  # likewise
        self.undone = Undone()

    def put(self, n: int, message: Message, flying: int, sent: int = 0) -> None:
        """`flying`: up to this number messages are on their way, and are not left out; `sent`: they may have been.

        What may have arrived already is left out after its like: it would be counted as missing, and be there.
        """
        urgent = message.worth is Worth.ALERT
        if self.bytes + message.size_bytes > self._most_bytes:
            self._make_room(message.size_bytes, flying, sent)
        if urgent:
            self.commit()
            self._db.execute("PRAGMA synchronous = FULL")
        self._begin()
        row = (n, message.worth, message.kind, message.topic, message.payload, message.size_bytes)
        try:
            self._db.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?)", row)
            if urgent:
                self.commit()
        except sqlite3.Error:
            self._undo()
            raise
        finally:
            if urgent:
                self._db.execute("PRAGMA synchronous = NORMAL")
        self.count, self.bytes, self.last = self.count + 1, self.bytes + message.size_bytes, max(self.last, n)
        if not urgent:
            self._fresh[n] = message

    def has(self, n: int) -> bool:
        return bool(self._db.execute("SELECT 1 FROM waiting WHERE n = ?", (n,)).fetchall())

    def messages(self) -> list[tuple[int, Message]]:
        """All of them with their numbers."""
        found = self._db.execute("SELECT n, topic, payload, kind, worth FROM waiting ORDER BY n")
        return [(n, Message(topic, payload, kind, Worth(worth))) for n, topic, payload, kind, worth in found]

    def next(self, after: int, most: int) -> list[Row]:
        """The first `most` messages after number `after`."""
        found = self._db.execute("SELECT n, topic, payload FROM waiting WHERE n > ? ORDER BY n LIMIT ?", (after, most))
        return [Row(*row) for row in found]

    def delete(self, numbers: Iterable[int]) -> None:
        """They have arrived."""
        self._begin()
        try:
            for n in numbers:
                gone = self._db.execute("DELETE FROM waiting WHERE n = ? RETURNING bytes", (n,)).fetchall()
                self.count, self.bytes = self.count - len(gone), self.bytes - sum(row[0] for row in gone)
                self._fresh.pop(n, None)
                self._deleted.append(n)
        except sqlite3.Error:
            self._undo()
            raise

    def tick(self) -> None:
        """From time to time: what was done is written."""
        if self._db.in_transaction and time.monotonic() >= self._commit_due_s:
            self.commit()
            if not self.count:
                self._db.execute("PRAGMA incremental_vacuum").fetchall()

    def commit(self) -> None:
        if not self._db.in_transaction:
            return
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._undo()
            raise
        self._fresh.clear()
        self._deleted.clear()

    def close(self) -> None:
        try:
            self.commit()
        finally:
            self._db.close()

    def _make_room(self, needed_bytes: int, flying: int, sent: int) -> None:
        """Leaves out the least worth, the oldest first, and counts it in the same stroke."""
        target = (1.0 - ROOM) * self._most_bytes - needed_bytes
        order = "SELECT n, kind, bytes FROM waiting WHERE n > ? ORDER BY worth, n <= ?, n"
        found = self._db.execute(order, (flying, sent))
        out: list[tuple[int]] = []
        counts: Counter[str] = Counter()
        freed = 0
        for n, kind, size in found:
            if self.bytes - freed <= target:
                break
            out.append((n,))
            counts[kind] += 1
            freed += size
        count = "INSERT INTO dropped VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET count = count + excluded.count"
        self._begin()
        try:
            self._db.executemany("DELETE FROM waiting WHERE n = ?", out)
            self._db.executemany(count, [*counts.items()])
        except sqlite3.Error:
            self._undo()
            raise
        for (n,) in out:
            self._fresh.pop(n, None)
        self.dropped += counts
        self.count, self.bytes = self.count - len(out), self.bytes - freed

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
            self._commit_due_s = time.monotonic() + COMMIT_S

    def _undo(self) -> None:
        """Back to the last commit, and the counts with it."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        found = self._db.execute("SELECT count(*), total(bytes) FROM waiting").fetchone()
        self.count, self.bytes = int(found[0]), int(found[1])
        self.dropped = Counter(dict(self._db.execute("SELECT kind, count FROM dropped")))
        self.undone.put |= self._fresh
        self.undone.deleted |= {*self._deleted}
        self._fresh.clear()
        self._deleted.clear()
