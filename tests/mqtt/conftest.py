from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("paho.mqtt", reason="paho-mqtt is not installed")

from brokers import broker, own_broker

__all__ = ["broker", "own_broker"]

SCHEMA = Path(__file__).parents[2] / "edge" / "sinks" / "mqtt_schema.json"


@pytest.fixture(autouse=True)
def _a_state_folder_of_the_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("EDGE_MQTT_USERNAME", "EDGE_MQTT_PASSWORD", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def holds() -> Callable[[str, Any], None]:
    """Holds a payload against the schema of its kind; raises jsonschema's error."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())

    def check(kind: str, told: Any) -> None:
        of = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"}
        jsonschema.Draft202012Validator(of, format_checker=jsonschema.FormatChecker()).validate(told)

    return check
