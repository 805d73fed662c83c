"""The run's numbers over HTTP, as Prometheus reads them: http://HOST:PORT/metrics."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.events import Event
from edge.sinks.base import RunInfo
from edge.sinks.extras import needed
from edge.sinks.metrics_counts import Counts, Queueing
from edge.sinks.metrics_server import MetricsServer
from edge.sinks.state import ViewState


class Metrics:
    """Sink: counts, and answers who asks, in threads of its own, until it is closed. Raises UsageError, OutputError.

    It has no password: it listens on this machine alone unless it is told an address. What it says is of this run and
    process only, and says of which device.
    """

    def __init__(self, address: str, state: ViewState, queues: Sequence[Queueing]) -> None:
        """`address`: HOST:PORT; port 0: any that is free, which is told."""
        needed("prometheus_client", "metrics", "--metrics")
        self._counts, self._device = Counts(state, queues), ""
        self._server = MetricsServer(address, lambda: [(self._device, self._counts.metrics())])
        self.url = self._server.url
        if address.endswith(":0"):
            print(f"edge-run: metrics at {self.url}", file=sys.stderr, flush=True)

    def start(self, info: RunInfo) -> None:
        self._device = info.device.name
        self._counts.began(info)

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        self._counts.samples_out += len(block.mv)

    def event(self, event: Event) -> None:
        self._counts.take(event)

    def close(self, summary: dict[str, Any]) -> None:
        self._server.close()
