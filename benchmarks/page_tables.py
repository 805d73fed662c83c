"""What the live page costs, for the README."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]


def pages(figures: Figures, table: Table) -> list[str]:
    """A run without the page, and with so many that look on."""
    head = [
        "pages",
        "share of one core",
        "memory",
        "latency p50, p99",
        "sent",
        "skipped, dropped",
        "to the page p50, p99",
    ]
    rows = []
    for name, of in figures["pages"].items():
        latency, sent, read = of["latency_ms"], of.get("sent"), of.get("read")
        named = "without `--serve`" if name == "none" else name + (f", {of['stuck']} stuck" if of["stuck"] else "")
        row = [named, f"{of['cpu_percent']:.1f} %", f"{of['rss_mb_peak']:.0f} MB"]
        row.append(f"{latency['p50']:.0f}, {latency['p99']:.0f} ms")
        row.append("-" if not sent else f"{sent['bytes'] / figures['duration_s'] / 1000:.0f} kB/s")
        row.append("-" if not sent else f"{sent['skipped']}, {sent['dropped']}")
        rows.append([*row, "-" if not read else f"{read['age_ms']['p50']:.1f}, {read['age_ms']['p99']:.1f} ms"])
    return table(head, rows)
