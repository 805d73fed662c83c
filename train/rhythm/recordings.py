"""Annotated recordings as the device hears them: through the product's own filters, quality and beat detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.bundle import RATE
from edge.front import FrontStage, front
from edge.leads import canonical
from edge.quality import Quality, QualityReport
from edge.recordings.opening import open_recording
from edge.rhythm.beat import Beat
from edge.rhythm.detector import BeatDetector
from edge.timeline import Chunk, Timeline

PIECE_S = 60.0  # pushed at once: as much as fits in memory


@dataclass(frozen=True, slots=True)
class Marks:
    """A reference annotator's marks, in the record's own samples."""

    rate: float  # Hz
    samples: npt.NDArray[np.int64]
    symbols: tuple[str, ...]
    aux: tuple[str, ...]

    @property
    def at_500(self) -> npt.NDArray[np.int64]:
        """Their places on the device's timeline."""
        return np.rint(self.samples * (RATE / self.rate)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording after the filters, and what was found in it."""

    name: str
    block: Block  # at 500 Hz, baseline removed, NaN where lost
    reports: tuple[QualityReport, ...]
    beats: tuple[Beat, ...]


def records(folder: Path) -> list[Path]:
    """Headers under `folder`, in order of name."""
    return sorted(folder.rglob("*.hea"))


def marks(path: Path, annotator: str = "atr") -> Marks:
    """The marks that lie beside the header `path`. Raises OSError where there are none."""
    import wfdb

    stem = str(path.with_suffix(""))
    read = wfdb.rdann(stem, annotator)
    rate = float(read.fs or wfdb.rdheader(stem).fs)
    aux = tuple(note.strip("\0") for note in read.aux_note)
    return Marks(rate, np.asarray(read.sample, np.int64), tuple(read.symbol), aux)


def heard(path: Path, leads: Sequence[str] | None = None) -> Heard:
    """The recording `path` with `leads` (standard names; all without), in the leads' order."""
    recording = open_recording(path)
    names = named(recording.leads)
    columns = [names.index(lead) for lead in leads] if leads else list(range(len(names)))
    chosen = tuple(names[k] for k in columns)
    return hear(path.stem, chosen, recording.rate, recording.mv[:, columns])


def named(leads: Sequence[str]) -> tuple[str, ...]:
    """Standard names where they are known, the publisher's where not, each once."""
    names: list[str] = []
    for lead in leads:
        name = canonical(lead) or lead
        while name in names:
            name += "'"
        names.append(name)
    return tuple(names)


def hear(name: str, leads: tuple[str, ...], rate: float, mv: npt.NDArray[np.floating]) -> Heard:
    """Samples (n x leads, mV, NaN where lost) as the device hears them."""
    blocks = list(filtered(leads, rate, mv))
    quality, detector = Quality(leads, RATE), BeatDetector(RATE)
    reports: list[QualityReport] = []
    beats: list[Beat] = []
    for block in blocks:
        for report in quality.push(block):
            detector.set_quality(report.end, report.score)
            reports.append(report)
        beats += detector.push(block)
    whole = Block(
        blocks[0].start,
        RATE,
        leads,
        np.concatenate([block.mv for block in blocks]),
        np.concatenate([block.valid for block in blocks]),
    )
    return Heard(name, whole, (*reports, *quality.flush()), (*beats, *detector.flush()))


def filtered(leads: tuple[str, ...], rate: float, mv: npt.NDArray[np.floating]) -> Iterator[Block]:
    """The road to the beat detector, from samples that nothing was lost of."""
    timeline, stages = Timeline(leads, rate), front(rate)
    step = round(PIECE_S * rate)
    for first in range(0, len(mv), step):
        for block in timeline.push(Chunk(first, np.asarray(mv[first : first + step], np.float32))):
            yield from _through(stages, block)
    for block in timeline.flush():
        yield from _through(stages, block)
    for position, stage in enumerate(stages):
        for block in stage.flush():
            yield from _through(stages[position + 1 :], block)


def _through(stages: list[FrontStage], block: Block) -> Iterator[Block]:
    if not stages:
        yield block
        return
    for made in stages[0].push(block):
        yield from _through(stages[1:], made)
