"""What Home Assistant must be told so that it shows a patch by itself: MQTT discovery.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery: one retained message an entity at
`homeassistant/COMPONENT/NODE/OBJECT/config`; all entities of a patch are one device there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from edge.sinks.base import RunInfo
from edge.sinks.mqtt_connection import Retained
from edge.sinks.mqtt_messages import packed

ONLINE = {"payload_available": "online", "payload_not_available": "offline"}
ON_OFF = {"payload_on": "on", "payload_off": "off"}


def discovery(info: RunInfo, base: str, prefix: str) -> Iterator[Retained]:
    """A configuration an entity; `base`: what this device's topics begin with, `prefix`: where it is looked for."""
    node = re.sub(r"[^A-Za-z0-9_-]+", "_", base)
    about = {
        "identifiers": [node],
        "name": info.device.name,
        "model": f"ECG patch ({', '.join(info.device.montage.names)})",
        "sw_version": info.device.firmware or info.version,
        "manufacturer": "edge-ecg",
    }
    origin = {"name": "edge-ecg", "sw_version": info.version}
    availability = {"topic": f"{base}/status", "value_template": "{{ value_json.status }}", **ONLINE}
    for component, name, entity in _entities(base, info.device.montage.names):
        told = {
            "unique_id": f"{node}_{name}",
            "device": about,
            "origin": origin,
            "availability": [availability],
            **entity,
        }
        yield Retained(f"{prefix}/{component}/{node}/{name}/config", packed(told))


def _entities(base: str, measured: tuple[str, ...]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    state = f"{base}/state"

    def shown(name: str, template: str, topic: str = state, **more: str) -> dict[str, Any]:
        return {"name": name, "state_topic": topic, "value_template": "{{ " + template + " }}", **more}

    per_minute = {"unit_of_measurement": "bpm", "state_class": "measurement", "icon": "mdi:heart-pulse"}
    percent = {"unit_of_measurement": "%", "state_class": "measurement"}
    technical = {"entity_category": "diagnostic"}
    yield "sensor", "heart_rate", shown("Heart rate", "value_json.heart_rate_bpm", **per_minute)
    yield "sensor", "rhythm", shown("Rhythm", "value_json.rhythm", icon="mdi:heart-flash")
    yield (
        "sensor",
        "battery",
        shown("Battery", "value_json.battery_percent", device_class="battery", **percent, **technical),
    )
    for lead in measured:
        quality = f"value_json.quality_percent['{lead}']"
        yield "sensor", f"quality_{_word(lead)}", shown(f"Quality {lead}", quality, **percent, **technical)
    total = {"unit_of_measurement": "samples", "state_class": "total_increasing"}
    yield "sensor", "lost", shown("Lost", "value_json.lost_samples", **total, **technical)
    link = {"device_class": "connectivity", **ON_OFF, **technical}
    yield "binary_sensor", "link", shown("Link", "value_json.link", **link)
    for name, title in (("alert", "Alert"), ("alert_high", "Alert of high priority"), ("technical", "Equipment")):
        entity = shown(title, f"value_json.{name}", f"{base}/alerts", device_class="problem", **ON_OFF)
        yield "binary_sensor", name, entity | {"json_attributes_topic": f"{base}/alerts"}


def _word(lead: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", lead).lower()
