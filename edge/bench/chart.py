"""The latency of a window by variant and threads, as bars in a PNG."""

from __future__ import annotations

from pathlib import Path

from edge.bench.measured import Measured
from edge.bench.turns import Timing
from edge.bundle import RATE
from edge.errors import OutputError, Reason, UsageError

MEDIAN, TAIL, WORDS = "#00756a", "#c2570c", "#222222"
BAR, BETWEEN = 0.38, 1.0  # bar and row, in rows
DOTS_PER_INCH = 150
WIDTH, ROW, HEAD = 8.0, 0.45, 1.7  # inches


def draw_chart(path: Path, found: Measured) -> None:
    """Raises UsageError without matplotlib, OutputError where `path` cannot be written."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("a picture needs matplotlib: pip install 'edge-ecg[demo]'", Reason.CONFIG) from error
    timings = [t for t in found.timings if t.windows]
    figure = Figure(figsize=(WIDTH, HEAD + ROW * len(timings)), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rows = [BETWEEN * k for k in range(len(timings))]
    for values, shift, colour, name in (
        ([t.p50_ms or 0.0 for t in timings], -BAR / 2, MEDIAN, "p50"),
        ([t.p95_ms or 0.0 for t in timings], BAR / 2, TAIL, "p95"),
    ):
        bars = axes.barh([row + shift for row in rows], values, BAR, color=colour, label=name)
        axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8, color=WORDS)
    axes.set_yticks(rows, [_name(t) for t in timings])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"ms a window of {found.bundle.window / RATE:g} s")
    where = found.board.model or found.board.cpu or "an unknown board"
    axes.set_title(f"edge-bench: {where}, {found.day}", fontsize=11, loc="left", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    try:
        figure.savefig(path, format="png", dpi=DOTS_PER_INCH)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", Reason.UNWRITABLE) from error


def _name(t: Timing) -> str:
    return f"{t.variant}, {t.threads} thread{'' if t.threads == 1 else 's'}"
