"""Result files of MQTT and Lab Streaming Layer as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[..., list[str]]


def absence(figures: Figures, table: Table) -> list[str]:
    """A broker that is gone for so many minutes of signal, then runs that are killed."""
    head = ("what is sent", "messages", "left out, counted", "neither here nor counted", "twice as new")
    head += ("alerts; missing", "connected again; all arrived")
    rows = []
    for name, f in figures["absence"].items():
        left_out = ", ".join(f"{n} {kind}" for kind, n in f["left_out"].items()) or "0"
        row = [name, f"{f['messages']:,}", left_out, str(f["uncounted"]), str(f["twice_as_new"])]
        row += [f"{f['alerts']}; {f['alerts_missing']}", f"{f['connected_after_s']:.0f} s; {f['all_after_s']:.0f} s"]
        rows.append(row)
    f = figures["kills"]
    row = [f"edge-run killed {f['kills']} times as it sends", f"{f['messages']:,}", "0", str(f["holes"])]
    rows.append([*row, str(f["twice_as_new"]), f"{f['alerts']}; {f['alerts_missing']}", "-"])
    return table(head, rows)


def lab_time(figures: Figures, table: Table) -> list[str]:
    """How far the time of a sample, as an inlet has it, is off the instant at which the patch took it."""
    head = (
        "the patch's clock is off by",
        "samples",
        "error ms: median",
        "1st, 99th percentile",
        "most",
        "in the first 20 s",
    )
    rows = []
    for ppm, f in figures["ppm"].items():
        e = f["error_ms"]
        row = [f"{ppm} ppm", f"{f['placed']:,}", f"{e['median']:.1f}", f"{e['p1']:.1f}, {e['p99']:.1f}"]
        rows.append([*row, f"{e['most']:.1f}", f"{f['most_before_settled_ms']:.1f}"])
    return table(head, rows)
