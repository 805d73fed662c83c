"""LUDB's recordings with STEMI, ischaemia or scar, one by one: what was told of each, and a picture of each miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ischemia.sets import Record
from edge.blocks import Origin
from edge.leads import LEADS
from edge.st.beat import BEFORE, MS
from edge.st.reading import StReading

WAYS = ("twelve", "blind")
MEANS = {"stemi": "stemi", "ischemia": "ischemia", "scar formation": "mi"}
UNDEFINED = "undefined ischemia/scar/supp.nstemi"  # either of two: the larger score counts
TELLS = 0.5  # score from which a condition counts as told
SHOWN = slice(BEFORE - 100, BEFORE + 220)
DPI = 70


@dataclass
class Page:
    """Draws into `folder`, and the page beside it."""

    folder: Path | None
    shown: list[tuple[str, str]] = field(default_factory=list)

    def draw(self, record: Record, title: str, readings: Mapping[str, StReading | None]) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"ludb-{record.name}.png"
        _draw(self.folder / name, f"LUDB {record.name}: {title}", readings)
        self.shown.append((f"LUDB {record.name}: {title}", name))

    def write(self, head: Sequence[str]) -> None:
        if self.folder is None:
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        lines = [*head, ""]
        for title, name in self.shown:
            lines += [f"**{title}**", "", f"![{title}]({self.folder.name}/{name})", ""]
        self.folder.with_suffix(".md").write_text("\n".join(lines), encoding="utf-8")


def told(record: Record) -> dict[str, list[str]]:
    """What LUDB says: condition by the walls it names."""
    found: dict[str, list[str]] = {}
    for line in record.told:
        kind, _, wall = line.lower().partition(": ")
        name = MEANS.get(kind) or ("ischemia or mi" if kind == UNDEFINED else None)
        if name:
            found.setdefault(name, []).append(wall.removesuffix(" wall"))
    return found


def compare(
    records: Sequence[Record], readings: Mapping[str, Sequence[StReading | None]], page: Page
) -> dict[str, Any]:
    """Each case's scores in both ways, whether it was told, and what confounds it."""
    cases: dict[str, Any] = {}
    for k, record in enumerate(records):
        is_there = told(record)
        if not is_there:
            continue
        ways = {way: readings[way][k] for way in WAYS}
        entry: dict[str, Any] = {"is": is_there, "beside": [line for line in record.told if ":" not in line]}
        for way, reading in ways.items():
            entry[way] = None if reading is None else _said(reading, is_there)
        cases[record.name] = entry
        missed = [way for way in WAYS if entry[way] is not None and not all(entry[way]["told"].values())]
        if missed:
            what = "; ".join(f"{name} {', '.join(walls)}" for name, walls in is_there.items())
            page.draw(record, f"{what} (missed by {' and '.join(missed)})", ways)
    return {"records": cases, "counts": _counts(cases)}


def _said(reading: StReading, is_there: Mapping[str, list[str]]) -> dict[str, Any]:
    scores = {name: round(value, 3) for name, value in reading.scores.items() if value is not None}
    of = {name: max(scores.get(part, 0.0) for part in name.split(" or ")) for name in is_there}
    walls = sorted((wall for wall in scores if wall.startswith("mi_")), key=lambda wall: -scores[wall])
    return {
        "told": {name: value >= TELLS for name, value in of.items()},
        "scores": {name: scores[name] for name in ("stemi", "ischemia", "mi", "lbbb", "lvh") if name in scores},
        "walls": {wall.removeprefix("mi_"): scores[wall] for wall in walls[:2]},
    }


def _counts(cases: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for way in WAYS:
        for entry in cases.values():
            for name, hit in ((entry[way] or {}).get("told") or dict.fromkeys(entry["is"], False)).items():
                tally = out.setdefault(name, {}).setdefault(way, [0, 0])
                tally[0] += bool(hit)
                tally[1] += 1
    return out


def _draw(path: Path, title: str, readings: Mapping[str, StReading | None]) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 6, figsize=(13, 5), sharex=True)
    t = MS * (np.arange(SHOWN.start, SHOWN.stop) - BEFORE)
    colours = {"twelve": "black", "blind": "tab:red"}
    for k, axis in enumerate(axes.ravel()):
        for way, reading in readings.items():
            if reading is None or reading.levels.average.origin[k] is Origin.UNAVAILABLE:
                continue
            levels = reading.levels
            guessed = levels.average.origin[k] is Origin.RECONSTRUCTED
            axis.plot(t, levels.mv[SHOWN, k], color=colours[way], linewidth=1, linestyle="--" if guessed else "-")
            axis.axvline(MS * (levels.fiducials.j - BEFORE), color=colours[way], linewidth=0.5)
        axis.set_title(LEADS[k], fontsize=8, pad=2)
        axis.axhline(0, color="0.7", linewidth=0.5)
        axis.tick_params(labelsize=6)
    figure.suptitle(
        f"{title}\nblack: twelve measured; red: from II, V1, V5 (dashed: reconstructed); mV, ms", fontsize=8
    )
    figure.tight_layout()
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
