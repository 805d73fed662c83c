"""A real broker, started by the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.mosquitto import MOSQUITTO, Came, Line, Listener, Mosquitto, free_port, until

__all__ = ["MOSQUITTO", "Came", "Line", "Listener", "Mosquitto", "broker", "free_port", "own_broker", "until"]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One that nobody disturbs."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed (sudo apt install mosquitto)")
    mosquitto = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    mosquitto.start()
    yield mosquitto
    mosquitto.kill()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """One to be ill-treated; not started."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed (sudo apt install mosquitto)")
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    mosquitto = Mosquitto(folder)
    yield mosquitto
    mosquitto.kill()
