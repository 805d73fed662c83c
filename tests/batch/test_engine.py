"""Tasks over a real Dask cluster of processes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest
import tasks
from archives import wait_for

from edge.batch import engine
from edge.batch.engine import Task, run
from edge.batch.scheduler import Place
from edge.errors import SourceUnavailable, UsageError

TWO = Place(workers=2)


def numbered(count: int) -> list[Task[int]]:
    return [Task(f"{os.getpid()}-{k}", k) for k in range(count)]


@pytest.fixture(autouse=True)
def _workers_find_the_tasks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def test_in_order_means_in_the_tasks_order_though_the_first_is_the_slowest_and_nothing_is_hurried_ahead():
    taken = []

    def coming():
        for task in numbered(40):
            taken.append(task.payload)
            yield task

    seen = []
    for finished in run(tasks.slow_at_first, coming(), TWO, ordered=True):
        seen.append(finished.result)
        assert len(taken) - len(seen) <= engine.AHEAD * TWO.workers
    assert seen == list(range(40))


def test_without_workers_it_is_done_here_and_without_dask(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert [one.result for one in run(tasks.slow_at_first, numbered(3), Place(workers=0))] == [0, 1, 2]


def test_a_worker_says_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]):
    assert [one.result for one in run(tasks.noisy, numbered(1), Place(workers=1))] == [0]
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_is_killed_costs_no_task(tmp_path: Path):
    def kill_one() -> None:
        try:
            wait_for(lambda: any(tmp_path.glob("0.*")))
            os.kill(int(next(tmp_path.glob("0.*")).suffix[1:]), signal.SIGKILL)
        finally:
            (tmp_path / "go").touch()

    killing = threading.Thread(target=kill_one)
    killing.start()
    work = [Task(task.key, (tmp_path, task.payload)) for task in numbered(6)]
    finished = list(run(tasks.noted, work, TWO))
    killing.join()
    assert sorted(one.task.payload[1] for one in finished) == list(range(6))
    assert all(one.result for one in finished)
    assert len(list(tmp_path.glob("0.*"))) == 2  # somebody else took it up


def test_a_worker_that_grows_is_started_anew_and_nothing_is_lost():
    found = [one.result for one in run(tasks.hoarding, [Task(f"grown-{k}", 60) for k in range(4)], Place(workers=1))]
    assert len(found) == 4
    assert len(set(found)) > 1


@pytest.mark.parametrize("address", ["localhost", "tcp://localhost", "http://a:1", "tcp://a:b"])
def test_an_address_that_is_none_is_refused_with_an_example(address: str):
    with pytest.raises(UsageError, match="tcp://HOST:8786"):
        list(run(tasks.slow_at_first, numbered(1), Place(address=address)))


def test_a_scheduler_that_is_not_there_is_told_with_the_way_out():
    with pytest.raises(SourceUnavailable, match="dask scheduler"):
        list(run(tasks.slow_at_first, numbered(1), Place(address="tcp://127.0.0.1:1")))
