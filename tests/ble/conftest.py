from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cli.command_line import Told, ran

from benchmarks.bluez.bus import PrivateBus, available
from edge.cli.run import main


@pytest.fixture(autouse=True)
def _bluetooth() -> None:
    pytest.importorskip("bleak", reason="bleak is not installed (the extra ble)")


@pytest.fixture
def bus_that() -> Callable[..., PrivateBus]:
    """A system bus of our own, with what is to be wrong with it."""
    if not available():
        pytest.skip("dbus-daemon is not installed (Debian's package dbus)")
    return PrivateBus


@pytest.fixture
def bus(bus_that: Callable[..., PrivateBus]) -> Iterator[PrivateBus]:
    with bus_that() as bus:
        yield bus


@pytest.fixture
def edge_run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    return lambda *arguments: ran(main, capfd, *arguments)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds that a test need not wait."""
    for name, value in {
        "ble.SILENCE_S": 1.5,
        "ble.GREET_EVERY_S": 0.2,
        "ble.STALL_S": 0.5,
        "ble.RENEW_S": 1.0,
        "ble.RETRY_S": (0.1, 0.4),
        "ble_scan.SCAN_S": 0.6,
        "ble_scan.NAMESAKES_S": 0.2,
        "ble_radio.CONNECT_S": 1.0,
        "ble_radio.MTU_S": 0.2,
    }.items():
        monkeypatch.setattr(f"edge.sources.{name}", value)
