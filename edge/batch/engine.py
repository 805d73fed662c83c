"""Tasks over many processes, whatever they are: a few on the way at a time, and none lost with a worker or a scheduler.

A task may be done twice where somebody dies, so it must give the same the second time.
"""

from __future__ import annotations

import contextlib
import os
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from edge.batch.scheduler import Fleet, Place

P = TypeVar("P")
R = TypeVar("R")

TICK_S = 0.5
DIED = "every worker that was at it died: it may need more memory"
AHEAD = 2  # tasks on the way for each that runs: the next one is there when a worker is free
GATHER_S = 30.0  # for one result to come
GROWN_MB = 512  # beyond what it had before its first two tasks: a worker that has grown so much ends
GONE = (OSError, TimeoutError, RuntimeError, ValueError)  # what Dask says where a scheduler, or its own loop, is
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Task(Generic[P]):
    key: str  # the same for the same work
    payload: P


@dataclass(frozen=True, slots=True)
class Finished(Generic[P, R]):
    """result, or why there is none: the workers that were at it died."""

    task: Task[P]
    result: R | None
    died: str = ""


def run(
    work: Callable[[P], R],
    tasks: Iterable[Task[P]],
    place: Place,
    *,
    ordered: bool = False,
    tick: Callable[[str], None] = lambda state: None,
) -> Iterator[Finished[P, R]]:
    """`work` on every task, each told as it is finished, or (`ordered`) in the tasks' order.

    tick: called twice a second with what there is to say, such as `waiting for workers`. What `work` raises ends it
    all, and is raised; so are UsageError, SourceUnavailable and SourceLost of the scheduler.
    """
    if place.address is None and place.workers == 0:
        for task in tasks:
            yield Finished(task, work(task.payload))
            tick("")
        return
    fleet = Fleet(place)
    try:
        flight: _Flight[P, R] = _Flight(fleet, work, tick)
        yield from flight.in_order(tasks) if ordered else flight.over(tasks)
    finally:
        fleet.close()


class _Flight(Generic[P, R]):
    """Tasks on the way to workers, and back."""

    def __init__(self, fleet: Fleet, work: Callable[[P], R], tick: Callable[[str], None]) -> None:
        self._fleet, self._work, self._tick = fleet, work, tick
        self._landed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._flying: dict[str, tuple[Task[P], Any]] = {}  # by the future's key
        self._tries = 0  # beyond a task's first, of all
        self._broken = False  # nothing could be sent any more

    def over(self, tasks: Iterable[Task[P]]) -> Iterator[Finished[P, R]]:
        """As they are finished."""
        coming = iter(tasks)
        self._fill(coming)
        while self._flying:
            if (finished := self._next()) is not None:
                yield finished
            self._fill(coming)

    def in_order(self, tasks: Iterable[Task[P]]) -> Iterator[Finished[P, R]]:
        """One that is slow holds the others back, so that no more than what is on the way is ever kept."""
        coming, order = iter(tasks), deque[str]()
        kept: dict[str, Finished[P, R]] = {}
        self._fill(coming, order)
        while order:
            while order and order[0] in kept:
                yield kept.pop(order.popleft())
            if (finished := self._next() if self._flying else None) is not None:
                kept[finished.task.key] = finished
            self._fill(coming, order, len(kept))

    def _fill(self, coming: Iterator[Task[P]], order: deque[str] | None = None, kept: int = 0) -> None:
        """As many on the way as the workers there are will soon want."""
        room = AHEAD * max(1, self._workers()) - len(self._flying) - kept
        for task in islice(coming, max(0, room)):
            if order is not None:
                order.append(task.key)
            self._start(task)

    def _start(self, task: Task[P]) -> None:
        """The key of a first try is the same in every run: what one that was killed still has on the way is joined."""
        key = f"edge-{task.key}" + (f"-{self._tries}" if self._tries else "")
        self._flying[key] = task, None
        try:
            future = self._fleet.client.submit(_worked, self._work, task.payload, key=key, pure=False)
            self._flying[key] = task, future
            future.add_done_callback(self._landed.put)
        except GONE:
            self._broken = True

    def _again(self, task: Task[P]) -> None:
        self._tries += 1
        self._start(task)

    def _next(self) -> Finished[P, R] | None:
        """What is finished within a tick; None where nothing is, or the way to the scheduler had to be renewed."""
        future = None
        with contextlib.suppress(queue.Empty):
            future = self._landed.get(timeout=TICK_S)
        if self._fleet.lost or self._broken:
            self._renew()
            return None
        self._tick("" if self._workers() else "waiting for workers")
        task, current = self._flying.get(future.key, (None, None)) if future is not None else (None, None)
        if task is None or future is not current:  # of a connection that is no more
            return None
        return self._judged(task, future)

    def _judged(self, task: Task[P], future: Any) -> Finished[P, R] | None:
        """What `work` raised is raised."""
        from distributed.scheduler import KilledWorker

        del self._flying[future.key]
        try:
            if future.status == "error":
                error = future.exception(timeout=GATHER_S)
                if isinstance(error, KilledWorker):
                    return Finished(task, None, died=DIED)
                raise error
            if future.status == "finished":
                with contextlib.suppress(*GONE, CancelledError):
                    return Finished(task, future.result(timeout=GATHER_S))
        finally:
            future.release()
        self._again(task)  # the scheduler was away, or the result went with its worker
        return None

    def _workers(self) -> int:
        try:
            return self._fleet.slots
        except GONE:
            return 0

    def _renew(self) -> None:
        """A new connection, and all that was on the way once more."""
        lost = [task for task, _ in self._flying.values()]
        self._flying.clear()
        self._broken = False
        self._fleet.renew(lambda: self._tick("the scheduler is away"))
        for task in lost:
            self._again(task)


def _worked(work: Callable[[P], R], payload: P) -> R:
    """On a worker."""
    _end_if_grown()
    return work(payload)


_held_mb: list[float] = []  # before the first task, and before the second, by when all is imported


def _end_if_grown() -> None:
    """What leaks, in whatever library, must not add up over a million recordings: a new process takes the task.

    Before a task and not after one, so that nothing is done twice; at once, since a worker that is asked to retire
    waits for another one to take its tasks, and there may be none.
    """
    from distributed import get_worker

    now_mb = resident_mb()
    if len(_held_mb) < 2:
        _held_mb.append(now_mb)
    elif now_mb - _held_mb[1] > GROWN_MB and get_worker().nanny is not None:  # a nanny starts the new one
        os._exit(1)


def resident_mb() -> float:
    """Of this process; 0 where that cannot be told."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0
