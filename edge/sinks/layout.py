"""Where everything stands on the screen, at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin, Signal
from edge.leads import LEADS
from edge.sinks.glyphs import ORIGIN_STYLE, Glyphs, Style
from edge.sinks.state import ActiveAlert, ViewState
from edge.sinks.terminal import Canvas
from edge.sinks.trace import DOTS, ORIGINS, Sweep, Traces, characters, spans
from edge.sinks.words import alert_words, clock, link_words, lost_words, progress_words

GUTTER = 6  # cells for a mark and a lead's name
TWO_COLUMNS = 56  # cells: narrower, and the twelve stand one below the other
PANEL_WIDTH, PANEL_HEIGHT = 50, 17  # smaller, and the panel becomes one line
WIDE_DOTS = 100  # dot columns from which a trace shows 5 s instead of 4
SCALES = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 30.0, 40.0)  # dots per mV
MAX_MV = 6.0  # what lies further apart is an artefact and may be cut
STYLE_OF = np.array([ORIGIN_STYLE[origin] for origin in ORIGINS], np.uint8)
PRIORITY = {"high": ("!!!", Style.HIGH), "medium": ("!! ", Style.MEDIUM), "low": ("!  ", Style.LOW)}


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the traces stand."""

    top: int  # first line
    rows: int  # lines a lead
    lead_rows: int  # leads below one another
    column_starts: tuple[int, ...]
    cells: int  # of a trace, without its gutter
    panel: bool  # three lines with large figures, or one
    alert_lines: int


def grid(width: int, height: int) -> Grid:
    """The arrangement for a terminal of this size; with too few lines, some leads are left out."""
    columns = 2 if width >= TWO_COLUMNS else 1
    wanted = 12 // columns
    panel = width >= PANEL_WIDTH and height >= PANEL_HEIGHT
    top = 5 if panel else 3
    if height < 8:
        top = 1
    foot = 1
    free = max(0, height - top - foot)
    rows = max(1, free // wanted)
    lead_rows = min(wanted, free)
    spare = free - rows * lead_rows
    each = width // columns
    return Grid(
        top + spare, rows, lead_rows, tuple(range(0, each * columns, each)), max(0, each - GUTTER - 1), panel, 1 + spare
    )


class Painter:
    """Paints the state and the traces; keeps the scale still for a sweep."""

    def __init__(self, glyphs: Glyphs) -> None:
        self._glyphs = glyphs
        self._key: tuple[int, ...] = ()
        self._scale = np.ones(2)  # dots per mV: limb leads, chest leads
        self._middle: Signal = np.zeros(12, np.float32)

    def paint(self, width: int, height: int, state: ViewState, traces: Traces, note: str) -> Canvas:
        """The whole screen."""
        canvas, place = Canvas(width, height), grid(width, height)
        dots = place.cells * (2 if self._glyphs.braille else 1)
        sweep = traces.sweep(5.0 if dots >= WIDE_DOTS else 4.0, dots)
        if sweep is not None:
            self._rescale(sweep, place.rows * DOTS)
        self._traces(canvas, place, sweep, traces.now)
        if height < 8:
            self._line(canvas, 0, state)
            self._alerts(canvas, height - 1, 1, state, note)
            return canvas
        self._head(canvas, state)
        if place.panel:
            self._panel(canvas, state)
        else:
            self._line(canvas, 1, state)
        self._alerts(canvas, 4 if place.panel else 2, place.alert_lines, state, note)
        self._foot(canvas, sweep)
        return canvas

    def _rescale(self, sweep: Sweep, dots: int) -> None:
        """One scale for the six limb leads and one for the six chest leads, chosen when the pen starts over."""
        seen = np.isfinite(sweep.low)
        early = int(seen.any(axis=0).sum()) if sweep.lap == 0 else 0  # the first sweep: look again and again
        key = (sweep.lap, early // 8, dots, sweep.low.shape[1])
        if key == self._key or not seen.any():
            return
        self._key = key
        there = seen.any(axis=1)
        low = np.where(there, np.where(seen, sweep.low, np.inf).min(axis=1), 0)
        high = np.where(there, np.where(seen, sweep.high, -np.inf).max(axis=1), 0)
        self._middle = ((low + high) / 2).astype(np.float32)
        tall = (high - low).clip(0.5, MAX_MV)
        for side, leads in enumerate((slice(0, 6), slice(6, 12))):
            fits = [scale for scale in SCALES if scale * float(tall[leads].max()) <= dots - 1]
            self._scale[side] = fits[-1] if fits else SCALES[0]

    def _traces(self, canvas: Canvas, place: Grid, sweep: Sweep | None, now: tuple[Origin, ...]) -> None:
        leads = _chosen(place.lead_rows * len(place.column_starts), now)
        cells = _cells(sweep, self._middle, self._scale, place, self._glyphs) if sweep is not None else None
        for k, lead in enumerate(leads):
            column = place.column_starts[k // place.lead_rows]
            row = place.top + k % place.lead_rows * place.rows
            style = ORIGIN_STYLE[now[lead]]
            label = row + (place.rows - 1) // 2
            canvas.text(label, column, f"{self._glyphs.mark[now[lead]]} {LEADS[lead]}", style, width=GUTTER - 1)
            if cells is None or sweep is None or not place.cells:
                continue
            part = slice(column + GUTTER, column + GUTTER + place.cells)
            canvas.codes[row : row + place.rows, part] = cells[lead]
            of_cell = sweep.origin[lead][:: 2 if self._glyphs.braille else 1]
            canvas.styles[row : row + place.rows, part] = STYLE_OF[of_cell]

    def _head(self, canvas: Canvas, state: ViewState) -> None:
        right = clock(state.elapsed_s) + (f" / {clock(state.total_s)}" if state.total_s else "")
        progress = progress_words(state)
        facts = [
            state.device or "edge-ecg",
            state.source,
            " ".join(state.montage),
            f"{state.rate_hz:g} Hz",
            state.bundle,
            state.engine,
        ]
        canvas.styles[0, :] = Style.HEAD
        room = canvas.width - len(right) - len(progress) - 3
        text = ""
        for fact in filter(None, facts):
            longer = text + self._glyphs.between + fact if text else fact
            if len(longer) > room:
                break
            text = longer
        canvas.text(0, 0, " " + text, Style.HEAD)
        canvas.text(0, max(0, canvas.width - len(right) - len(progress) - 2), f"{progress} {right} ", Style.HEAD)

    def _panel(self, canvas: Canvas, state: ViewState) -> None:
        rate = "--" if state.heart_rate_bpm is None else f"{state.heart_rate_bpm:.0f}"[:3]
        column = 2
        canvas.text(1, column, self._heart(state), Style.HIGH if _beating(state) else Style.FAINT)
        for digit in f"{rate:>3}".replace(" ", ""):
            for row, part in enumerate(self._glyphs.digits[digit]):
                canvas.text(1 + row, column + 3, part, Style.STRONG)
            column += 4
        canvas.text(3, column + 3, "/min", Style.FAINT)
        quality, link = 21, 21 + canvas.width * 26 // 80
        self._quality(canvas, quality, link - quality - 1, state)
        for row, (text, style) in enumerate(link_words(state, self._glyphs.between, canvas.width - link)):
            canvas.text(1 + row, link, text, style)

    def _quality(self, canvas: Canvas, column: int, width: int, state: ViewState) -> None:
        names = list(state.montage or state.quality)[:12]
        across = max(1, -(-len(names) // 3))
        each = width // across
        bar = max(0, min(10, each - 10))
        for k, name in enumerate(names):
            at, row = column + k // 3 * each, 1 + k % 3
            at = canvas.text(row, at, f"{name[:3]:<3} ")
            if name in state.electrodes_off:
                canvas.text(row, at, "electrode off", Style.MEDIUM, width=each - 5)
                continue
            value = state.quality.get(name)
            if value is None:
                canvas.text(row, at, "-", Style.FAINT)
                continue
            filled = round(min(max(value, 0.0), 1.0) * bar)
            at = canvas.text(row, at, self._glyphs.full * filled, _grade(value))
            at = canvas.text(row, at, self._glyphs.empty * (bar - filled), Style.FAINT)
            canvas.text(row, at, f" {value:.2f}" if each >= 10 else f"{value:.1f}", _grade(value))

    def _line(self, canvas: Canvas, row: int, state: ViewState) -> None:
        """The panel, in one line."""
        at = canvas.text(row, 0, self._heart(state) + " ", Style.HIGH if _beating(state) else Style.FAINT)
        rate = "--" if state.heart_rate_bpm is None else f"{state.heart_rate_bpm:.0f}"
        at = canvas.text(row, at, f"{rate}/min ", Style.STRONG)
        at = canvas.text(row, at, clock(state.elapsed_s) + " ", Style.FAINT)
        for name in state.montage or state.quality:
            value = state.quality.get(name)
            word = "off" if name in state.electrodes_off else "-" if value is None else f"{value:.1f}"
            at = canvas.text(row, at, f"{name} {word} ", _grade(value or 0.0))
        canvas.text(row, at, lost_words(state, canvas.width - at), Style.FAINT)

    def _alerts(self, canvas: Canvas, row: int, lines: int, state: ViewState, note: str) -> None:
        alerts = sorted(state.alerts, key=lambda alert: alert.rank)
        if state.reconnecting:
            alerts.insert(0, ActiveAlert("disconnected, reconnecting", "high", True, state.elapsed_s))
        shown = alerts[:lines]
        for k, alert in enumerate(shown):
            mark, style = PRIORITY.get(alert.priority, PRIORITY["low"])
            more = f"  (+{len(alerts) - len(shown)} more)" if k == len(shown) - 1 and len(alerts) > len(shown) else ""
            canvas.text(row + k, 0, f"{mark} {alert_words(alert, state.elapsed_s)}{more} ", style)
        if note and len(shown) < lines:
            canvas.text(row + len(shown), 1, note)
        elif not shown and canvas.height >= 8:
            canvas.text(row, 2, "no alerts", Style.FAINT)

    def _foot(self, canvas: Canvas, sweep: Sweep | None) -> None:
        last, at = canvas.height - 1, 0
        for origin in Origin:
            if at + len(origin.value) + 3 <= canvas.width:
                at = canvas.text(last, at, f" {self._glyphs.mark[origin]} ", ORIGIN_STYLE[origin])
                at = canvas.text(last, at, origin.value, Style.FAINT)
        if sweep is not None:
            words = [scale for scale in _scale_words(self._scale, sweep.seconds) if at + len(scale) < canvas.width]
            scale = words[0] if words else ""
            canvas.text(last, canvas.width - len(scale), scale, Style.FAINT)
            at += len(scale)
        if canvas.width - at > 26:
            legend = sum(len(origin.value) + 3 for origin in Origin)
            canvas.text(last, legend, self._glyphs.between + "not a medical device", Style.FAINT)

    def _heart(self, state: ViewState) -> str:
        return self._glyphs.heart if _beating(state) else self._glyphs.heart_rest


def _scale_words(dots_per_mv: npt.NDArray[np.float64], seconds: float) -> list[str]:
    """The scale of the traces, the longest wording first."""
    limb, chest = dots_per_mv.tolist()
    both = f"{limb:g}|{chest:g}" if limb != chest else f"{limb:g}"
    return [
        f"1 mV = {limb:g} dots (limb), {chest:g} (chest); {seconds:.1f} s ",
        f"1 mV = {both} dots, {seconds:.1f} s ",
        f"{both} dots/mV ",
    ]


def _beating(state: ViewState) -> bool:
    return state.last_beat_s is not None and 0 <= state.elapsed_s - state.last_beat_s < 0.25


def _grade(quality: float) -> Style:
    return Style.GOOD if quality >= 0.8 else Style.FAIR if quality >= 0.5 else Style.POOR


def _chosen(room: int, now: tuple[Origin, ...]) -> list[int]:
    """Lead columns in clinical order; where not all fit, measured ones first."""
    order = sorted(range(12), key=lambda lead: ORIGINS.index(now[lead]))
    return sorted(order[:room])


def _cells(
    sweep: Sweep, middle: Signal, scale: npt.NDArray[np.float64], place: Grid, glyphs: Glyphs
) -> npt.NDArray[np.uint32]:
    dots = place.rows * DOTS
    halves = [
        spans(sweep.low[part], sweep.high[part], middle[part], float(scale[side]), dots)
        for side, part in enumerate((slice(0, 6), slice(6, 12)))
    ]
    top, bottom = (np.concatenate(both) for both in zip(*halves, strict=True))
    return characters(top, bottom, place.rows, braille=glyphs.braille)
