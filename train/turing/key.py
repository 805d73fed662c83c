"""The key: which sheet is what. It is not for readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.errors import InputError, Reason
from train import files
from train.turing.deck import RECONSTRUCTED, TRUE, Case, Sheet

FORMAT = 1
KEY = "key.json"


def write(path: Path, sheets: Sequence[Sheet], about: dict[str, Any]) -> None:
    """Raises OutputError."""
    told = {"format": FORMAT, **about, "sheets": [sheet.told() for sheet in sheets]}
    files.write(path, (json.dumps(told, indent=1) + "\n").encode())


def read(path: Path) -> tuple[list[Sheet], dict[str, Any]]:
    """The sheets in their order, and what is told of them. Raises InputError."""
    try:
        told: dict[str, Any] = json.loads(path.read_text())
    except OSError as error:
        raise InputError(f"the key {path} cannot be read ({error.strerror})", Reason.UNREADABLE) from None
    except ValueError as error:
        raise InputError(f"{path} is no key of a reading test ({error})") from None
    try:
        if told["format"] != FORMAT:
            raise InputError(f"{path} has the format {told['format']}, and {FORMAT} is what can be read")
        sheets = [_sheet(entry) for entry in told.pop("sheets")]
        _ = told["model"], told["leads"], told["data"]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no key of a reading test (it lacks {error})") from None
    if [sheet.number for sheet in sheets] != list(range(1, len(sheets) + 1)):
        raise InputError(f"{path} is damaged: its sheets are not numbered from 1 to {len(sheets)}")
    return sheets, told


def _sheet(entry: dict[str, Any]) -> Sheet:
    case = {name: entry[name] for name in ("record", "name", "subject", "mi", "normal")}
    if entry["kind"] not in (TRUE, RECONSTRUCTED):
        raise ValueError(f"a kind of sheet in {entry['kind']!r}")
    return Sheet(entry["sheet"], entry["kind"], Case(walls=tuple(entry["walls"]), **case))
