"""patches.toml: which patches there are, and what holds for the gateway as a whole. Checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edge import config
from edge.config import RunSettings
from edge.errors import Reason, UsageError

MOST_PATCHES = 64  # more than any board of this kind keeps up with; a table with more is a mistake
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")  # stands in folders, addresses and topics
SOURCES = ("port", "ble", "replay")
TAKEN = ("gateway",)  # names: the gateway's own topic
OF_THE_GATEWAY = ("serve", "mqtt", "metrics")  # and what begins with one of them: one of each for all patches
NOT_HERE = {
    "demo": "edge-run --demo",
    "explain": "edge-run --explain",
    "view": "edge-gateway --view",
    "lsl": "edge-run --lsl",
}
FOR_ONE = (*SOURCES, "patient", "events", "summary", "alert_dir")  # not at the top: they are one patch's alone


@dataclass(frozen=True)
class Table:
    """What is to run."""

    patches: Mapping[str, RunSettings] = field(default_factory=dict)
    gateway: RunSettings = field(default_factory=RunSettings)  # of which only what is OF_THE_GATEWAY


@dataclass(frozen=True)
class Change:
    """From one table to the next: names of patches."""

    gone: tuple[str, ...]
    new: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.gone or self.new or self.changed)


def read(path: Path) -> Table:
    """Raises UsageError, naming the patch and the key."""
    return of_toml(config.toml_of(path), str(path))


def of_toml(told: Mapping[str, Any], where: str) -> Table:
    """The table that a file holds; `where` begins each message."""
    top = dict(told)
    patches = top.pop("patch", {})
    if not isinstance(patches, Mapping) or not all(isinstance(one, Mapping) for one in patches.values()):
        raise _wrong(f"{where}: patches stand in tables of their own: [patch.NAME]")
    if not patches:
        raise _wrong(f"{where} names no patch: add a table [patch.NAME] with port, ble or replay")
    if len(patches) > MOST_PATCHES:
        raise _wrong(f"{where} names {len(patches)} patches: one board takes {MOST_PATCHES} at most")
    ours = {key: top.pop(key) for key in [*top] if _is_the_gateways(key)}
    gateway = _made({**config.checked(ours, where), "port": "-"}, where)  # a source of some kind must there be
    for key in top:
        if key in FOR_ONE:
            raise _wrong(f"{where}: {key} is one patch's alone: put it into its [patch.NAME]")
    _refuse_elsewhere(top, where)
    config.checked(top, where)
    made = {name: _patch(name, dict(own), top, f"{where}: patch.{name}") for name, own in patches.items()}
    _refuse_shared(made, where)
    return Table(made, replace(gateway, port=None))


def change(before: Table, after: Table) -> Change:
    old, new = before.patches, after.patches
    return Change(
        tuple(name for name in old if name not in new),
        tuple(name for name in new if name not in old),
        tuple(name for name in new if name in old and old[name] != new[name]),
    )


def _patch(name: str, own: dict[str, Any], top: Mapping[str, Any], where: str) -> RunSettings:
    """One patch's settings: its own over those for all. A recording for all becomes a folder a patch."""
    if not NAME.fullmatch(name):
        raise _wrong(f"{where}: a patch's name is up to 32 letters, digits, - and _, so that folders can have it")
    if name in TAKEN:
        raise _wrong(f"{where}: the name {name} is taken: give the patch another one")
    for key in own:
        if _is_the_gateways(key):
            raise _wrong(f"{where}: {key} is there once for all patches: put it above the tables")
    _refuse_elsewhere(own, where)
    if own.get("events") == "-":
        raise _wrong(f"{where}: events go to a file here: standard output is the gateway's own")
    merged = {**top, **own}
    if isinstance(top.get("alerts"), Mapping) and isinstance(own.get("alerts"), Mapping):
        merged["alerts"] = {**top["alerts"], **own["alerts"]}
    chosen = config.checked(merged, where)
    if "record" in chosen and "record" not in own:
        chosen["record"] = chosen["record"] / name
    if not any(key in chosen for key in SOURCES):
        raise _wrong(f"{where} has no source: give port, ble or replay")
    for key in top:  # what is said for all means nothing to some
        if key in config.ONLY_WITH and not {*config.ONLY_WITH[key]} & {*chosen}:
            del chosen[key]
    return _made(chosen, where)


def _made(chosen: Mapping[str, Any], where: str) -> RunSettings:
    try:
        return config.made(chosen)
    except UsageError as error:
        raise UsageError(f"{where}: {error}", error.reason) from None


def _is_the_gateways(key: str) -> bool:
    return key.split("_")[0] in OF_THE_GATEWAY


def _refuse_elsewhere(table: Mapping[str, Any], where: str) -> None:
    for key in table:
        if key.split("_")[0] in NOT_HERE:
            raise _wrong(f"{where}: {key} has no place in a gateway; {NOT_HERE[key.split('_')[0]]} has it")


def _refuse_shared(patches: Mapping[str, RunSettings], where: str) -> None:
    """Two patches cannot have one port, nor write one file or recording."""
    seen: dict[tuple[str, str], str] = {}
    for name, settings in patches.items():
        for what, thing in _its_own(settings):
            if (other := seen.setdefault((what, thing), name)) != name:
                both = f"patch.{other} and patch.{name}"
                raise _wrong(f"{where}: {both} have the same {what}, {thing}: give each its own")


def _its_own(s: RunSettings) -> Iterator[tuple[str, str]]:
    if s.port:
        yield "port", os.path.realpath(s.port)
    if s.ble:
        yield "ble", s.ble.lower()
    for what, path in (("record", s.record), ("alert_dir", s.alert_dir), ("file", s.events), ("file", s.summary)):
        if path:
            yield what, os.path.realpath(path)


def _wrong(text: str) -> UsageError:
    return UsageError(text, Reason.CONFIG)
