"""A recording, at the pace it was made, faster, or as fast as it goes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np

from edge.errors import InputError, Reason
from edge.leads import LEADS
from edge.montage import Montage
from edge.recordings import Recording, open_recording
from edge.sources.items import Described, Item
from edge.timeline import Chunk

PIECE_S = 0.1  # of recording time a chunk
FAST_PIECE_S = 1.0


class Replay:
    """Source: plays `recording` at `speed` times real time (inf: without waiting)."""

    def __init__(self, recording: Recording, source: str, speed: float = 1.0) -> None:
        self._recording, self._source, self._speed = recording, source, speed

    async def items(self) -> AsyncIterator[Item]:
        r = self._recording
        montage = Montage.of_leads(r.leads)
        yield Described(r.name, montage, r.rate, self._source, total_s=len(r.mv) / r.rate)
        piece = max(1, round((FAST_PIECE_S if math.isinf(self._speed) else PIECE_S) * r.rate))
        began = time.monotonic()
        for at in range(0, len(r.mv), piece):
            chunk = Chunk(at, r.mv[at : at + piece])
            due = began + (at + len(chunk.mv)) / r.rate / self._speed
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield chunk

    async def close(self) -> None:
        pass


def open_replay(path: Path, channels: Sequence[str], speed: float) -> Replay:
    """The recording at `path` as a source; only its standard leads, or the ones named in `channels`."""
    return Replay(standard_leads(path, channels), f"replay {path}", speed)


def standard_leads(path: Path, channels: Sequence[str]) -> Recording:
    """The recording at `path`: only its standard leads, or the ones named in `channels`. Raises InputError."""
    recording = open_recording(path, channels=tuple(channels) or None)
    columns = [k for k, name in enumerate(recording.leads) if name in LEADS]
    if not columns:
        names = ", ".join(recording.leads)
        raise InputError(
            f"{path} has no standard lead, only {names}: say which leads they are with --channels", Reason.NO_LEADS
        )
    leads = tuple(recording.leads[k] for k in columns)
    mv = np.ascontiguousarray(recording.mv[:, columns])
    if not np.isfinite(mv).any():
        raise InputError(f"{path} holds no sample of {', '.join(leads)}, only marks for missing ones: choose others")
    return Recording(recording.name, recording.rate, leads, mv, recording.start_utc)
