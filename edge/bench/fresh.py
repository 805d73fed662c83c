"""A Python of its own, with this very edge-ecg."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import edge


def command(module: str, *arguments: object) -> list[str]:
    """The command line that runs `module`; -P: whatever lies in the working folder is not imported."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def environment() -> Mapping[str, str]:
    """Where the command finds this very edge-ecg, whatever else is installed."""
    home = str(Path(edge.__file__).parents[1])
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([home, before] if before else [home])}
