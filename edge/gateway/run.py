"""The gateway put together: supervisor, terminal, page, metrics, MQTT."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config import RunSettings
from edge.gateway.patch import Watch
from edge.gateway.supervisor import Supervisor
from edge.gateway.table import Table
from edge.gateway.view import GatewayView
from edge.gateway.worker import Wanted
from edge.mqtt_settings import MqttSettings

if TYPE_CHECKING:
    from edge.gateway.metrics import GatewayMetrics
    from edge.gateway.page import GatewayPage
    from edge.gateway.session import Session


def run(path: Path, table: Table, view: str) -> None:
    """Until a signal. Raises EdgeError where what is for all cannot be opened."""
    shown = GatewayView(live={"live": True, "plain": False}.get(view)) if view != "none" else None
    asyncio.run(_go(path, table, [shown] if shown else [], shown.say if shown else _say))


async def _go(path: Path, table: Table, watching: list[Watch], say: Callable[[str], None]) -> None:
    ours = table.gateway
    with contextlib.ExitStack() as opened:
        if ours.serve:
            page = _page(ours, say)
            opened.callback(page.close)
            watching.append(page)
        if ours.metrics:
            counted = _metrics(ours.metrics, say)
            opened.callback(counted.close)
            watching.append(counted)
        if ours.mqtt:
            session = _session(ours.mqtt, say)
            opened.callback(session.close)
            watching.append(session)
        await Supervisor(path, table, watching, say, Wanted(ours.serve is not None, ours.mqtt)).go()


def _page(ours: RunSettings, say: Callable[[str], None]) -> GatewayPage:
    from edge.web.page import needed

    needed()
    from edge.gateway.page import GatewayPage

    return GatewayPage(ours, say)


def _metrics(address: str, say: Callable[[str], None]) -> GatewayMetrics:
    from edge.sinks.extras import needed

    needed("prometheus_client", "metrics", "metrics")
    from edge.gateway.metrics import GatewayMetrics

    return GatewayMetrics(address, say)


def _session(mqtt: MqttSettings, say: Callable[[str], None]) -> Session:
    from edge.sinks.extras import needed

    needed("paho.mqtt", "mqtt", "mqtt")
    from edge.gateway.session import Session

    return Session(mqtt, say)


def _say(text: str) -> None:
    print(f"edge-gateway: {text}", file=sys.stderr)
