"""What was fitted: the numbers of the small models that come with the package, read from their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edge.errors import InputError, Reason

FOLDER = Path(__file__).parents[1] / "bundles" / "rhythm"


def table(path: Path) -> dict[str, Any]:
    """A model's file, not yet checked for what the model needs. Raises InputError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a model: {error}", Reason.MALFORMED) from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is no model: it holds no table of numbers", Reason.MALFORMED)
    return found


def shipped(name: str) -> dict[str, Any]:
    """The table of the model `name` that comes with the package. Raises InputError."""
    return table(FOLDER / f"{name}.json")
