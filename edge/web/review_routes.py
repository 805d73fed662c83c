"""The recordings of a folder over HTTP: a list, and of each its facts, windows, alerts, marks, trends and exports.

| under /api/recordings | |
|---|---|
| `` (nothing) | the list, the newest first; of one that does not open, the reason |
| `/NAME` | leads and where they come from, gaps, when it began, how much of its tiles there is |
| `/NAME/window?first=&last=&px=&leads=` | a stretch for so many pixels, binary: `edge.review.window` has the layout |
| `/NAME/alerts` | all of them, with evidence and strip |
| `/NAME/marks?first=&last=` | rhythms, and beats where they are few enough to be drawn |
| `/NAME/trend?first=&last=&points=` | heart rate and ST level by time |
| `/NAME/export?to=&first=&last=` | a download: pdf, edf, csv, dicom, fhir |

`first` and `last` are samples of the recording, which begins at 0; both left away mean all of it.

GET only. A name is taken from the list and nowhere else; every answer is bounded by the review's own caps. Errors are
JSON, `{"error": "what, why, the way out"}`: 400 for a parameter, 404 for a name, 422 for a recording that does not
open, 503 while another export is under way.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from edge.errors import EdgeError, InputError, OutputError, Reason, UsageError
from edge.exports.run_record import Excerpt, RunRecord, excerpt
from edge.review import marks, trend
from edge.review.export import export, known
from edge.review.recordings import Entry, gaps, list_recordings
from edge.review.tiles import find_tiles
from edge.review.window import window
from edge.web.shelf import Shelf
from edge.web.tile_maker import TileMaker

MAX_GAPS = 5000  # told of a recording: a day of one every 17 s
MAX_SAMPLE = 1 << 40  # as a parameter: 70 years
EXPORT_WAIT_S = 5.0  # for the one before
PIECE_BYTES = 1 << 18  # of a file, sent at a time
UNTILED_S = 60.0  # of signal without tiles before they are asked for
NO_STORE = {"Cache-Control": "no-store"}  # it is a patient's

Answer = Callable[[Request], Response]


def review_routes(folder: Path, tiles: TileMaker | None = None) -> list[Route]:
    """Routes under /api/recordings. Without `tiles` the routes make their own, on first use."""
    review = Review(folder, tiles or TileMaker(folder))
    of_one = "/api/recordings/{name}"
    return [
        Route("/api/recordings", guarded(folder, review.listing), methods=["GET"]),
        Route(of_one, guarded(folder, review.facts), methods=["GET"]),
        Route(f"{of_one}/window", guarded(folder, review.window), methods=["GET"]),
        Route(f"{of_one}/alerts", guarded(folder, review.alerts), methods=["GET"]),
        Route(f"{of_one}/marks", guarded(folder, review.marks), methods=["GET"]),
        Route(f"{of_one}/trend", guarded(folder, review.trend), methods=["GET"]),
        Route(f"{of_one}/export", guarded(folder, review.export), methods=["GET"]),
    ]


def guarded(folder: Path, answer: Answer) -> Answer:
    """Turns what a user can be told about into JSON. Answers run in the server's threads, not in its loop."""

    def guard(request: Request) -> Response:
        try:
            return answer(request)
        except Busy as error:
            return _error(str(error), 503)
        except EdgeError as error:
            return _error(_without(folder, str(error)), _status(error))

    return guard


class Busy(Exception):
    """Another export is under way."""


class Review:
    """The answers. Called from several threads at once."""

    def __init__(self, folder: Path, tiles: TileMaker) -> None:
        self._folder, self._tiles = folder, tiles
        self._shelf = Shelf(folder)
        self._exporting = threading.Lock()  # one at a time: it reads and writes up to a GB

    def listing(self, _: Request) -> Response:
        found = list_recordings(self._folder)
        entries = [_entry(self._folder, entry) for entry in found.entries]
        return _json({"recordings": entries, "left_out": found.left_out})

    def facts(self, request: Request) -> Response:
        record = self._record(request)
        if record.samples - find_tiles(record).done > UNTILED_S * record.rate:
            self._tiles.want(record)
        absent = gaps(record)
        about = {key: record.facts.get(key) for key in ("device", "bundle", "engine", "patient_file_of")}
        leads = [{"name": x.name, "origin": str(x.origin), "mean_sd_uv": x.mean_sd_uv} for x in record.leads]
        return _json(
            about
            | {"name": record.name, "rate": record.rate, "samples": record.samples, "montage": record.montage}
            | {"start_utc": record.start_utc.isoformat(timespec="milliseconds"), "leads": leads}
            | {"clock": [[sample, round(1000 * seconds, 1)] for sample, seconds in record.clock.knots]}
            | {"gaps": absent[:MAX_GAPS], "gaps_left_out": max(0, len(absent) - MAX_GAPS)}
            | {"tiles": self._tiles_of(record)}
        )

    def _tiles_of(self, record: RunRecord) -> dict[str, object]:
        state = self._tiles.state(record)
        return state | ({"problem": _without(self._folder, str(state["problem"]))} if "problem" in state else {})

    def window(self, request: Request) -> Response:
        record = self._record(request)
        first, last = _stretch(request, record)
        names = [name for name in request.query_params.get("leads", "").split(",") if name]
        px, tiles = _whole(request, "px", 1024), find_tiles(record)
        try:
            answer = window(record, tiles, first, last, px, names)
        except OSError:  # the tiles were made again, or taken away, meanwhile
            answer = window(record, replace(tiles, done=0), first, last, px, names)
        if not answer.exact:
            self._tiles.want(record)
        return Response(answer.encoded(), media_type="application/octet-stream", headers=NO_STORE)

    def alerts(self, request: Request) -> Response:
        found, count = self._shelf.alerts(self._record(request))
        return _json({"alerts": [_alert(one) for one in found], "left_out": count - len(found)})

    def marks(self, request: Request) -> Response:
        record = self._record(request)
        first, last = _stretch(request, record)
        spans, count = marks.rhythms(record, first, last)
        samples, kinds, beats = marks.beats_within(self._shelf.beats(record), first, last)
        return _json(
            {
                "rhythms": [[span.first, span.last, span.label] for span in spans],
                "rhythms_left_out": count - len(spans),
                "beats": {"samples": samples, "kinds": kinds, "count": beats},
            }
        )

    def trend(self, request: Request) -> Response:
        record = self._record(request)
        first, last = _stretch(request, record)
        by = trend.steps(record, first, last, _whole(request, "points", 360))
        rate = trend.rate_trend(self._shelf.beats(record), record.rate, by)
        st = self._shelf.st(record)
        per_min = {"median": rate.median, "least": rate.least, "greatest": rate.greatest}
        return _json(
            {
                "first": by.first,
                "step": by.samples,
                "count": by.count,
                "rate_per_min": {key: _numbers(values) for key, values in per_min.items()},
                "st_j60_uv": {lead: _numbers(values) for lead, values in trend.st_trend(st, by).items()},
                "st_origin": st.origin,
            }
        )

    def export(self, request: Request) -> Response:
        record, form = self._record(request), request.query_params.get("to", "")
        ending, media = known(form).ending, known(form).media
        first, last = _stretch(request, record)
        part = excerpt(record, first / record.rate, (min(last, record.samples) - first) / record.rate)
        if not self._exporting.acquire(timeout=EXPORT_WAIT_S):
            raise Busy("another export is under way: try again when it is done")
        try:
            file, size = _exported(form, part)
        finally:
            self._exporting.release()
        name = f'attachment; filename="{record.name}{ending}"'
        told = NO_STORE | {"Content-Disposition": name, "Content-Length": str(size)}
        return StreamingResponse(_sent(file), media_type=media, headers=told)

    def _record(self, request: Request) -> RunRecord:
        return self._shelf.record(request.path_params["name"])


def _exported(form: str, part: Excerpt) -> tuple[BinaryIO, int]:
    """A file of the export, which has no name any more: it is gone when it is closed. And its bytes."""
    try:
        with tempfile.TemporaryDirectory(prefix="edge-export-") as folder:
            path = Path(folder) / "export"
            export(form, part, path)
            return path.open("rb"), path.stat().st_size
    except OSError as error:
        raise OutputError(f"cannot write the export: {error.strerror}: free some space", Reason.FULL) from None


def _sent(file: BinaryIO) -> Iterator[bytes]:
    with file:  # also where the browser goes away meanwhile
        while piece := file.read(PIECE_BYTES):
            yield piece


def _entry(folder: Path, entry: Entry) -> dict[str, Any]:
    if entry.problem:
        return {"name": entry.name, "problem": _without(folder, entry.problem)}
    return {
        "name": entry.name,
        "device": entry.device,
        "start_utc": _time(entry.start_utc),
        "duration_s": round(entry.duration_s, 3),
        "missing_s": round(entry.missing_s, 3),
        "montage": entry.montage,
        "alerts": entry.alerts,
        "technical": entry.technical,
    }


def _alert(one: marks.Alert) -> dict[str, Any]:
    told = one.told
    return {
        "kind": str(told.kind),
        "id": told.id,
        "priority": str(told.priority),
        "technical": told.technical,
        "onset": told.onset,
        "sample": told.sample,
        "ended": one.ended,
        "evidence": told.evidence,
        "leads": told.leads,
        "strip": one.strip,
    }


def _stretch(request: Request, record: RunRecord) -> tuple[int, int]:
    """Samples `first` and `last`; the whole recording where none are given. Errors: UsageError."""
    first, last = _whole(request, "first", 0), _whole(request, "last", record.samples)
    if first >= min(last, record.samples):
        raise UsageError(f"from sample {first} to {last}: {record.name} has samples 0 to {record.samples}")
    return first, last


def _whole(request: Request, name: str, otherwise: int) -> int:
    """Errors: UsageError."""
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= 13 and int(text) <= MAX_SAMPLE):
        raise UsageError(f"{name} is {text[:20]!r}: it must be a whole number from 0 to {MAX_SAMPLE}")
    return int(text)


def _numbers(values: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 1) for value in values.tolist()]


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None


def _without(folder: Path, words: str) -> str:
    """Where the folder lies on this machine is nobody's business who only looks at a page."""
    return words.replace(f"{folder}/", "")


def _status(error: EdgeError) -> int:
    if isinstance(error, InputError):
        return 404 if error.reason is Reason.NOT_FOUND else 422
    return 400 if isinstance(error, UsageError) else 500


def _json(content: dict[str, Any]) -> Response:
    return JSONResponse(content, headers=NO_STORE)


def _error(words: str, status: int) -> Response:
    return JSONResponse({"error": words}, status, headers=NO_STORE)
