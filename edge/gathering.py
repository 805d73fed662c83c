"""The first seconds of a source as one recording, every sample in its place, and what the patch said meanwhile."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np

from edge.blocks import Signal
from edge.errors import InputError
from edge.sources import items
from edge.timeline import Chunk, Timeline


@dataclass(frozen=True, slots=True)
class Gathered:
    """n x leads (mV, NaN where lost) at `rate` Hz; `off`: leads that missed an electrode at any time."""

    device: items.Described
    mv: Signal
    off: frozenset[str]

    @property
    def seconds(self) -> float:
        return len(self.mv) / self.device.rate


async def gather(source: items.Source, seconds: float) -> Gathered:
    """Listens to `source` for so many seconds of signal, or to its end. Raises what the source raises, InputError."""
    device: items.Described | None = None
    timeline: Timeline | None = None
    blocks, off = [], set[str]()
    stream = source.items()
    try:
        async with contextlib.aclosing(stream):  # type: ignore[type-var]
            async for item in stream:
                if isinstance(item, items.Described):
                    device = item
                    timeline = Timeline(item.montage.names, item.rate)
                if timeline is None or device is None:
                    continue
                match item:
                    case Chunk():
                        blocks += timeline.push(item)
                    case items.Upto():
                        timeline.upto(item.index)
                    case items.Restarted():
                        blocks += timeline.restart(item.lost)
                    case items.Suspected():
                        timeline.suspect(item.cause)
                    case items.Awaited():
                        timeline.await_again(item.first, item.end)
                    case items.Forgone():
                        blocks += timeline.forgo(item.first, item.end)
                    case items.Contact():
                        off |= item.off
                if timeline.emitted >= seconds * device.rate:
                    break
    finally:
        await source.close()
    if timeline is None or device is None:
        raise InputError("the source ended before it said what it measures: record again")
    blocks += timeline.flush()
    count = round(seconds * device.rate)
    mv = np.concatenate([block.mv for block in blocks])[:count] if blocks else np.zeros((0, len(timeline.leads)))
    return Gathered(device, mv.astype(np.float32, copy=False), frozenset(off))
