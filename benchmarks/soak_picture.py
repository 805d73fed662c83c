"""A soak as a picture: what must not grow, over the hours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

INK, GREY = "#1b1b1b", "#9a9a9a"
PANELS = {"memory": "resident memory, MB", "files": "open files", "queue": "queue, samples", "stages": "stages, ms a s"}
YOUNG = "yardstick"  # a pipeline that is always young, on the same signal: what else the machine does slows it as well


def draw(figures: Mapping[str, Any], path: Path) -> None:
    """A PNG at `path`; each panel from zero, so that growth looks as large as it is."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    course = figures["course"]
    figure = Figure(figsize=(9, 2.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axis, (name, title) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        axis.plot(course["hours"], course[name], color=INK, lw=1.2)
        if name == "stages":
            axis.plot(course["hours"], course[YOUNG], color=GREY, lw=1.2)
            axis.annotate(
                "a young pipeline",
                (course["hours"][-1], course[YOUNG][-1]),
                (0, -12),
                size=7,
                color=GREY,
                textcoords="offset points",
                ha="right",
            )
        axis.set_ylim(0, 1.25 * max(course[name]))
        axis.set_title(title, size=9)
        axis.set_xlabel("h of signal", size=8)
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
