"""What every patch's process needs alike, loaded once before they are forked: their pages are the same pages."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, fields

from edge.bundle import Bundle, open_bundle
from edge.bundle_file import Variant
from edge.choice import decide
from edge.config import RunSettings
from edge.engines import Classifier, Engine
from edge.errors import EdgeError

ALWAYS = (
    "asyncio",
    "edge.runner",
    "edge.sources.chosen",
    "edge.sinks.alert_log",
    "edge.sinks.chosen",
    "edge.sinks.jsonl",
    "edge.sinks.queued",
    "edge.sinks.recorder",
    "edge.sinks.strips",
    "edge.web.sink",
    "numpy.ma",  # by numpy's median, the first time
)
MQTT = ("edge.sinks.mqtt",)
BY_SOURCE = {
    "port": ("edge.sources.serial", "serial"),
    "ble": ("edge.sources.ble", "bleak"),
    "replay": ("edge.sources.replay",),
}


@dataclass(frozen=True)
class SharedBundle(Bundle):
    """A bundle whose classifier is loaded already."""

    kept: Classifier | None = None

    def load_classifier(self, engine: str | None = None) -> Classifier | None:
        return self.kept


@dataclass(frozen=True)
class Ready:
    """What a run needs besides its source and its sinks."""

    settings: RunSettings  # with engine, variant and threads as decided
    bundle: Bundle
    variant: Variant
    engine: Engine
    ignored: str = ""  # why a choice of edge-bench's was not taken


class Shared:
    """Networks by what the settings say of them. A patch that needs another one loads it for itself."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[object, ...], tuple[Bundle, Engine]] = {}

    def prepare(self, wanted: Iterable[RunSettings], *, mqtt: bool = False) -> None:
        """Never raises: what cannot be had is told by the process that needs it, each for itself."""
        modules = dict.fromkeys((*ALWAYS, *MQTT) if mqtt else ALWAYS)
        for settings in wanted:
            for source, names in BY_SOURCE.items():
                modules |= dict.fromkeys(names) if getattr(settings, source) else {}
            self._load(settings)
        for name in modules:
            try:
                importlib.import_module(name)
            except ImportError:
                continue

    def ready(self, s: RunSettings) -> Ready:
        """Raises EdgeError."""
        bundle, engine = self._loaded.get(_key(s), (None, None))
        opened = bundle or open_bundle(s.bundle)
        decided = decide(s, opened)
        engine = engine or opened.load(decided.variant, decided.settings.threads)
        return Ready(decided.settings, opened, decided.variant, engine, decided.ignored)

    def _load(self, s: RunSettings) -> None:
        if _key(s) in self._loaded:
            return
        try:
            bundle = open_bundle(s.bundle)
            decided = decide(s, bundle)
            if (decided.settings.threads or 1) > 1:  # an engine's own threads do not survive a fork
                return
            engine = bundle.load(decided.variant, 1)
            kept = bundle.load_classifier(engine.name)
        except EdgeError:
            return
        of = {f.name: getattr(bundle, f.name) for f in fields(bundle)}
        self._loaded[_key(s)] = SharedBundle(**of, kept=kept), engine


def distinct(wanted: Iterable[RunSettings]) -> list[RunSettings]:
    """Of settings that need the same network and the same kind of source, one."""
    kinds = {(*_key(s), *(bool(getattr(s, source)) for source in BY_SOURCE)): s for s in wanted}
    return [*kinds.values()]


def _key(s: RunSettings) -> tuple[object, ...]:
    return s.bundle, s.engine, s.variant, s.threads
