"""Strips of what was told right, missed and told falsely, and a page that shows them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.ec57.annotations import Annotations
from benchmarks.rhythm.road import Told
from edge.blocks import Block
from edge.bundle import RATE

LENGTH_S = 12.0
DPI = 90
MOST_OF_A_KIND = 1  # strips of one title
COLOURS = {"N": "0.35", "S": "tab:blue", "V": "tab:red", "F": "tab:purple", "Q": "0.75"}
ALARMS = (
    "Bedside alarms (Challenge 2015) are believed by limits that are no wearer's: one a kind of alarm, chosen on the"
    " other folds' records, where a miss costs five false ones."
)
LICENCE = "Recordings: PhysioNet (MIT-BIH Arrhythmia, Challenge 2015), ODC-By 1.0."


@dataclass
class Page:
    """Draws the first strips of each title into `folder`, and the page beside it."""

    folder: Path | None
    shown: list[tuple[str, str]] = field(default_factory=list)  # title and file
    _count: Counter[str] = field(default_factory=Counter)

    def strip(self, title: str, record: str, block: Block, said: Told, at_s: float, marks: Annotations | None) -> None:
        """About `at_s`, unless there are enough of this title."""
        if self.folder is None or self._count[title] >= MOST_OF_A_KIND:
            return
        self._count[title] += 1
        name = f"{title} {record}".lower().replace(" ", "-").replace(":", "").replace(",", "") + ".png"
        self.folder.mkdir(parents=True, exist_ok=True)
        draw(self.folder / name, f"{record}, {title}", block, said, at_s, marks)
        self.shown.append((f"{record}: {title}", name))

    def write(self) -> None:
        if self.folder is None:
            return
        lines = [
            "# Hits, misses and false alarms",
            "",
            "Drawn by `python -m benchmarks rhythm`, with models that have not",
        ]
        lines += [
            "seen the record. Letters above: the reference's beats; below: the beats that were told, and the rhythm.",
            "",
        ]
        lines += [ALARMS, "", LICENCE, ""]
        for title, name in self.shown:
            lines += [f"**{title}**", "", f"![{title}]({self.folder.name}/{name})", ""]
        self.folder.with_suffix(".md").write_text("\n".join(lines), encoding="utf-8")


def draw(path: Path, title: str, block: Block, said: Told, at_s: float, marks: Annotations | None) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    first = max(block.start, min(round((at_s - LENGTH_S / 2) * RATE), block.end - round(LENGTH_S * RATE)))
    part = block.cut(first, min(first + round(LENGTH_S * RATE), block.end))
    t = np.arange(part.start, part.end) / RATE
    figure, axes = plt.subplots(
        len(part.leads), 1, figsize=(11, 1.3 * len(part.leads) + 0.7), sharex=True, squeeze=False
    )
    for k, (lead, axis) in enumerate(zip(part.leads, axes[:, 0], strict=True)):
        axis.plot(t, part.mv[:, k], "k", linewidth=0.7)
        axis.set_ylabel(f"{lead}, mV", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
    _letters(axes[0, 0], 1.02, [(at / marks.rate, s) for at, s, _, _ in marks] if marks else [], t)
    _letters(axes[-1, 0], 0.02, [(beat.sample / RATE, beat.kind) for beat in said.beats], t)
    for rhythm in said.rhythms:
        if t[0] <= rhythm.start / RATE < t[-1]:
            axes[-1, 0].axvline(rhythm.start / RATE, color="tab:green", linewidth=1)
            axes[-1, 0].annotate(
                str(rhythm.label), (rhythm.start / RATE, 0.85), xycoords=("data", "axes fraction"), fontsize=8
            )
    before = [rhythm for rhythm in said.rhythms if rhythm.start / RATE < t[0]]
    if before:
        axes[-1, 0].annotate(str(before[-1].label), (t[0], 0.85), xycoords=("data", "axes fraction"), fontsize=8)
    axes[0, 0].set_title(title, fontsize=9, loc="left", pad=14)
    axes[-1, 0].set_xlabel("s", fontsize=8)
    axes[0, 0].set_xlim(t[0], t[-1])
    figure.tight_layout()
    figure.savefig(path, dpi=DPI)
    plt.close(figure)


def _letters(axis: object, height: float, beats: list[tuple[float, str]], t: np.ndarray) -> None:
    for at_s, kind in beats:
        if t[0] <= at_s <= t[-1] and kind.isalnum():
            colour = COLOURS.get(kind, "tab:orange")
            axis.annotate(
                kind, (at_s, height), xycoords=("data", "axes fraction"), fontsize=7, color=colour, ha="center"
            )  # type: ignore[attr-defined]
