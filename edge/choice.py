"""What edge-bench chose for this board: a small file, from which edge-run takes what nobody has named."""

from __future__ import annotations

import importlib.util
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edge import whole_file
from edge.bundle import Bundle
from edge.bundle_file import Variant
from edge.config import RunSettings
from edge.errors import OutputError, Reason

FORMAT = 1
FOLDER, FILE = "edge-ecg", "choices.json"
MAX_FILE = 1 << 20  # bytes: some thousand bundles
MAX_THREADS = 64  # as the settings' rule has it
MODULES = {"litert": ("ai_edge_litert", "tflite_runtime"), "onnx": ("onnxruntime",)}  # any of them will do


@dataclass(frozen=True, slots=True)
class Choice:
    """What runs one bundle's network best on this board."""

    variant: str  # its whole name, such as litert-float32
    threads: int
    day: str  # on which it was chosen, ISO 8601


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to run the network."""

    settings: RunSettings  # with engine, variant and threads as decided
    variant: Variant
    choice: Choice | None = None  # where it is edge-bench's
    ignored: str = ""  # why a choice that is there was not taken


def decide(s: RunSettings, bundle: Bundle) -> Decided:
    """The variant and threads that the settings name; where they name none, edge-bench's choice, else the first.

    Raises UsageError where the bundle has no such variant. A choice that cannot be used is never an error.
    """
    ignored = ""
    if s.engine is None and s.variant is None and s.threads is None:
        try:
            if choice := saved_choice(bundle.identity):
                variant = _variant(choice, bundle)
                named = {"engine": variant.engine, "variant": variant.name, "threads": choice.threads}
                return Decided(replace(s, **named), variant, choice)  # type: ignore[arg-type]
        except ValueError as error:
            ignored = f"the choice of edge-bench is ignored: {error}; edge-bench --select makes a new one"
    return Decided(replace(s, threads=s.threads or 1), bundle.choose(s.engine, s.variant), None, ignored)


def choices_file() -> Path:
    """Where choices are kept. Raises RuntimeError where there is no home folder."""
    told = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(told) if Path(told).is_absolute() else Path.home() / ".config"  # the standard ignores relative ones
    return base / FOLDER / FILE


def saved_choice(identity: str) -> Choice | None:
    """The choice for the bundle with this identity, if any. Raises ValueError where the file is damaged."""
    try:
        path = choices_file()
    except RuntimeError:
        return None
    entry = _read(path).get(identity)
    if entry is None:
        return None
    if not isinstance(entry, dict):
        raise ValueError(f"{path} is damaged")
    variant, threads, day = (entry.get(key) for key in ("variant", "threads", "day"))
    if not isinstance(variant, str) or not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        raise ValueError(f"{path} is damaged")
    return Choice(variant, threads, str(day))


def save_choice(identity: str, choice: Choice) -> Path:
    """Keeps it for the bundle with this identity, whole or not at all, beside those for others; where.

    A damaged file is begun anew. Raises OutputError.
    """
    path = prepared_place()
    try:
        choices = _read(path)
    except ValueError:
        choices = {}
    text = json.dumps({"format": FORMAT, "choices": {**choices, identity: asdict(choice)}}, indent=1) + "\n"
    try:
        whole_file.replace(path, text)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def prepared_place() -> Path:
    """The file's place, its folder made. Raises OutputError, before anybody has waited for a choice in vain."""
    try:
        path = choices_file()
    except RuntimeError as error:
        text = "there is no home folder to keep a choice in: set XDG_CONFIG_HOME"
        raise OutputError(text, Reason.UNWRITABLE) from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path} cannot be written: set XDG_CONFIG_HOME to another place", Reason.UNWRITABLE)
    return path


def _read(path: Path) -> dict[str, Any]:
    """All choices, by identity. Raises ValueError."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ValueError(f"{path} is damaged")
        told = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged") from error
    choices = told.get("choices") if isinstance(told, dict) and told.get("format") == FORMAT else None
    if not isinstance(choices, dict):
        raise ValueError(f"{path} is damaged")
    return choices


def _variant(choice: Choice, bundle: Bundle) -> Variant:
    """The variant chosen. Raises ValueError where it, or its engine, is not there any more."""
    for variant in bundle.variants:
        if variant.name == choice.variant:
            if any(importlib.util.find_spec(name) for name in MODULES[variant.engine]):
                return variant
            raise ValueError(f"the engine {variant.engine} is not installed any more")
    raise ValueError(f"the bundle {bundle.name} has no variant {choice.variant} any more")


def _unwritable(path: Path, error: OSError) -> OutputError:
    text = f"{path} cannot be written ({error.strerror}): set XDG_CONFIG_HOME to another place"
    return OutputError(text, Reason.UNWRITABLE)
