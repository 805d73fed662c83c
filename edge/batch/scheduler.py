"""Where the work is done: a Dask cluster of processes on this machine, or the scheduler of a real one."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.batch import quiet
from edge.batch.extra import needed
from edge.errors import Reason, SourceLost, SourceUnavailable, UsageError

ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}")
TRY_S = 3.0  # one attempt to reach a scheduler
PAUSE_S = 0.5  # between attempts
MEMORY_MB = 2048  # a worker that holds more is started anew by its nanny
WORKERS = {  # of ours
    # One that holds too much is ended; one that waits for memory it will not get back waits for ever.
    **{f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause")},
    "distributed.worker.profile.enabled": False,  # a tenth of the time, for a page that nobody looks at
    # Without Dask's MALLOC_TRIM_THRESHOLD_: memory given back for every window comes again page by page.
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1),
}
DEATHS = 2  # workers that may die at a task; one more, and it is the task's fault


@dataclass(frozen=True, slots=True)
class Place:
    """What to run on."""

    workers: int = 1  # processes here; 0: in this process, without Dask
    address: str | None = None  # of a scheduler; then `workers` is nobody's business here
    memory_mb: int = MEMORY_MB  # a worker of ours
    patience_s: float = 300.0  # without the scheduler, once it was there


class Fleet:
    """A connection to a scheduler and its workers, renewed when it is lost."""

    def __init__(self, place: Place) -> None:
        """Raises UsageError for an address that is none, SourceUnavailable where nobody answers there."""
        if place.address is not None and not ADDRESS.fullmatch(place.address):
            raise UsageError(f"--scheduler is {place.address!r}: it must be like tcp://HOST:8786 or tls://HOST:8786")
        self._dask = needed("distributed")
        quiet.silence_loggers()
        self._place = place
        self._cluster: Any = None
        self.client: Any = None
        try:
            self._connect()
        except RuntimeError as error:
            what = f"Dask cannot start workers here ({str(error).splitlines()[0]}): free some memory, or --workers 0"
            raise SourceUnavailable(what, Reason.BUSY) from error
        except OSError as error:
            what = f"no Dask scheduler answers at {place.address} ({_why(error)}): start one with: dask scheduler"
            raise SourceUnavailable(what, Reason.NOT_FOUND) from None

    def _connect(self) -> None:
        """Raises OSError."""
        address = self._place.address
        if address is None:
            import dask

            dask.config.set({"distributed.scheduler.allowed-failures": DEATHS, **WORKERS})
            self._cluster = self._dask.LocalCluster(
                n_workers=self._place.workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # any port: it has no page of ours, but cannot be left out
                memory_limit=self._place.memory_mb * 1_000_000,
                silence_logs=logging.CRITICAL,
                preload=[quiet.__name__],
            )
            address = self._cluster.scheduler_address
        else:
            _knock(address)  # first, since a client that nobody answers leaves its event loop behind
        self.client = self._dask.Client(address, timeout=TRY_S, set_as_default=False, name="edge-batch")

    @property
    def lost(self) -> bool:
        return bool(self.client.status != "running")

    @property
    def slots(self) -> int:
        """How many tasks run at once just now; 0 where no worker is there. Raises where the scheduler is gone."""
        return sum(self.client.nthreads().values())

    def renew(self, waiting: Callable[[], None]) -> None:
        """Connects anew, to a new cluster where it was ours. Raises SourceLost where that fails for too long.

        waiting: called again and again meanwhile.
        """
        self.close()
        until = time.monotonic() + self._place.patience_s
        while True:
            try:
                return self._connect()
            except OSError as error:
                if time.monotonic() > until:
                    what = f"the scheduler at {self._place.address} has been away for {self._place.patience_s:g} s"
                    advice = "start it again: the same command goes on where this one ended"
                    raise SourceLost(f"{what} ({_why(error)}): {advice}", Reason.UNPLUGGED) from None
            waiting()
            time.sleep(PAUSE_S)

    def close(self) -> None:
        """Workers of ours end at once, whatever they are at: a part that is not whole is not there."""
        if self._cluster is not None:
            for nanny in self._cluster.workers.values():
                nanny.auto_restart = False  # or it would start another, for which closing then waits
                if nanny.process is not None and nanny.process.process is not None:
                    with contextlib.suppress(Exception):
                        nanny.process.process.kill()
        for one in (self.client, self._cluster):
            if one is not None:
                with contextlib.suppress(Exception):  # what is left of it
                    one.close(timeout=TRY_S)
        self.client = self._cluster = None


def _knock(address: str) -> None:
    """Raises OSError where nothing listens."""
    host, _, port = address.partition("://")[2].rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=TRY_S).close()


def _why(error: OSError) -> str:
    return str(error.strerror or error or type(error).__name__).splitlines()[0]
