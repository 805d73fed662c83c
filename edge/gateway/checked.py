"""What a table would run, in words."""

from __future__ import annotations

from edge.config import RunSettings
from edge.gateway.table import Table


def words(table: Table) -> str:
    """A line a patch, and one for what holds for all."""
    wide = max(len(name) for name in table.patches)
    lines = [f"{name:{wide}}  {_patch(settings)}" for name, settings in table.patches.items()]
    of = table.gateway
    ours = [f"{key} {value}" for key in ("serve", "metrics") if (value := getattr(of, key))]
    ours += [f"mqtt {of.mqtt.url}"] if of.mqtt else []
    count = len(table.patches)
    return "\n".join([*lines, "; ".join([f"{count} patch{'es' if count > 1 else ''}, a process each", *ours])])


def _patch(s: RunSettings) -> str:
    facts = [f"{key} {value}" for key in ("port", "ble", "replay", "device") if (value := getattr(s, key))]
    if s.channels:
        facts.append(f"channels {','.join(s.channels)}")
    files = ("patient", "record", "alert_dir", "events", "summary")
    facts += [f"{key} {value}" for key in files if (value := getattr(s, key))]
    return "  ".join(facts)
