"""One patch's process: a run like edge-run's, whose results the supervisor hears of besides."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from edge.config import RunSettings
from edge.errors import EdgeError
from edge.gateway.link import ENDED, FAILED, MOST_BYTES, Outlet, view_as_json
from edge.gateway.linux import name_process
from edge.gateway.mail import LinkPublisher
from edge.mqtt_settings import MqttSettings
from edge.web.frames import Kind, words
from edge.web.frames import signal as frames_of

if TYPE_CHECKING:
    from edge.blocks import Block, TwelveLeads
    from edge.events import Event
    from edge.gateway.shared import Shared
    from edge.sinks.base import RunInfo, Sink
    from edge.sinks.state import ViewState

BUG = 1
VIEW_S = 0.5  # between two tellings of how the run stands: as often as anybody looks
LAST_S = 15  # after the supervisor is gone, or a stop is asked for: then the kernel ends what has not ended itself


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the supervisor wants to hear besides events and how the run stands."""

    signal: bool = False  # the twelve leads, for a page
    mqtt: MqttSettings | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What a process is to do."""

    name: str
    settings: RunSettings
    wanted: Wanted


class LinkSink:
    """Sink: tells the supervisor what there is to see."""

    def __init__(self, outlet: Outlet, wants_signal: bool) -> None:
        self._outlet, self._wants_signal = outlet, wants_signal
        self.acknowledge: Callable[[str | None], None] | None = None

    def acknowledge_by(self, acknowledge: Callable[[str | None], None]) -> None:
        self.acknowledge = acknowledge

    def start(self, info: RunInfo) -> None:
        from edge.web.sink import about

        self._outlet.put(words(Kind.HELLO, {"phase": "live", **about(info)}))

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        if self._wants_signal:
            for frame in frames_of(block, 1000 * time.time()):
                self._outlet.put(frame)

    def event(self, event: Event) -> None:
        self._outlet.put(words(Kind.EVENT, event))

    def close(self, summary: dict[str, Any]) -> None:
        pass


def work(order: Order, sock: socket.socket, shared: Shared) -> int:
    """To the run's end; returns the exit code, and tells it, with the reason, by `sock`."""
    os.environ.pop("NOTIFY_SOCKET", None)  # systemd is told by the supervisor
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the supervisor reads its table again; a patch has none
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # nothing to acknowledge yet
    name_process(f"edge:{order.name}")
    outlet = Outlet(sock)
    code, how, text = 0, ENDED, ""
    try:
        _run(order, sock, outlet, shared)
    except EdgeError as error:
        code, how, text = error.exit_code, FAILED, str(error)
    except KeyboardInterrupt:
        pass
    except Exception as error:  # noqa: BLE001  a bug: told in one line, kept in full
        code, how, text = BUG, FAILED, f"a bug, {type(error).__name__}: {error}; please report it with {_kept(order)}"
    outlet.put(words(Kind.OVER, {"how": how, "code": code, "text": text}))
    return code


def _run(order: Order, sock: socket.socket, outlet: Outlet, shared: Shared) -> None:
    from edge.runner import Run
    from edge.sinks.chosen import chosen_sinks
    from edge.sinks.state import ViewState
    from edge.sources.chosen import chosen_source

    ready = shared.ready(order.settings)
    s = ready.settings
    patient = None
    if s.patient:
        from edge.patient import open_patient

        patient = open_patient(s.patient)
    source, state = chosen_source(s), ViewState()
    sink = LinkSink(outlet, order.wanted.signal)
    sinks: list[Sink] = [sink, *chosen_sinks(replace(s, view="none"), state)]  # the view is the supervisor's
    if order.wanted.mqtt:
        sinks.append(_mqtt(replace(order.wanted.mqtt, device=order.name), s, state, outlet))
    run = Run(source, s, ready.bundle, ready.variant, ready.engine, sinks, state, patient)
    asyncio.run(_linked(run, sock, outlet, sink, state))


def _mqtt(settings: MqttSettings, s: RunSettings, state: ViewState, outlet: Outlet) -> Sink:
    """The sink as edge-run has it, with another way to the broker."""
    from edge.sinks.mqtt import Mqtt
    from edge.sinks.mqtt_publisher import MqttPublisher

    publisher = cast(MqttPublisher, LinkPublisher(outlet))
    return Mqtt(settings, state, latch_high=s.alerts.latch_high, publisher=publisher)


async def _linked(run: Any, sock: socket.socket, outlet: Outlet, sink: LinkSink, state: ViewState) -> None:
    telling = asyncio.create_task(_tell(outlet, state))
    loop = asyncio.get_running_loop()
    loop.add_reader(sock, _hear, sock, sink)
    try:
        await run.go()
    finally:
        loop.remove_reader(sock)
        telling.cancel()
        outlet.put(words(Kind.STATE, view_as_json(state)))


async def _tell(outlet: Outlet, state: ViewState) -> None:
    """How the run stands, by the clock: a process that is silent does not go on."""
    while True:
        outlet.put(words(Kind.STATE, view_as_json(state)))
        await asyncio.sleep(VIEW_S)


def _hear(sock: socket.socket, sink: LinkSink) -> None:
    """What the supervisor asks for. One that is gone would never ask for an end: then this ends by itself."""
    try:
        data = sock.recv(MOST_BYTES)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    if not data:
        asyncio.get_running_loop().remove_reader(sock)
        signal.alarm(LAST_S)
        os.kill(os.getpid(), signal.SIGTERM)
        return
    with contextlib.suppress(ValueError, KeyError):
        alert = json.loads(data)["acknowledge"]
        if sink.acknowledge is not None:
            sink.acknowledge(alert)


def _kept(order: Order) -> str:
    """Where the traceback went."""
    log = Path(tempfile.gettempdir()) / f"edge-gateway-{order.name}-{os.getpid()}.log"
    try:
        log.write_text(traceback.format_exc())
    except OSError as error:
        return f"what follows ({log}: {error.strerror}) {traceback.format_exc()}"
    return str(log)
