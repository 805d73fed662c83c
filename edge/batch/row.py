"""A recording's row: what was found in it, every column with its unit at the end of its name."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin, TwelveLeads
from edge.bundle import RATE
from edge.leads import LEADS
from edge.pipeline import Output, Pipeline
from edge.quality import QualityReport
from edge.recordings import Recording
from edge.rhythm.beat import Beat
from edge.rhythm.rhythm import Label, Rhythm
from edge.rhythm.scores import CONDITIONS

Row = dict[str, Any]

KINDS = "NSVFQ"  # of beats, EC57's
FORMAT = 1  # of the rows: another one, and everything is done again
OK, BAD = "ok", "bad"
_LEAST_FIRST = (Origin.RECONSTRUCTED, Origin.DERIVED, Origin.MEASURED)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str  # as pyarrow calls it


def _columns() -> tuple[Column, ...]:
    of: dict[str, Iterable[str]] = {
        "uint64": ("key",),
        "string": (
            *("recording", "folder", "status", "reason", "leads_in", "twelve_hash"),
            *("bundle", "bundle_sha256", "network", "edge_version"),
            *(f"origin_{lead}" for lead in LEADS),
        ),
        "int64": ("input_bytes", "samples_in", "samples_lost", "samples_out", "gaps", "windows"),
        "float64": ("duration_s", "input_rate_hz", "unavailable_s"),
        "float32": (
            *("quality", *(f"quality_{lead}" for lead in LEADS)),
            *("heart_rate_bpm", *(f"rhythm_{label}_s" for label in Label)),
            *(f"score_{name}" for name in CONDITIONS),
            *("qrs_ms", "pr_ms"),
            *(f"st_j60_uv_{lead}" for lead in LEADS),
            *(f"st_sd_uv_{lead}" for lead in LEADS),
        ),
        "int32": ("beats", *(f"beats_{kind}" for kind in KINDS), "st_beats"),
    }
    return tuple(Column(name, kind) for kind, names in of.items() for name in names)


COLUMNS = _columns()


class Tally:
    """Gathers a recording's row from what the pipeline tells, in bounded memory."""

    def __init__(self) -> None:
        self._quality: dict[str, float] = {}  # sums over seconds
        self._worst, self._seconds = 0.0, 0
        self._beats: Counter[str] = Counter()
        self._rr_ms, self._intervals = 0.0, 0
        self._rhythm: Rhythm | None = None
        self._rhythm_samples: Counter[Label] = Counter()
        self._origin: dict[str, Origin] = {}
        self._unavailable = 0
        self._hashes = [hashlib.blake2b(digest_size=16) for _ in range(3)]

    def push(self, output: Output) -> None:
        match output:
            case TwelveLeads():
                self._twelve(output)
            case QualityReport():
                for lead, score in output.score.items():
                    self._quality[lead] = self._quality.get(lead, 0.0) + score
                self._worst += min(output.score.values())
                self._seconds += 1
            case Beat():
                self._beats[output.kind] += 1
                if output.rr_ms is not None:
                    self._rr_ms, self._intervals = self._rr_ms + output.rr_ms, self._intervals + 1
            case Rhythm():
                self._until(output.start)
                self._rhythm = output

    def row(self, recording: Recording, pipeline: Pipeline) -> Row:
        """Everything but whose it is and what made it."""
        self._until(pipeline.now)
        lost = ~np.isfinite(recording.mv).all(axis=1)
        n = max(1, self._seconds)
        row: Row = {
            "leads_in": ",".join(recording.leads),
            "input_rate_hz": recording.rate,
            "duration_s": len(recording.mv) / recording.rate,
            "samples_in": len(recording.mv),
            "samples_lost": int(lost.sum()),
            "gaps": int(np.diff(lost.astype(np.int8), prepend=0).clip(0).sum()),
            "samples_out": pipeline.samples_out,
            "windows": pipeline.twelve.inferred,
            "unavailable_s": self._unavailable / RATE,
            "twelve_hash": self.twelve_hash,
            "quality": self._worst / n if self._seconds else None,
            "beats": sum(self._beats.values()),
            "heart_rate_bpm": 60_000 * self._intervals / self._rr_ms if self._rr_ms else None,
        }
        row |= {f"quality_{lead}": total / n for lead, total in self._quality.items()}
        row |= {f"beats_{kind}": self._beats[kind] for kind in KINDS}
        row |= {f"rhythm_{label}_s": self._rhythm_samples[label] / RATE for label in Label}
        row |= {f"origin_{lead}": str(self._origin.get(lead, Origin.UNAVAILABLE)) for lead in LEADS}
        row |= {f"score_{name}": score for name, score in pipeline.scores().items()}
        return row | _st(pipeline)

    @property
    def twelve_hash(self) -> str:
        """Of values, spreads and origins sample by sample: however the stretches were cut."""
        return hashlib.blake2b(b"".join(digest.digest() for digest in self._hashes), digest_size=16).hexdigest()

    def _until(self, end: int) -> None:
        if self._rhythm is not None:
            self._rhythm_samples[self._rhythm.label] += max(0, end - self._rhythm.start)

    def _twelve(self, block: TwelveLeads) -> None:
        codes = np.array([[list(Origin).index(origin) for origin in block.origin]], np.uint8)
        parts: tuple[npt.NDArray[Any], ...] = (block.mv, block.sd, np.repeat(codes, len(block.mv), axis=0))
        for digest, part in zip(self._hashes, parts, strict=True):
            digest.update(part.tobytes())
        if Origin.UNAVAILABLE in block.origin:
            self._unavailable += len(block.mv)
        for lead, origin in zip(LEADS, block.origin, strict=True):
            if origin is not Origin.UNAVAILABLE:
                self._origin[lead] = min(self._origin.get(lead, origin), origin, key=_LEAST_FIRST.index)


def _st(pipeline: Pipeline) -> Row:
    """ST at J+60 and its standard deviation, of the leads in which the last average beat could be read."""
    if (last := pipeline.ischemia.last) is None:
        return {}
    levels, average = last.levels, last.levels.average
    row: Row = {
        "st_beats": average.count,
        "qrs_ms": levels.fiducials.qrs_ms,
        "pr_ms": levels.fiducials.pr_ms,
    }
    for k, lead in enumerate(LEADS):
        if average.readable[k]:
            row[f"st_j60_uv_{lead}"] = 1000 * float(levels.st_j60_mv[k])
            row[f"st_sd_uv_{lead}"] = 1000 * float(levels.st_spread_mv[k])
    return row


def table(rows: Iterable[Mapping[str, Any]]) -> Any:
    """A pyarrow table of them, whatever of the columns they hold."""
    from edge.batch.extra import needed

    arrow = needed("pyarrow")
    rows = list(rows)
    schema = arrow.schema([(column.name, getattr(arrow, column.kind)()) for column in COLUMNS])
    held = {column.name: [row.get(column.name) for row in rows] for column in COLUMNS}
    return arrow.table(held, schema=schema)
