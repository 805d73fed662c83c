"""PDF: a summary, the list of alerts, ten seconds of undisturbed signal, and a page for each alert of the wearer's.

Pages go to the file one by one, so a day takes no more memory than a minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.blocks import Origin, TwelveLeads
from edge.errors import UsageError
from edge.exports.digest import digest
from edge.exports.gaps import present
from edge.exports.pdf_pages import LINES_A_PAGE, PAGE_MM, evidence, list_pages, summary_page
from edge.exports.run_record import MISSING, Excerpt, strip_origins
from edge.exports.told import Told
from edge.exports.words import NO_DEVICE
from edge.leads import LEAD, LEADS
from edge.paper import CLINICAL_S, Sheet, sheet
from edge.sinks.words import clock

if TYPE_CHECKING:
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

BEFORE_S = 3.0  # of the ten seconds on an alert's page, before its onset
MOST_EVENTS = 500  # pages: a report is read by people. The most urgent come first into it; the rest are in the list
INTERVAL = "90 % interval, of the mean sd of the recording"  # the record keeps no sd of each sample


def write_pdf(excerpt: Excerpt, path: Path) -> None:
    """Errors: UsageError without matplotlib, OSError."""
    try:
        from matplotlib.backends.backend_pdf import PdfPages
    except ImportError as error:
        raise UsageError("PDF needs matplotlib: pip install 'edge-ecg[exports]'") from error
    about = digest(excerpt)
    first = _undisturbed(excerpt)
    pages = _numbers(about.events, first is not None)
    facts = {"Title": f"ECG recording {excerpt.record.name}", "Creator": "edge-ecg", "Subject": NO_DEVICE}
    with PdfPages(path, metadata=facts | {"CreationDate": excerpt.utc(excerpt.last)}) as document:
        _append(document, summary_page(excerpt, about))
        for page in list_pages(about.events, pages, excerpt):
            _append(document, page)
        if first is not None:
            title = f"{excerpt.record.name}, ten seconds from {_at(excerpt, first)}"
            _append(document, sheet(_stretch(excerpt, first), _sheet(title)))
        for event, number in zip(about.events, pages, strict=True):
            if number is not None:
                _append(document, sheet(*_event(excerpt, event)))


def _append(document: PdfPages, page: Figure) -> None:
    """Writes a page and lets go of it: its pixels, by which text is measured, are 16 MB and wait for the collector."""
    from matplotlib.backend_bases import FigureCanvasBase

    document.savefig(page)  # type: ignore[no-untyped-call]
    page.clear()
    FigureCanvasBase(page)


def _numbers(events: Sequence[Told], undisturbed: bool) -> list[int | None]:
    """Each event's page, in order of time; None for the least urgent of too many."""
    shown = set(sorted(range(len(events)), key=lambda k: (events[k].priority.rank, k))[:MOST_EVENTS])
    lists = -(-len(events) // LINES_A_PAGE)
    page = count(2 + lists + undisturbed)
    return [next(page) if k in shown else None for k in range(len(events))]


def _event(excerpt: Excerpt, event: Told) -> tuple[TwelveLeads, Sheet]:
    window = min(excerpt.samples, round(CLINICAL_S * excerpt.rate))
    first = event.onset - round(BEFORE_S * excerpt.rate)
    first = max(excerpt.first, min(first, excerpt.last - window))
    mark_s = (event.onset - first) / excerpt.rate
    rests: dict[str, list[str]] = {}
    for lead, origin in event.leads.items():
        rests.setdefault(origin, []).append(lead)
    words = "; ".join(f"{', '.join(leads)} ({origin})" for origin, leads in rests.items())
    told_s = (event.sample - event.onset) / excerpt.rate
    notes = (
        f"Dashed: onset, {_at(excerpt, event.onset)}; told {told_s:.1f} s later.   Rests on: {words or 'not told'}.",
        f"Evidence: {evidence(event) or 'not kept beside the recording'}.",
    )
    title = f"{event.words}, {event.priority} priority   {excerpt.record.name}, {event.id}"
    seen = mark_s if 0 <= mark_s < window / excerpt.rate else None
    origins = strip_origins(excerpt.record, event.strip) if event.strip else {}
    return _stretch(excerpt, first, origins), _sheet(title, notes, seen)


def _sheet(title: str, notes: tuple[str, ...] = (), mark_s: float | None = None) -> Sheet:
    return Sheet(title, (*notes, NO_DEVICE), mark_s, INTERVAL, PAGE_MM)


def _at(excerpt: Excerpt, sample: int) -> str:
    return f"{excerpt.utc(sample):%Y-%m-%d %H:%M:%S} UTC ({clock((sample - excerpt.first) / excerpt.rate)})"


def _stretch(excerpt: Excerpt, first: int, origins: Mapping[str, Origin] | None = None) -> TwelveLeads:
    """Ten seconds from the record's sample `first` on; leads that are not exported are unavailable.

    `origins`: what leads were there, if that is known better than from the whole recording.
    """
    last = min(excerpt.last, first + round(CLINICAL_S * excerpt.rate))
    counts = excerpt.record.counts(first, last)
    mv = np.full((last - first, len(LEADS)), np.nan, np.float32)
    sd = np.zeros_like(mv)
    origin = [Origin.UNAVAILABLE] * len(LEADS)
    for lead in excerpt.leads:
        column, of_lead = LEAD[lead.name], counts[:, lead.column]
        mv[:, column] = np.where(of_lead == MISSING, np.nan, of_lead / 1000)
        sd[:, column] = (lead.mean_sd_uv or 0.0) / 1000
        if (of_lead != MISSING).any():
            origin[column] = (origins or {}).get(lead.name, lead.origin)
    return TwelveLeads(first, mv, sd, tuple(origin), rate=excerpt.rate)


def _undisturbed(excerpt: Excerpt) -> int | None:
    """Where the first ten seconds without a gap begin."""
    window = round(CLINICAL_S * excerpt.rate)
    for start, counts in excerpt.pieces():
        for first, last in present(counts):
            if last - first >= window:
                return start + first
    return None
