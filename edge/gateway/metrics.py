"""All patches' numbers over HTTP, as Prometheus reads them: as of `edge-run --metrics`, `device` being the patch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from edge.events import Event
from edge.gateway.patch import Patch, Phase, Watch
from edge.montage import Montage
from edge.sinks.base import RunInfo
from edge.sinks.metrics_counts import Counts, Metric
from edge.sinks.metrics_server import MetricsServer
from edge.sinks.state import ViewState
from edge.sources.items import Described

OF_THE_PROCESS = ("cpu_seconds", "resident_bytes")  # which are told of each patch's own


@dataclass(slots=True)
class _Counted:
    """One patch's process."""

    patch: Patch
    state: ViewState
    counts: Counts

    def metrics(self) -> Iterator[Metric]:
        live = float(self.patch.phase is Phase.LIVE)
        yield Metric("patch_live", "Whether the patch's process runs and has its patch.", values=[((), live)])
        restarts = float(self.patch.restarts)
        yield Metric("patch_restarts", "Times that its process was started again.", (), True, [((), restarts)])
        for metric in self.counts.metrics():
            if metric.name not in OF_THE_PROCESS:
                yield metric
        yield from _of_process(self.patch.pid)


class GatewayMetrics(Watch):
    """Counts, and answers who asks, in threads of its own. Raises OutputError."""

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self._counted: dict[str, _Counted] = {}
        self._server = MetricsServer(address, lambda: [(name, one.metrics()) for name, one in [*self._counted.items()]])
        say(f"metrics are at {self._server.url}")

    def close(self) -> None:
        self._server.close()

    def phase(self, patch: Patch) -> None:
        if patch.phase is Phase.STARTING:
            state = ViewState()
            self._counted[patch.name] = _Counted(patch, state, Counts(state, []))
        elif patch.phase is Phase.STOPPED:
            self._counted.pop(patch.name, None)

    def begun(self, patch: Patch, about: dict[str, Any]) -> None:
        self._counted[patch.name].counts.began(_info(about))

    def view(self, patch: Patch) -> None:
        mine = self._counted[patch.name].state
        for field in fields(ViewState):
            setattr(mine, field.name, getattr(patch.state, field.name))

    def event(self, patch: Patch, event: Event) -> None:
        counts = self._counted[patch.name].counts
        counts.take(event)
        if event["type"] == "health":
            counts.samples_out = event["samples"]["out"]


def _info(about: dict[str, Any]) -> RunInfo:
    """What the counts need of it."""
    names = tuple(about["montage"])
    montage = Montage(names, np.zeros((len(names), 8)))
    device = Described(about["device"], montage, about["device_rate"], about["source"], about["device_id"])
    start = datetime.fromisoformat(about["start_utc"])
    return RunInfo(device, about["bundle"], about["engine"], start, about["delay_ms"] or 0.0, about["version"])


def _of_process(pid: int | None) -> Iterator[Metric]:
    if pid is None:
        return
    try:
        times = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):  # it has just ended
        return
    cpu_s = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    yield Metric("cpu_seconds", "Processor time of this process.", (), True, [((), cpu_s)])
    resident = float(pages * os.sysconf("SC_PAGE_SIZE"))
    yield Metric("resident_bytes", "Resident memory of this process.", values=[((), resident)])
