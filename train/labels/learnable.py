"""Which classes a corpus can teach, and which it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge.errors import UsageError
from train import labels

GROUPS: Mapping[str, tuple[str, ...]] = {  # what classes may be asked for together
    "superclasses": (*labels.SUPERCLASSES, "AF"),
    "conditions": labels.CONDITIONS,
    "tables": (*labels.TABLE_2, *labels.TABLE_3),
}


def asked(text: str) -> tuple[str, ...]:
    """The classes of a group, or names joined by commas. Raises UsageError for a name given twice."""
    names = GROUPS.get(text) or tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(f"--classes {text}: one of {', '.join(GROUPS)}, or names joined by commas, each once")
    return names


def learnable(
    tables: Sequence[Sequence[Mapping[str, Any]]], names: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of `names` of which every table has records with and records without, and those left out."""
    kept = []
    flags = [labels.of(table, names) for table in tables]
    for k, name in enumerate(names):
        if all((there & known)[:, k].any() and (~there & known)[:, k].any() for there, known in flags):
            kept.append(name)
    return tuple(kept), tuple(name for name in names if name not in kept)
