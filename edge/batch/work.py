"""One recording to one row: the very road of `edge-run --replay`, without its clock, view and files."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from edge import __version__
from edge.batch.row import BAD, FORMAT, OK, Row, Tally
from edge.blocks import TwelveLeads
from edge.bundle import Bundle, open_bundle
from edge.engines import Engine
from edge.errors import EdgeError, InputError, OutputError, Reason
from edge.pipeline import Output, Pipeline, PipelineSettings
from edge.sources.replay import standard_leads

PIECE_S = 10.0  # of recording time pushed at once; the result is the same however it is cut
LONGEST_REASON = 500  # characters: what a damaged header makes a message of


@dataclass(frozen=True, slots=True)
class Work:
    """What is done to every recording. Another one of any of these, and the rows are others."""

    bundle: Path  # on every machine that works; what counts is what is in it
    bundle_sha256: str  # of its manifest, which has those of its files
    network: str  # the variant's whole name, such as litert-float32
    channels: tuple[str, ...] = ()  # as edge-run has them; none: every standard lead of a recording
    hop_s: float = 1.0
    mains_hz: float | None = None
    classify: bool = True
    waveforms: bool = False
    edge_version: str = __version__

    def about(self) -> dict[str, Any]:
        """As JSON can hold it; where the bundle lies is nobody's business."""
        table = {"rows": FORMAT, **asdict(self), "bundle": self.bundle.name}
        return table | {"channels": list(self.channels)}

    @property
    def identity(self) -> str:
        told = json.dumps(self.about() | {"bundle": ""}, sort_keys=True)
        return hashlib.blake2b(told.encode(), digest_size=5).hexdigest()


@dataclass(frozen=True, slots=True)
class Tools:
    """What is opened once a process."""

    bundle: Bundle
    engine: Engine
    settings: PipelineSettings


def manifest_sha256(bundle: Bundle) -> str:
    return hashlib.sha256((bundle.path / "manifest.json").read_bytes()).hexdigest()


@functools.lru_cache(maxsize=1)
def tools(work: Work) -> Tools:
    """Raises InputError where this machine has another edge-ecg or bundle than the one that asked."""
    if work.edge_version != __version__:
        text = f"a worker runs edge-ecg {__version__}, and the client {work.edge_version}: install the same on both"
        raise InputError(text, Reason.HASH)
    bundle = open_bundle(work.bundle)
    if manifest_sha256(bundle) != work.bundle_sha256:
        raise InputError(f"{work.bundle} is another bundle on a worker: copy the client's there", Reason.HASH)
    engine = bundle.load(bundle.choose(precision=work.network), threads=1)
    return Tools(bundle, engine, PipelineSettings(work.hop_s, work.mains_hz, classify=work.classify))


def examined(path: Path, work: Work, keep: Callable[[TwelveLeads], None] | None = None) -> Row:
    """The row of the recording at `path`, good or bad; `keep` is given its twelve leads, stretch by stretch.

    Raises OutputError where `keep` does, and InputError where this machine cannot do such work at all: never for what
    is wrong with the recording.
    """
    made = {"network": work.network, "bundle_sha256": work.bundle_sha256, "edge_version": work.edge_version}
    made |= {"bundle": tools(work).bundle.name}
    try:
        return made | _found(path, work, tools(work), keep) | {"status": OK}
    except OutputError:
        raise
    except EdgeError as error:
        reason = str(error)
    except MemoryError:
        reason = "it does not fit in the worker's memory: give --memory, or cut it"
    except Exception as error:  # noqa: BLE001  one recording that meets a bug must not cost the others
        reason = f"a bug, {type(error).__name__}: {error}; please report it"
    return made | {"status": BAD, "reason": reason.replace("\n", " ")[:LONGEST_REASON]}


def _found(path: Path, work: Work, tools: Tools, keep: Callable[[TwelveLeads], None] | None) -> Row:
    recording = standard_leads(path, work.channels)
    pipeline = Pipeline(
        recording.leads, recording.rate, bundle=tools.bundle, engine=tools.engine, settings=tools.settings
    )
    tally, piece = Tally(), max(1, round(PIECE_S * recording.rate))
    pieces = (recording.mv[at : at + piece] for at in range(0, len(recording.mv), piece))
    for output in chain(chain.from_iterable(map(pipeline.push, pieces)), _at_end(pipeline)):
        tally.push(output)
        if keep and isinstance(output, TwelveLeads):
            keep(output)
    return tally.row(recording, pipeline)


def _at_end(pipeline: Pipeline) -> Iterator[Output]:
    yield from pipeline.flush()
