"""How many patches a board holds, and what one of them does to the others, for the README."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]


def costs(figures: Figures, table: Table) -> list[str]:
    """By the number of patches; and as many processes that share nothing."""
    head = (
        "patches",
        "of one core, each",
        "in all",
        "memory each: its own, with its share",
        "in all",
        "latency p99",
        "lost",
    )
    rows = []
    for count, of in figures["counts"].items():
        cpu, mb = of["cpu_percent"], of["a_patch_mb"]
        row = [str(count) + (", too many" if of["full"] else ""), f"{cpu['a_patch']:.1f} %", f"{cpu['all']:.0f} %"]
        row += [f"{mb['own_mb']:.0f}, {mb['pss_mb']:.0f} MB", f"{of['all_pss_mb']:.0f} MB"]
        rows.append([*row, f"{of['latency_ms']['p99_worst']:.0f} ms", str(of["lost"] + of["uncounted"])])
    alone = figures["alone"]
    mb = alone["a_patch_mb"]
    named = f"{alone['runs']}, each an `edge-run` of its own"
    rows.append(
        [named, f"{alone['cpu_percent']:.1f} %", "-", f"{mb['own_mb']:.0f}, {mb['pss_mb']:.0f} MB", "-", "-", "-"]
    )
    return table(head, rows)


def faults(figures: Figures, table: Table) -> list[str]:
    """What befell one of the patches, what that cost, and what the others noticed."""
    head = ("what happens", "what it costs", "recovered", "the others: gaps, late p99", "same processes")
    rows = []
    for name, of in figures["faults"]["rows"].items():
        others = of.get("others")
        seen = "-" if others is None else f"{others['gaps']}, {others['late_ms']['p99']:.0f} ms"
        same = "-" if others is None else ("yes" if others["same_processes"] else "no")
        rows.append((name, _cost(of), _recovered(of), seen, same))
    return table(head, rows)


def _cost(of: Figures) -> str:
    if "lost_samples" in of:
        lost = ", ".join(f"{n} samples ({cause})" for cause, n in of["lost_samples"].items()) or "nothing"
        return f"{lost} in {of['garbage_bytes'] / 1e6:.1f} MB of garbage, {of['its_cpu_percent']:.0f} % of a core"
    if "fast_uncounted" in of:
        lost = sum(of["fast_lost_samples"].values())
        return f"{lost} samples lost, {of['fast_uncounted']} uncounted, {of['fast_cpu_percent']:.0f} % of a core"
    if "ended_in_good_order" in of:
        return f"{of['ended_in_good_order']} of {of['of']} ended in good order"
    return "-"


def _recovered(of: Figures) -> str:
    if "added_s" in of:
        return f"there after {of['added_s']:.1f} s, gone after {of['gone_s']:.1f} s"
    seconds = of.get("recovered_s", of.get("all_ended_s"))
    return "-" if seconds is None else f"{seconds:.1f} s"
