"""Files of one JSON object a line, as they are after a crash too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any


def json_lines(path: Path, most: int | None = None) -> Iterator[dict[str, Any]]:
    """The objects of the first `most` lines; none where there is no such file. What is no object is passed over."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in islice(file, most):
                try:
                    line = json.loads(text)
                except ValueError:
                    continue  # cut off by a power failure
                if isinstance(line, dict):
                    yield line
    except OSError:
        return
