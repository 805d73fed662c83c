"""The signal around each of the wearer's alerts, all twelve leads of it, as a WFDB record of its own."""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from edge.blocks import Block, Origin, TwelveLeads
from edge.bundle import RATE
from edge.events import Event
from edge.leads import LEADS
from edge.recordings.storage import make_folder
from edge.recordings.wfdb_formats import INVALID
from edge.sinks.alert_log import alerts_folder
from edge.sinks.base import RunInfo
from edge.sinks.recorder import record_name
from edge.sinks.strip_file import FORMAT, Counts, StripFile, as_counts
from edge.sinks.syncing import Syncing

BEFORE_S = 10.0  # of signal before the onset ...
AFTER_S = 10.0  # ... and after the moment at which the alert was told
EARLIEST_S = 50.0  # before that moment: 30 s of evidence for AF, the time to know them, and the ten before
KEPT_S = 65.0  # of signal: EARLIEST_S, and what the twelve leads may be ahead of the alerts; 0.8 MB
SAVE_S = 1.0  # of signal: what a kill may cost
KEPT_BEATS = 400  # of KEPT_S at 360 a minute
BEFORE, AFTER, EARLIEST, KEPT, SAVE = (round(s * RATE) for s in (BEFORE_S, AFTER_S, EARLIEST_S, KEPT_S, SAVE_S))
NOWHERE = (Origin.UNAVAILABLE,) * len(LEADS)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of twelve leads."""

    start: int
    end: int
    counts: Counts | None  # None: nothing is there
    origin: tuple[Origin, ...]

    def cut(self, first: int, last: int) -> Counts:
        if self.counts is None:
            return np.full((last - first, len(LEADS)), INVALID[FORMAT], np.int16)
        return self.counts[first - self.start : last - self.start]


class _Recent:
    """The last KEPT_S of signal; stretches without any take no memory, and do not count."""

    def __init__(self) -> None:
        self.pieces: deque[_Piece] = deque()
        self._kept = 0  # samples

    def add(self, block: TwelveLeads) -> _Piece:
        if all(origin is Origin.UNAVAILABLE for origin in block.origin):
            piece = _Piece(block.start, block.end, None, NOWHERE)
            last = self.pieces[-1] if self.pieces else None
            if last is not None and last.counts is None and last.end == piece.start:
                self.pieces[-1] = _Piece(last.start, piece.end, None, NOWHERE)
                return piece
        else:
            piece = _Piece(block.start, block.end, as_counts(block.mv), block.origin)
            self._kept += len(block.mv)
        self.pieces.append(piece)
        while self._kept - self._signal(self.pieces[0]) >= KEPT:
            self._kept -= self._signal(self.pieces.popleft())
        return piece

    @staticmethod
    def _signal(piece: _Piece) -> int:
        return 0 if piece.counts is None else len(piece.counts)


class _Strip:
    """A strip that is being written: timeline indices from `first` up to, not including, `last`."""

    def __init__(self, file: StripFile, first: int, last: int) -> None:
        self.file, self.first, self.last = file, first, last
        self._next = first

    def take(self, piece: _Piece) -> None:
        first, last = max(self._next, piece.start), min(self.last, piece.end)
        if first >= last:
            return
        if first > self._next:  # the timeline has a place for every sample, but a file must not rest on that
            self.file.append(np.full((first - self._next, len(LEADS)), INVALID[FORMAT], np.int16), NOWHERE)
        self.file.append(piece.cut(first, last), piece.origin)
        self._next = last

    def mark(self, kind: str, sample: int, symbol: str, aux: str = "") -> None:
        if self.first <= sample < self.last:
            self.file.mark(kind, sample - self.first, symbol, aux)

    @property
    def whole(self) -> bool:
        return self._next >= self.last


class Strips:
    """Sink: DIRECTORY/NAME_alerts/STRIP for each alert that goes on, STRIP being what the event says.

    A strip is there from the moment the alert is told, with the signal up to then, and grows; what there is of it
    opens after a kill. It is whole when AFTER_S have come, and shorter where the recording begins or ends within it.
    An onset so long ago that it would begin more than EARLIEST_S before the alert was told is left out of it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._device = ""
        self._start_utc = datetime.min
        self._recent = _Recent()
        self._beats: deque[tuple[int, str]] = deque(maxlen=KEPT_BEATS)
        self._open: dict[str, _Strip] = {}  # by alert
        self._on: set[str] = set()  # alerts whose strip was begun and that have not ended
        self._syncing: Syncing | None = None

    def start(self, info: RunInfo) -> None:
        make_folder(self._directory / alerts_folder(info.device.name))
        self._device, self._start_utc = record_name(info.device.name), info.start_utc
        self._syncing = Syncing()

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        piece = self._recent.add(block)
        for alert, strip in list(self._open.items()):
            strip.take(piece)
            self._settle(alert, strip)

    def event(self, event: Event) -> None:
        if event["type"] == "beat":
            self._beats.append((event["sample"], event["class"]))
            for strip in self._open.values():
                strip.mark("qrs", event["sample"], event["class"])
        elif event["type"] == "alert" and event["strip"]:
            self._change(event)

    def close(self, summary: dict[str, Any]) -> None:
        with contextlib.ExitStack() as closing:  # each of them, whichever fails
            if self._syncing is not None:
                closing.callback(self._syncing.close)
                for strip in self._open.values():
                    closing.callback(strip.file.close, self._syncing)
            self._open.clear()

    def _change(self, event: Event) -> None:
        alert = event["id"]
        if event["state"] == "on" and alert not in self._on:
            self._on.add(alert)
            self._begin(event)
        elif alert in self._open:
            strip = self._open[alert]
            strip.mark("alm", event["sample"], '"', f"{event['kind']} {event['state']}")
            strip.file.save()
        if event["state"] == "off":
            self._on.discard(alert)

    def _begin(self, event: Event) -> None:
        onset, told = event["onset"], event["sample"]
        first = max(onset - BEFORE, told - EARLIEST)
        pieces = self._recent.pieces
        first = max(first, pieces[0].start if pieces else 0)
        path, utc = self._directory / event["strip"], self._start_utc + timedelta(seconds=first / RATE)
        strip = _Strip(StripFile(path.parent, path.name, self._about(event, first), utc), first, told + AFTER)
        self._open[event["id"]] = strip
        for sample, symbol in self._beats:
            strip.mark("qrs", sample, symbol)
        strip.mark("alm", onset, '"', f"{event['kind']} onset")
        strip.mark("alm", told, '"', f"{event['kind']} on")
        for piece in pieces:
            strip.take(piece)
        strip.file.save()
        self._settle(event["id"], strip)

    def _settle(self, alert: str, strip: _Strip) -> None:
        if not strip.whole:
            if strip.file.unsaved >= SAVE:
                strip.file.save()
            return
        assert self._syncing is not None
        del self._open[alert]
        strip.file.close(self._syncing)

    def _about(self, event: Event, first: int) -> dict[str, str]:
        numbers = ", ".join(f"{key} {value}" for key, value in event["evidence"].items())
        return {
            "alert": event["id"],
            "kind": event["kind"],
            "priority": event["priority"],
            "onset": f"sample {event['onset'] - first}",
            "told": f"sample {event['sample'] - first}",
            "evidence": numbers,
            "device": self._device,
            "run": f"from its sample {first} on",
        }
