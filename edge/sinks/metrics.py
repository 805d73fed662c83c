"""The run's numbers over HTTP, as Prometheus reads them: http://HOST:PORT/metrics."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.sinks.base import RunInfo
from edge.sinks.extras import needed
from edge.sinks.metrics_counts import PREFIX, Counts, Metric, Queueing
from edge.sinks.state import ViewState


class Metrics:
    """Sink: counts, and answers who asks, in threads of its own, until it is closed. Raises UsageError, OutputError.

    It has no password: it listens on this machine alone unless it is told an address. What it says is of this run and
    process only, and says of which device.
    """

    def __init__(self, address: str, state: ViewState, queues: Sequence[Queueing]) -> None:
        """`address`: HOST:PORT; port 0: any that is free, which is told."""
        needed("prometheus_client", "metrics", "--metrics")
        from prometheus_client import start_http_server
        from prometheus_client.registry import CollectorRegistry

        self._counts, self._device = Counts(state, queues), ""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        host, _, port = address.rpartition(":")
        try:
            self._server, self._thread = start_http_server(int(port), host.strip("[]"), registry)
        except OSError as error:
            text = f"metrics cannot be had at {address} ({error.strerror or error}): choose another port"
            raise OutputError(text, Reason.BUSY) from None
        self.url = f"http://{host}:{self._server.server_port}/metrics"
        if port == "0":
            print(f"edge-run: metrics at {self.url}", file=sys.stderr, flush=True)

    def collect(self) -> Iterator[Any]:
        """What prometheus_client asks for."""
        for metric in self._counts.metrics():
            yield _family(metric, self._device)

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
        with contextlib.suppress(OSError):
            self._server.shutdown()
            self._server.server_close()
        self._thread.join()


def _family(metric: Metric, device: str) -> Any:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    make = CounterMetricFamily if metric.counts else GaugeMetricFamily
    family = make(PREFIX + metric.name, metric.about, labels=("device", *metric.labels))
    for labels, value in metric.values:
        family.add_metric((device, *labels), value)
    return family
