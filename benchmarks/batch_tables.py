"""What archives cost, and what a fault costs them, as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]
RUNS = {"0": "one process, without Dask", "1": "one worker", "2": "two workers"}


def throughput(figures: Figures, table: Table) -> list[str]:
    """Of whole commands; efficiency beside as many single processes."""
    head = ("10 s of twelve leads each", "recordings", "s", "recordings/s", "MB/s", "efficiency", "worker, most MB")
    of = figures["efficiency"]
    efficiency = {"0": "1", "1": f"{of['one_worker']:.2f}", "2": f"{of['two_workers']:.2f}"}
    runs = [(name, figures["throughput"][key], efficiency[key]) for key, name in RUNS.items()]
    without = f"{of['two_workers_without_start']:.2f} without the start"
    runs.append(("two workers, ten times as many, waveforms too", figures["growth"], without))
    rows = [
        (
            name,
            str(one["recordings"]),
            f"{one['seconds']:.0f}",
            f"{one['recordings_a_s']:.1f}",
            f"{one['mb_a_s']:.2f}",
            share,
            f"{one['worker_mb']:.0f}" if "worker_mb" in one else "-",
        )
        for name, one, share in runs
    ]
    return table(head, rows)


def overhead(figures: Figures, table: Table) -> list[str]:
    head = (
        *("recordings", "listing s", "engine s", "us each", "again, nothing to do, s"),
        *("client, most MB", "… growth", "worker, most MB", "… growth"),
    )
    rows = []
    for one in figures["overhead"]:
        each_us = 1e6 * one["engine_s"] / one["recordings"]
        told = [f"{one['recordings']:,}", f"{one['listing_s']:.1f}", f"{one['engine_s']:.1f}", f"{each_us:.0f}"]
        told.append(f"{one['nothing_to_do_s']:.1f}")
        for whose in ("client", "worker"):
            told += [f"{one[f'{whose}_mb']:.0f}", f"{one[f'{whose}_growth_mb']:+.0f}"]
        rows.append(told)
    return table(head, rows)


def faults(figures: Figures, table: Table) -> list[str]:
    head = (
        *("fault", "rows lost or too many", "finished parts made again", "rows that differ", "begun again, at most"),
        *("s to the next part", "s longer in all"),
    )
    rows = [
        (
            title,
            *(str(one[key]) for key in ("lost", "twice", "other", "begun_at_most")),
            *(f"{one[key]:.1f}" for key in ("recovered_s", "longer_s")),
        )
        for title, one in figures["faults"].items()
    ]
    return table(head, rows)
