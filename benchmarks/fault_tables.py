"""Faults and survival as Markdown tables for a front page: a row a road, a row a trial."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]
ROADS = {
    "": "in software",
    "ring ": "… the patch sends again",
    "pty ": "a serial line (pseudo-terminal)",
    "ble ": "Bluetooth LE (BlueZ's interfaces, no radio)",
}


def road(name: str) -> str:
    """The prefix of a row's name that says by which road its runs went."""
    first = f"{name.partition(' ')[0]} "
    return first if first in ROADS else ""


def by_road(figures: Figures, table: Table) -> list[str]:
    head = ("road", "runs", "samples", "lost, all counted", "back, s: a sample", "twelve leads", "invariants held")
    rows = []
    for prefix, title in ROADS.items():
        of = [row for name, row in figures["rows"].items() if road(name) == prefix]
        if not of:
            continue
        checks = sum(row["checks"] for row in of)
        broken = sum(len(failure["broken"]) for row in of for failure in row["failures"])
        lost = sum(sum(row["samples_lost"].values()) for row in of)
        runs, sampled = (sum(row[key] for row in of) for key in ("runs", "samples_sampled"))
        times = [seconds(_worst(of, key)) for key in ("sample_s", "twelve_leads_s")]
        rows.append([title, str(runs), f"{sampled:,}", f"{lost:,}", *times, f"{checks - broken} of {checks}"])
    return table(head, rows)


def survival(figures: Figures, table: Table) -> list[str]:
    head = ("what happens", "what was seen", "back after, s", "samples lost, counted", "held")
    rows = []
    for trial in figures["trials"].values():
        if "left_out" in trial:
            rows.append([trial["what"], f"left out: {trial['left_out']}", "-", "-", "-"])
            continue
        held = "yes" if not trial["broken"] else "no: " + "; ".join(trial["broken"])
        rows.append([trial["what"], trial["seen"], seconds(trial["recovery_s"]), str(trial["lost"]), held])
    return table(head, rows)


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _worst(rows: Sequence[Figures], key: str) -> float | None:
    of = [row["recovery"][key] for row in rows if row.get("recovery") and row["recovery"][key] is not None]
    return max(of, default=None)
