"""The README's table of the review of recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], list[str]]


def review(figures: Mapping[str, Any], table: Table) -> list[str]:
    tiles, hours = figures["tiles"], f"{figures['hours']:g} h, {figures['recording_mb']:.0f} MB"
    rows = [
        [f"opened ({hours}), no tiles yet; from the disk", _opened(figures["open_without_tiles"])],
        ["… with tiles; from the disk", _opened(figures["open"])],
        ["tiles of all of it: made in, size", f"{tiles['made_s']:.1f} s, {tiles['mb']:.0f} MB"],
    ]
    for name, seen in figures["windows"].items():
        rows.append([f"{name} of twelve leads on the screen", f"{seen['ms']:.1f} ms, {seen['kb']:.0f} KB"])
    return table(["review", "time and size"], rows)


def _opened(figures: Mapping[str, float]) -> str:
    return f"{figures['ms']:.0f} ms; {figures['from_disk_ms']:.0f} ms"
