"""Watches over the patches' processes, and over the table that says which there should be."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge import notify
from edge.errors import UsageError
from edge.gateway.births import Births
from edge.gateway.linux import adopt_orphans, name_process
from edge.gateway.patch import Patch, Phase, Watch
from edge.gateway.table import Change, Table, change, read
from edge.gateway.worker import Wanted
from edge.stopping import handled

LOOK_S = 1.0  # between two looks at the table's file and at who is silent
ALIVE_S = 10.0  # between two tellings to systemd
OVER = (Phase.DONE, Phase.REFUSED)


class Supervisor:
    """Runs what the table `path` says, and what it says later."""

    def __init__(
        self, path: Path, table: Table, watching: Sequence[Watch], say: Callable[[str], None], wanted: Wanted
    ) -> None:
        """say: tells people in a line."""
        self._path, self.table = path, table
        self._watching, self._say, self._wanted = watching, say, wanted
        self.patches: dict[str, Patch] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._births = Births([*table.patches.values()], mqtt=wanted.mqtt is not None)
        self._stamp = _stamp(path)
        self._asked, self._again = asyncio.Event(), asyncio.Event()
        self._changing: asyncio.Task[None] | None = None

    async def go(self) -> None:
        """Until a signal, or until no patch has anything more to do."""
        adopt_orphans()
        name_process("edge-gateway")
        on_signals = dict.fromkeys((signal.SIGINT, signal.SIGTERM), self._asked.set) | {signal.SIGHUP: self._again.set}
        with handled(on_signals):
            try:
                for name in self.table.patches:
                    self._begin(name)
                notify.ready()
                await self._watch()
            finally:
                notify.stopping()
                await asyncio.gather(*(self._end(name) for name in [*self.patches]))
                self._births.close()

    async def _watch(self) -> None:
        alive_s = 0.0
        while not self._asked.is_set() and not self._idle():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK_S)
            for patch in self.patches.values():
                patch.look()
            if (stamp := _stamp(self._path)) != self._stamp or self._again.is_set():
                self._stamp = stamp
                self._again.clear()
                await self._read_again()
            if time.monotonic() - alive_s >= ALIVE_S:
                alive_s = time.monotonic()
                notify.alive()

    def _idle(self) -> bool:
        return all(patch.phase in OVER for patch in self.patches.values())

    async def _read_again(self) -> None:
        """The difference between the tables is carried out; who is the same in both does not notice."""
        try:
            table = read(self._path)
        except UsageError as error:
            self._say(f"{error}; all goes on as it was")
            return
        if table.gateway != self.table.gateway:
            self._say(f"{self._path}: what holds for all patches (serve, mqtt, metrics) is taken at the next start")
        found = change(self.table, table)
        self.table = Table(table.patches, self.table.gateway)
        self._births.wanted = [*table.patches.values()]
        if found:
            self._say(_words(found))
        await asyncio.gather(*(self._end(name) for name in (*found.gone, *found.changed)))
        for name in (*found.new, *found.changed):
            self._begin(name)

    def _begin(self, name: str) -> None:
        self.patches[name] = patch = Patch(name, self.table.patches[name], self._wanted, self._births, self._watching)
        self._keeping[name] = asyncio.create_task(patch.keep())

    async def _end(self, name: str) -> None:
        await self.patches[name].stop(self._keeping[name])
        self._keeping.pop(name).result()
        del self.patches[name]


def _stamp(path: Path) -> tuple[int, int] | None:
    """Changes when the file does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _words(found: Change) -> str:
    parts = (("new", found.new), ("changed", found.changed), ("gone", found.gone))
    return "the table has changed: " + "; ".join(f"{what} {', '.join(names)}" for what, names in parts if names)
