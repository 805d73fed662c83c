"""The pages of the report that hold no ECG: the summary with the trend, and the list of alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edge.alert import Priority
from edge.blocks import Origin
from edge.exports.digest import BEATS, Digest
from edge.exports.run_record import Excerpt
from edge.exports.told import Told
from edge.exports.words import ESTIMATES, HIGH_PASS_HZ, NO_DEVICE, PROGRAM, leads_of
from edge.sinks.words import clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM_PER_INCH = 25.4
PAGE_MM = (297.0, 210.0)  # A4, lying
LINES_A_PAGE = 36  # of the list of alerts
LINE = 0.0235  # of the page's height
COLOUR = {Priority.HIGH: "#b3261e", Priority.MEDIUM: "#c2570c", Priority.LOW: "#14708f"}
INK, QUIET, GAP = "#222222", "#555555", "#dddddd"


def summary_page(excerpt: Excerpt, about: Digest) -> Figure:
    page = _page(f"ECG recording {excerpt.record.name}", f"{_when(excerpt)}   {PROGRAM}")
    page.text(0.04, 0.865, NO_DEVICE, fontsize=12, weight="bold", color=COLOUR[Priority.HIGH])
    for x, lines in ((0.04, _recorded(excerpt, about)), (0.37, _leads(excerpt)), (0.70, _counts(about))):
        _lines(page, x, 0.815, lines)
    axes = page.add_axes((0.06, 0.09, 0.90, 0.26))
    _trend(axes, excerpt, about)
    return page


def list_pages(events: Sequence[Told], pages: Sequence[int | None], excerpt: Excerpt) -> Iterator[Figure]:
    """What was told, when, and on which page it stands (None: on none)."""
    for first in range(0, len(events), LINES_A_PAGE):
        page = _page("Alerts", NO_DEVICE)
        shown = zip(events[first : first + LINES_A_PAGE], pages[first:], strict=False)
        for k, (event, number) in enumerate(shown):
            y = 0.86 - k * LINE
            at = clock((event.onset - excerpt.first) / excerpt.rate)
            cells = ((0.04, f"{excerpt.utc(event.onset):%Y-%m-%d %H:%M:%S}"), (0.20, at), (0.27, str(event.priority)))
            words = ((0.34, event.words), (0.50, evidence(event)), (0.93, f"page {number}" if number else "no page"))
            for x, text in (*cells, *words):
                page.text(x, y, text[:80], fontsize=9, color=COLOUR[event.priority] if x < 0.5 else INK)
        yield page


def evidence(event: Told) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in event.evidence.items())


def _page(title: str, below: str) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    page = Figure(figsize=(PAGE_MM[0] / MM_PER_INCH, PAGE_MM[1] / MM_PER_INCH))
    FigureCanvasAgg(page)
    page.text(0.04, 0.94, title, fontsize=17, weight="bold", color=INK, parse_math=False)
    page.text(0.04, 0.91, below, fontsize=9, color=QUIET, parse_math=False)
    return page


def _lines(page: Figure, x: float, y: float, lines: list[tuple[str, str]]) -> None:
    """A heading is a line without a second half."""
    for k, (left, right) in enumerate(lines):
        weight = "normal" if right else "bold"
        page.text(x, y - k * LINE, left[:60], fontsize=9.5, weight=weight, color=INK, parse_math=False)
        page.text(x + 0.12, y - k * LINE, right[:38], fontsize=9.5, color=INK, parse_math=False)


def _when(excerpt: Excerpt) -> str:
    until = excerpt.utc(excerpt.last)
    return f"{excerpt.start_utc:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC"


def _recorded(excerpt: Excerpt, about: Digest) -> list[tuple[str, str]]:
    facts = excerpt.record.facts
    rate = about.rate_per_min[np.isfinite(about.rate_per_min)]
    heart = f"{np.median(rate):.0f} ({rate.min():.0f} to {rate.max():.0f}) a minute" if len(rate) else "none found"
    lines = [
        ("Recorded", ""),
        ("from start to end", clock(excerpt.seconds)),
        ("of it missing", f"{clock(about.missing_s)} in {about.gaps} gap{'' if about.gaps == 1 else 's'}"),
        ("heart rate", heart),
        ("device", str(facts.get("device") or "not told")),
        ("network", str(facts.get("bundle") or "not told")),
        ("patient file", str(facts.get("patient_file_of") or "none: as for a heart never seen")),
        ("filter", f"high-pass {HIGH_PASS_HZ} Hz"),
        ("Rhythm", ""),
    ]
    rhythms = [(label, clock(seconds)) for label, seconds in about.rhythm_s.items()]
    return lines + (rhythms[:8] or [("none told", "-")])


def _leads(excerpt: Excerpt) -> list[tuple[str, str]]:
    lines = [("Leads", "")]
    for origin, words in ((Origin.MEASURED, "measured"), (Origin.DERIVED, "derived from these")):
        lines.append((words, ", ".join(leads_of(excerpt, origin)) or "none"))
    estimated = [lead for lead in excerpt.leads if lead.origin is Origin.RECONSTRUCTED]
    lines.append(("reconstructed", ", ".join(lead.name for lead in estimated) or "none"))
    for lead in estimated:
        sd = "sd not told" if lead.mean_sd_uv is None else f"mean sd {lead.mean_sd_uv:.0f} uV"
        lines.append((f"    {lead.name}", sd))
    if estimated:
        cut = ESTIMATES.index(" a network")
        lines += [("", " "), (ESTIMATES[:cut], " "), (ESTIMATES[cut + 1 :], " ")]
    return [*lines, ("Of each lead what it was for most of the time.", " ")]


def _counts(about: Digest) -> list[tuple[str, str]]:
    lines = [("Beats", "")]
    lines += [(BEATS[symbol], str(count)) for symbol, count in about.beats.most_common()] or [("none found", "-")]
    for title, technical in (("Alerts", False), ("Technical alarms", True)):
        kinds = Counter((alert.priority.rank, alert.words) for alert in about.alerts if alert.technical is technical)
        lines.append((title, ""))
        lines += [
            (words, f"{count} ({[*Priority][rank]} priority)") for (rank, words), count in sorted(kinds.items())
        ] or [("none", "-")]
    return lines


def _trend(axes: Axes, excerpt: Excerpt, about: Digest) -> None:
    unit, name = (3600.0, "hours") if excerpt.seconds > 7200 else (60.0, "minutes")
    for first, last in about.shaded_s:
        axes.axvspan(first / unit, last / unit, color=GAP, lw=0)
    axes.plot(about.rate_times_s / unit, about.rate_per_min, color=INK, lw=1.0, marker=".", ms=3)
    axes.set(xlim=(0, excerpt.seconds / unit), xlabel=f"{name} from the start", ylabel="heart rate, a minute")
    axes.set_ylim(0, max(120.0, 1.2 * float(np.nanmax(about.rate_per_min, initial=0.0))))
    top = axes.get_ylim()[1]
    for priority in reversed(Priority):  # the most urgent on top
        at = [(e.onset - excerpt.first) / excerpt.rate / unit for e in about.events if e.priority is priority]
        axes.plot(at, [top * 0.95] * len(at), "v", color=COLOUR[priority], ms=6, label=f"alert, {priority}", ls="none")
    axes.fill_between([], [], color=GAP, label="nothing recorded")
    axes.legend(loc="lower right", ncols=4, fontsize=8, frameon=False)
    axes.grid(color="#eeeeee")
    axes.set_title("Heart rate, and when alerts began", loc="left", fontsize=10)
