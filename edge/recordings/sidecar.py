"""NAME.json beside a record: what WFDB has no place for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from edge.recordings.storage import replace_file

MAX_LISTED = 1000  # gaps, and runs; the rest are counted, so the file cannot grow with the recording


class Sidecar:
    """Facts about a record; written when they have changed."""

    def __init__(self, path: Path, facts: Mapping[str, object]) -> None:
        self.path = path
        self._facts = _existing(path)
        self._facts.setdefault("runs", [])
        self._facts.setdefault("gaps", [])
        self._facts.setdefault("times", [])
        self._changed = True
        self.update(facts)

    def __getitem__(self, key: str) -> Any:
        return self._facts[key]

    def update(self, facts: Mapping[str, object]) -> None:
        """Sets `facts` (numbers, text, lists, mappings, arrays); they are on disk after the writer's next flush."""
        plain = {key: _plain(value) for key, value in facts.items()}
        if any(self._facts.get(key, self) != value for key, value in plain.items()):
            self._facts |= plain
            self._changed = True

    def add_gap(self, sample: int, samples: int) -> None:
        self._list("gaps", [sample, samples])

    def add_run(self, sample: int, start_utc: datetime | None) -> None:
        self._list("runs", {"sample": sample, "start_utc": start_utc.isoformat() if start_utc else None})

    def set_run_start(self, utc: datetime) -> None:
        """Of the run that goes on."""
        if self._facts["runs"]:
            self._facts["runs"][-1]["start_utc"] = utc.isoformat()
            self._changed = True

    def add_time(self, sample: int, utc: str) -> None:
        """A sample, and when it was taken: what a long recording's time is interpolated from."""
        self._list("times", {"sample": sample, "utc": utc})

    def save(self) -> None:
        """Errors: OutputError."""
        if self._changed:
            lines = (
                f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in self._facts.items()
            )
            replace_file(self.path, "{" + ",\n ".join(lines) + "}\n")
            self._changed = False

    def _list(self, key: str, item: object) -> None:
        listed = self._facts[key]
        if len(listed) < MAX_LISTED:
            listed.append(item)
        else:
            self._facts[f"{key}_not_listed"] = int(self._facts.get(f"{key}_not_listed", 0)) + 1
        self._changed = True


def _existing(path: Path) -> dict[str, Any]:
    """What an earlier run wrote; nothing where that cannot be read: the record itself does not need it."""
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    lists = isinstance(facts, dict) and all(isinstance(facts.get(key, []), list) for key in ("gaps", "runs", "times"))
    return facts if lists else {}


def _plain(value: object) -> object:
    """As JSON has it: no NaN, no arrays."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)
