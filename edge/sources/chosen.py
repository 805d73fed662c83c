"""The source that the settings name; only its own libraries are imported."""

from __future__ import annotations

from pathlib import Path

from edge.config import RunSettings
from edge.sources.items import Source


def chosen_source(s: RunSettings) -> Source:
    """Raises InputError for a recording that cannot be used; a port is opened when the run starts."""
    if s.port:
        from edge.sources.serial import SerialPatch

        return SerialPatch(s.port, s.baud, s.channels, s.give_up)
    from edge.sources.replay import open_replay

    return open_replay(Path(s.replay or ""), s.channels, s.speed)
