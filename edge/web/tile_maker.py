"""A thread that makes recordings' tiles: of one that is opened at once, of one that grows every half minute."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path

from edge.errors import EdgeError, Reason
from edge.exports.run_record import RunRecord
from edge.review.recordings import open_named, recently_written
from edge.review.tiles import extend, find_tiles

EVERY_S = 30.0  # between two looks at what grows: 15000 samples, a few ms of work
AGAIN_S = 60.0  # after tiles could not be made
AFTER_S = 1.0  # from the wish on: the page that opens a recording comes first
REST_S = 0.002  # between two pieces of an old recording: a live stream goes first
_log = logging.getLogger(__name__)


class TileMaker:
    """`want(record)` is quick and may be called from any thread; `close()` ends the thread, keeping what is made.

    With `watch` it also looks after what is being recorded in `folder`, whether or not anybody is looking.
    """

    def __init__(self, folder: Path, watch: bool = False) -> None:
        self._folder, self._watch = folder, watch
        self._wanted: dict[str, None] = {}  # names, in order; a set that keeps it
        self._making: tuple[str, float] = ("", 0.0)
        self._problems: dict[str, tuple[str, float]] = {}  # by name, in words, and when: time.monotonic()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        if watch:
            self._begin()

    def want(self, record: RunRecord) -> None:
        with self._changed:
            _, failed_s = self._problems.get(record.name, ("", -AGAIN_S))
            if time.monotonic() < failed_s + AGAIN_S:
                return
            self._wanted.setdefault(record.name)
            self._begin()
            self._changed.notify_all()

    def state(self, record: RunRecord) -> dict[str, object]:
        """How much of a record's tiles there is (0 to 1), whether they are being made, and what is in the way."""
        name, share = self._making
        making = name == record.name or record.name in self._wanted
        done = find_tiles(record).done / record.samples
        return {"done": max(done, share) if name == record.name else done, "making": making} | (
            {"problem": self._problems[record.name][0]} if record.name in self._problems else {}
        )

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="tiles", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closed:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wanted, EVERY_S if self._watch else None)
                if self._wanted:
                    self._changed.wait_for(lambda: self._closed, AFTER_S)
                names = list(self._wanted)
            for name in names or (recently_written(self._folder, 4 * EVERY_S) if self._watch else []):
                self._make(name)
                with self._changed:
                    self._wanted.pop(name, None)

    def _make(self, name: str) -> None:
        try:
            with contextlib.closing(extend(open_named(self._folder, name))) as pieces:
                for share in pieces:
                    self._making = name, share
                    if self._closed:
                        return
                    time.sleep(REST_S)
            self._problems.pop(name, None)
        except EdgeError as error:
            if error.reason is not Reason.BUSY:
                self._problems[name] = str(error), time.monotonic()
        except Exception:  # noqa: BLE001  of one recording: the others' tiles do not depend on it
            _log.exception("the tiles of %s", name)
            self._problems[name] = "its tiles could not be made: the log says why", time.monotonic()
        finally:
            self._making = "", 0.0
