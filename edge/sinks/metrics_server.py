"""Numbers over HTTP, as Prometheus reads them, whoever counts them: http://HOST:PORT/metrics."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edge.errors import OutputError, Reason
from edge.sinks.metrics_counts import PREFIX, Metric

Counted = Callable[[], Iterable[tuple[str, Iterable[Metric]]]]  # by device


class MetricsServer:
    """Answers who asks, in threads of its own, until it is closed. Raises OutputError where it cannot listen."""

    def __init__(self, address: str, counted: Counted) -> None:
        """`address`: HOST:PORT; port 0: any that is free, which `url` tells."""
        from prometheus_client import start_http_server
        from prometheus_client.registry import CollectorRegistry

        self._counted = counted
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        host, _, port = address.rpartition(":")
        try:
            self._server, self._thread = start_http_server(int(port), host.strip("[]"), registry)
        except OSError as error:
            text = f"metrics cannot be had at {address} ({error.strerror or error}): choose another port"
            raise OutputError(text, Reason.BUSY) from None
        self.url = f"http://{host}:{self._server.server_port}/metrics"

    def collect(self) -> Iterator[Any]:
        """What prometheus_client asks for: each family once, with all devices in it."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        families: dict[str, Any] = {}
        for device, metrics in self._counted():
            for metric in metrics:
                if metric.name not in families:
                    make = CounterMetricFamily if metric.counts else GaugeMetricFamily
                    labels = ("device", *metric.labels)
                    families[metric.name] = make(PREFIX + metric.name, metric.about, labels=labels)
                for values, value in metric.values:
                    families[metric.name].add_metric((device, *values), value)
        yield from families.values()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown()
            self._server.server_close()
        self._thread.join()
