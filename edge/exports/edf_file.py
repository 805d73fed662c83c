"""EDF+ (Kemp and Olivan 2003), a count a uV, with beats, rhythm, alerts and gaps as annotations.

It is the continuous kind, EDF+C, also where the recording has gaps: EDF+D cannot be opened by the libraries most
programs rest on. A sample that is missing is the lowest count, -32768, which no signal of ours ever has (it is also
what WFDB's tools take for missing), and annotations `gap` tell from when to when.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from edge.errors import Reason, UsageError
from edge.exports.gaps import Gap, find_gaps
from edge.exports.run_record import MISSING, Counts, Excerpt, Lead
from edge.exports.words import HIGH_PASS_HZ, PROGRAM
from edge.recordings.annotations import Annotation

RECORD_S = 1  # of signal in a data record, pyedflib's own length for whole rates; the last one is filled up
MOST_PER_RECORD = 64  # annotations, EDFlib's limit; beats take six of them at most
MOST_GAPS_PER_RECORD = 32  # the rest of a link that stutters has no annotation, only the count
MARK = {"measured": "", "derived": " (der.)", "reconstructed": " (est.)"}  # 16 letters in all

REMARKS = (
    "not a medical device",
    "(est.): estimates, made by a network",
    "(der.): follow from measured leads",
)  # 40 letters
Note = tuple[float, float, str]  # seconds from the start, seconds long or -1, text


def write_edf(excerpt: Excerpt, path: Path) -> None:
    """Errors: UsageError without pyedflib or for a rate that EDF cannot hold, OSError."""
    try:
        import pyedflib
        from pyedflib.edfwriter import set_starttime_subsecond  # type: ignore[attr-defined]
    except ImportError as error:
        raise UsageError("EDF needs pyedflib: pip install 'edge-ecg[exports]'", Reason.CONFIG) from error
    if excerpt.rate != round(excerpt.rate):
        raise UsageError(f"{excerpt.record.name} has {excerpt.rate} Hz: EDF is written of whole rates only")
    records = math.ceil(excerpt.samples / (RECORD_S * excerpt.rate))
    notes = _notes(excerpt, records)
    writer = pyedflib.EdfWriter(str(path), len(excerpt.leads), pyedflib.FILETYPE_EDFPLUS)
    try:
        writer.setEquipment(PROGRAM.replace(" ", "_"))
        writer.setRecordingAdditional("not_a_medical_device")
        writer.setStartdatetime(excerpt.start_utc.replace(microsecond=0, tzinfo=None))
        writer.setSignalHeaders([_signal(lead, excerpt) for lead in excerpt.leads])
        writer.set_number_of_annotation_signals(max(1, min(MOST_PER_RECORD, math.ceil(len(notes) / records))))
        # In units of 100 ns, and last: what the writer itself makes of microseconds is ten times too much.
        set_starttime_subsecond(writer.handle, 10 * excerpt.start_utc.microsecond)
        for _, counts in excerpt.pieces(round(60 * RECORD_S * excerpt.rate)):
            for record in _records(counts, round(RECORD_S * excerpt.rate)):
                _checked(writer.blockWriteDigitalShortSamples(record))
        for onset, duration, text in notes:
            _checked(writer.writeAnnotation(onset, duration, text))
    finally:
        writer.close()


def _signal(lead: Lead, excerpt: Excerpt) -> dict[str, str | int | float | None]:
    source = f"{lead.words} from {excerpt.record.montage}" if lead.origin != "measured" else lead.words
    return {
        "label": f"ECG {lead.name}{MARK[lead.origin]}",
        "dimension": "uV",
        "sample_frequency": round(excerpt.rate),
        "physical_min": -32768,
        "physical_max": 32767,
        "digital_min": -32768,
        "digital_max": 32767,
        "transducer": source[:80],
        "prefilter": f"HP:{HIGH_PASS_HZ}Hz",
    }


def _records(counts: Counts, samples: int) -> list[Counts]:
    """Whole data records, lead after lead; what the last one lacks is missing."""
    lacking = -len(counts) % samples
    whole = np.concatenate([counts, np.full((lacking, counts.shape[1]), MISSING, np.int16)]) if lacking else counts
    table = whole.reshape(-1, samples, whole.shape[1]).transpose(0, 2, 1)
    return [np.ascontiguousarray(record).reshape(-1) for record in table]


def _notes(excerpt: Excerpt, records: int) -> list[Note]:
    rate, first = excerpt.rate, excerpt.first
    notes: list[Note] = [(0.0, -1.0, text) for text in REMARKS]
    texts: dict[str, Callable[[Annotation], str]] = {
        "qrs": lambda mark: f"beat {mark.symbol}",
        "rhy": lambda mark: f"rhythm {mark.aux.strip('(')}",
        "alm": lambda mark: (
            f"alert {mark.aux.split(' ', 1)[1] if mark.aux.count(' ') > 1 else mark.aux}"
        ),  # the name begins with the kind
    }
    for kind, text_of in texts.items():
        notes += [((mark.sample - first) / rate, -1.0, text_of(mark)) for mark in excerpt.annotations(kind)]
    most = MOST_GAPS_PER_RECORD * records
    gaps = list(islice(find_gaps(excerpt), most + 1))
    if len(gaps) > most:
        notes.append((0.0, -1.0, f"more gaps: every {MISSING} is missing"))
    notes += [_gap(gap, excerpt) for gap in gaps[:most]]
    filled = round(records * RECORD_S * rate) - excerpt.samples
    if filled:
        notes.append((excerpt.seconds, filled / rate, "end of the recording"))
    return sorted(notes)[: MOST_PER_RECORD * records]


def _gap(gap: Gap, excerpt: Excerpt) -> Note:
    others = [lead.name for lead in excerpt.leads if lead.name not in gap.leads]
    few = len(gap.leads) <= len(others)
    names = " ".join(gap.leads) if few else f"all but {' '.join(others)}"
    which = f": {names}" if gap.leads else ""
    return (gap.first - excerpt.first) / excerpt.rate, (gap.last - gap.first) / excerpt.rate, f"gap{which}"


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(errno.ENOSPC, "the disk is full, or failed")  # EDFlib does not say which
