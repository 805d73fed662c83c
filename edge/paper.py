"""Twelve leads on ECG paper, as a picture: 25 mm/s and 10 mm/mV to scale, measured and reconstructed told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin, TwelveLeads
from edge.errors import OutputError, Reason, UsageError
from edge.leads import LEAD, LEADS

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

MM_PER_S, MM_PER_MV = 25.0, 10.0
PIXELS_PER_MM = 8  # whole, so that the grid falls on pixels: 203.2 dots an inch
MM_PER_INCH = 25.4
CLINICAL = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
RHYTHM = "II"
CLINICAL_S = 10.0  # four columns of 2.5 s
SHORTEST_CLINICAL_S = 8.0  # shorter, and a column would hold no two beats: one row a lead instead
MAX_S = 60.0  # a page of 1.5 m; longer is for a viewer, not for paper
MARGIN_MM, PULSE_MM, HEAD_MM, FOOT_MM = 10.0, 10.0, 25.0, 20.0
MIN_WIDTH_MM = 215.0  # as much as the legend and the footnote need
MIN_ROW_MM, MAX_ROW_MM = 20.0, 80.0  # the upper one is 8 mV: beyond is an artefact, and is cut
NOTE_MM = 5.0  # a line of text below the traces
LABEL_MM, GAP_MM = 5.0, 3.0  # room for a name above a trace, and between two rows
NINETY = 1.645  # standard deviations either side of the mean hold 90 % of a normal distribution

PAPER, THIN, THICK = "#fff6f4", "#f8d3cd", "#eba79e"
TRUTH, BLIND, ONSET = "#757575", "#c2570c", "#9b1c1c"
COLOUR = {Origin.MEASURED: "#000000", Origin.DERIVED: "#14308f", Origin.RECONSTRUCTED: "#00756a"}
MARK = {Origin.MEASURED: "●", Origin.DERIVED: "◆", Origin.RECONSTRUCTED: "○", Origin.UNAVAILABLE: "×"}
FOOTNOTE = (
    "25 mm/s   10 mm/mV   500 Hz   high-pass 0.05 Hz.   Reconstructed leads are estimates.   Not a medical device."
)
BLIND_FOOTNOTE = "25 mm/s   10 mm/mV   500 Hz.   Not a medical device."


@dataclass(frozen=True, slots=True)
class _Strip:
    """A lead from sample `first` up to, not including, `last`, starting `x_mm` from the left of the traces."""

    lead: str
    first: int
    last: int
    x_mm: float


@dataclass(frozen=True)
class _Beside:
    """Another signal that goes with the twelve leads."""

    mv: npt.NDArray[np.floating[Any]]  # n x 12
    words: str
    colour: str
    width: float
    only: frozenset[Origin] = frozenset(Origin)  # drawn where a lead is of one of these


@dataclass(frozen=True, slots=True)
class _Row:
    strips: tuple[_Strip, ...]
    above_mm: float  # room above the isoelectric line
    below_mm: float


def draw(
    path: Path,
    twelve: TwelveLeads,
    *,
    truth: npt.NDArray[np.floating[Any]] | None = None,
    blind: npt.NDArray[np.floating[Any]] | None = None,
    title: str,
    seconds: float | None = None,
    blinded: bool = False,
) -> None:
    """Writes a PNG of the first `seconds`, or of all, up to 60.

    Eight to ten seconds make three rows of four leads and a rhythm strip, else every lead has its row. `truth`
    (n x 12, mV), filtered as `twelve` is, goes in grey beneath; `blind`, the same leads without a patient file, as a
    thin line where they were reconstructed. `blinded`: as a cart prints it, all leads alike and none of them marked.

    Raises UsageError without matplotlib, OutputError where `path` cannot be written.
    """
    if blinded:
        twelve = replace(twelve, sd=np.zeros_like(twelve.sd), origin=(Origin.MEASURED,) * len(LEADS))
    beside = []
    if truth is not None:
        beside.append(_Beside(truth, "recorded, for comparison", TRUTH, 0.8))
    if blind is not None:
        estimates = frozenset({Origin.RECONSTRUCTED})
        beside.append(_Beside(blind, "blind", BLIND, 0.6, estimates))
    figure = _figure(twelve, beside, Sheet(title, marked=not blinded), seconds)
    try:
        figure.savefig(path, format="png", dpi=PIXELS_PER_MM * MM_PER_INCH)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", Reason.UNWRITABLE) from error


@dataclass(frozen=True)
class Sheet:
    """What stands on the paper beside the traces."""

    title: str
    notes: tuple[str, ...] = ()  # lines below the traces
    mark_s: float | None = None  # from the first sample: a line through all rows
    interval: str = "90 % interval"  # what the band around a reconstructed lead is
    least_mm: tuple[float, float] = (0.0, 0.0)  # width and height, of a page of a document say
    marked: bool = True  # which lead is measured and which is not


def sheet(twelve: TwelveLeads, about: Sheet) -> Figure:
    """A figure as `draw` makes it, for a document. Raises UsageError without matplotlib."""
    return _figure(twelve, [], about, None)


def _figure(twelve: TwelveLeads, beside: list[_Beside], about: Sheet, seconds: float | None) -> Figure:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("a picture needs matplotlib: pip install 'edge-ecg[demo]'", Reason.CONFIG) from error
    samples = round(min(len(twelve.mv) / twelve.rate, seconds or MAX_S, MAX_S) * twelve.rate)
    if samples < 1:
        raise UsageError("no samples to draw")
    rows = [_measure(strips, twelve, beside) for strips in _arrange(samples, twelve)]
    width = _up_to_5(2 * MARGIN_MM + PULSE_MM + samples / twelve.rate * MM_PER_S)
    width = max(width, MIN_WIDTH_MM, about.least_mm[0])
    foot = FOOT_MM + NOTE_MM * len(about.notes)
    height = _up_to_5(HEAD_MM + foot + sum(row.above_mm + row.below_mm for row in rows))
    height = max(height, about.least_mm[1])
    figure = Figure(figsize=(width / MM_PER_INCH, height / MM_PER_INCH), dpi=PIXELS_PER_MM * MM_PER_INCH)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))  # its units are millimetres
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    _grid(axes, width, height)
    _title(axes, height, about.title)
    if about.marked:
        _legend(axes, height, twelve, beside, about.interval)
    y = height - HEAD_MM
    for row in rows:
        y = _row(axes, row, y - row.above_mm, twelve, beside, marked=about.marked)
    _below(axes, about, y, height, twelve.rate)
    return figure


def _below(axes: Axes, about: Sheet, y: float, height: float, rate: float) -> None:
    """The mark through the rows, which end `y` mm from the bottom, the notes and the footnote."""
    if about.mark_s is not None:
        x = MARGIN_MM + PULSE_MM + about.mark_s * MM_PER_S
        axes.plot([x, x], [y, height - HEAD_MM], color=ONSET, lw=0.8, ls=(0, (4, 3)), zorder=2)
    for k, note in enumerate(reversed(about.notes)):
        axes.text(MARGIN_MM, 6 + NOTE_MM * (k + 1), note, fontsize=9, color="#222222", parse_math=False)
    foot = FOOTNOTE if about.marked else BLIND_FOOTNOTE
    axes.text(MARGIN_MM, 6, foot.replace("500 Hz", f"{rate:g} Hz"), fontsize=8, color="#444444")


def _arrange(samples: int, twelve: TwelveLeads) -> list[tuple[_Strip, ...]]:
    rate = twelve.rate
    if not SHORTEST_CLINICAL_S * rate <= samples <= CLINICAL_S * rate:
        return [(_Strip(lead, 0, samples, 0.0),) for lead in LEADS]
    edges = np.linspace(0, samples, 5).round().astype(int).tolist()
    rows = [
        tuple(_Strip(lead, edges[k], edges[k + 1], edges[k] / rate * MM_PER_S) for k, lead in enumerate(leads))
        for leads in CLINICAL
    ]
    there = [lead for lead in (RHYTHM, *LEADS) if twelve.origin[LEAD[lead]] is not Origin.UNAVAILABLE]
    return [*rows, (_Strip(there[0] if there else RHYTHM, 0, samples, 0.0),)]


def _measure(strips: tuple[_Strip, ...], twelve: TwelveLeads, beside: list[_Beside]) -> _Row:
    """How much paper the row's traces need, so that no two rows touch."""
    above, below = MM_PER_MV, 0.0  # the pulse
    for strip in strips:
        line = _isoelectric(strip, twelve, beside)
        for signal in (twelve.mv, *(other.mv for other in beside)):
            mm = MM_PER_MV * (signal[strip.first : strip.last, LEAD[strip.lead]] - line)
            mm = mm[np.isfinite(mm)]
            above, below = max(above, mm.max(initial=0.0)), max(below, -mm.min(initial=0.0))
    above = min(above, MAX_ROW_MM / 2) + LABEL_MM
    below = min(max(below, MIN_ROW_MM - above), MAX_ROW_MM / 2) + GAP_MM
    return _Row(strips, _up_to_5(above), _up_to_5(below))


def _isoelectric(strip: _Strip, twelve: TwelveLeads, beside: list[_Beside]) -> float:
    """What stands on the row's line: the median, as most of a beat is isoelectric; the truth's only for want of it."""
    for signal in (twelve.mv, *(other.mv for other in beside)):
        part = signal[strip.first : strip.last, LEAD[strip.lead]]
        if np.isfinite(part).any():
            return float(np.nanmedian(part))
    return 0.0


def _row(axes: Axes, row: _Row, y: float, twelve: TwelveLeads, beside: list[_Beside], *, marked: bool) -> float:
    """Draws a row on the line `y` mm from the bottom and returns the row's lower edge."""
    from matplotlib.patches import Rectangle

    pulse = np.array([[0, 0], [2.5, 0], [2.5, 1], [7.5, 1], [7.5, 0], [PULSE_MM, 0]])  # 1 mV for 200 ms
    axes.plot(MARGIN_MM + pulse[:, 0], y + MM_PER_MV * pulse[:, 1], color="black", lw=0.9, solid_joinstyle="miter")
    left = MARGIN_MM + PULSE_MM
    for strip in row.strips:
        column, part = LEAD[strip.lead], slice(strip.first, strip.last)
        origin = twelve.origin[column]
        x = left + strip.x_mm + np.arange(strip.last - strip.first) / twelve.rate * MM_PER_S
        line = _isoelectric(strip, twelve, beside)
        span = (strip.last - strip.first) / twelve.rate * MM_PER_S
        box = Rectangle(
            (left + strip.x_mm, y - row.below_mm), span, row.below_mm + row.above_mm, transform=axes.transData
        )
        drawn: list[Artist] = []
        for other in beside:
            if origin in other.only:
                trace = y + MM_PER_MV * (other.mv[part, column] - line)
                drawn += axes.plot(x, trace, color=other.colour, lw=other.width, zorder=2)
        if origin is not Origin.UNAVAILABLE:
            trace = y + MM_PER_MV * (twelve.mv[part, column] - line)
            drawn += axes.plot(x, trace, color=COLOUR[origin], lw=1.0, zorder=4, solid_joinstyle="round")
            band = NINETY * MM_PER_MV * twelve.sd[part, column]
            if origin is Origin.RECONSTRUCTED:
                fill = axes.fill_between(
                    x, trace - band, trace + band, color=COLOUR[origin], alpha=0.16, lw=0, zorder=3
                )
                drawn.append(fill)
        for artist in drawn:
            artist.set_clip_path(box)
        _label(axes, strip, left + strip.x_mm, y, row, origin, marked=marked)
    return y - row.below_mm


def _label(axes: Axes, strip: _Strip, x: float, y: float, row: _Row, origin: Origin, *, marked: bool) -> None:
    colour = COLOUR.get(origin, "#777777")
    top = y + row.above_mm - LABEL_MM + 1
    if strip.x_mm:
        axes.plot([x, x], [y + 2, y + 5], color="black", lw=1.0)  # where one lead ends and the next begins
    text = axes.text(x + 1, top, strip.lead, fontsize=11, weight="bold", color=colour, va="bottom", zorder=6)
    if not marked:
        return
    word = {Origin.RECONSTRUCTED: "estimate", Origin.UNAVAILABLE: "unavailable", Origin.DERIVED: "derived"}
    note = f"{MARK[origin]} {word.get(origin, '')}"
    axes.text(_end_mm(text) + 1.5, top + 0.3, note, fontsize=7.5, color=colour, va="bottom", zorder=6)


def _grid(axes: Axes, width: float, height: float) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((0, 0), width, height, facecolor=PAPER, edgecolor="none", zorder=0))
    for thick in (False, True):
        across = [k for k in range(round(width) + 1) if (k % 5 == 0) == thick]
        up = [k for k in range(round(height) + 1) if (k % 5 == 0) == thick]
        lines = [[(x, 0), (x, height)] for x in across] + [[(0, y), (width, y)] for y in up]
        axes.add_collection(
            LineCollection(lines, colors=THICK if thick else THIN, linewidths=0.7 if thick else 0.35, zorder=1)
        )


def _title(axes: Axes, height: float, title: str) -> None:
    # A file's name may hold a dollar sign: it is no formula.
    axes.text(MARGIN_MM, height - 9, title, fontsize=13, weight="bold", color="#222222", parse_math=False)


def _legend(axes: Axes, height: float, twelve: TwelveLeads, beside: list[_Beside], interval: str) -> None:
    x = MARGIN_MM
    entries = [(f"{MARK[o]} {o.value}", COLOUR[o], 1.2) for o in COLOUR if o in twelve.origin]
    if Origin.RECONSTRUCTED in twelve.origin:
        entries.append((interval, COLOUR[Origin.RECONSTRUCTED], 7.0))
    entries += [(other.words, other.colour, other.width) for other in beside]
    for words, colour, line in entries:
        alpha = 0.25 if line > 2 else 1.0
        axes.plot([x, x + 7], [height - 15] * 2, color=colour, lw=line, alpha=alpha, solid_capstyle="butt")
        x = _end_mm(axes.text(x + 8.5, height - 15, words, fontsize=9, color="#222222", va="center_baseline")) + 6


def _end_mm(text: Text) -> float:
    return float(text.get_window_extent().x1) / PIXELS_PER_MM


def _up_to_5(mm: float) -> float:
    """The next line of the thick grid."""
    return float(5 * np.ceil(mm / 5 - 1e-9))
