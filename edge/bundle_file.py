"""A model file that a manifest names: which engine it is for, and whether it is the one that was exported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.config import ENGINES
from edge.errors import InputError, Reason

MAX_FILE = 64 << 20  # bytes: a model for a board, not for a server


@dataclass(frozen=True, slots=True)
class Variant:
    """One model file."""

    engine: str
    precision: str
    file: str
    sha256: str
    bytes: int
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.engine}-{self.precision}"


def choose(variants: Iterable[Variant], engine: str | None, precision: str | None) -> Variant | None:
    """The first variant that fits. `precision` may also be a variant's whole name."""
    for variant in variants:
        if engine in (None, variant.engine) and precision in (None, variant.precision, variant.name):
            return variant
    return None


def variant_of(entry: Mapping[str, Any]) -> Variant:
    """A manifest's entry, validated. Raises KeyError, TypeError or ValueError."""
    engine, precision, file, sha256 = (str(entry[key]) for key in ("engine", "precision", "file", "sha256"))
    variant = Variant(engine, precision, file, sha256, int(entry["bytes"]), entry.get("figures", {}))
    if variant.engine not in ENGINES:
        raise ValueError(f"the engine {variant.engine!r} is none of {', '.join(ENGINES)}")
    if Path(variant.file).name != variant.file or variant.file in ("", ".", ".."):
        raise ValueError(f"the file {variant.file!r} does not lie in the bundle's folder")
    return variant


def check(folder: Path, variant: Variant) -> None:
    """Raises InputError where the file is missing or another one."""
    file = folder / variant.file
    try:
        size = file.stat().st_size
        if size != variant.bytes or size > MAX_FILE:
            raise InputError(
                f"{file} has {size} bytes, the manifest says {variant.bytes}: the bundle is damaged", Reason.HASH
            )
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        what = f"{file}, named by the bundle's manifest, cannot be read ({error.strerror})"
        raise InputError(what, Reason.UNREADABLE) from error
    if digest != variant.sha256:
        raise InputError(
            f"{file} does not match its SHA-256 in the manifest: the bundle is damaged, get it again", Reason.HASH
        )
