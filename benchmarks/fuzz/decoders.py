"""What every decoder promises, tried on one input. Raises Broken, or whatever the decoder raises."""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from firmware_bridge.decoders import cyton, openview
from firmware_bridge.decoders.base import Corrupt, Decoded, Decoder, Event, Sampled, Status
from firmware_bridge.decoders.cyton import Cyton
from firmware_bridge.decoders.openview import OpenView
from firmware_bridge.decoders.own import Own
from firmware_bridge.decoders.polar import PolarH10

MS = 1_000_000  # ns
PAUSES_MS = (0, 4, 16, 60, 300, 2000, 60_000)


class Broken(AssertionError):
    """A promise that does not hold for this input."""


@dataclass(frozen=True, slots=True)
class Target:
    """A decoder and what is known of it."""

    new: Callable[[], Decoder]
    tokens: tuple[bytes, ...]
    max_held: int | None  # bytes; None: it counts on without keeping them
    whole: bool = False  # whether it is fed whole notifications, which are not cut


TARGETS = {
    "cyton": Target(Cyton, (b"\xa0", b"\xc0", b"\xc6", b"$$$"), cyton.MAX_JUNK + cyton.CONFIRM * cyton.PACKET),
    "openview": Target(
        OpenView,
        (b"\x0a\xfa", b"\x0b", b"\0\x0b", b"\x16\0\x02", b"\x32\0\x03", b"\x0e\0\x02", b"\x13\0\x04"),
        openview.MAX_JUNK + openview.MAX_FRAME,
    ),
    "polar": Target(PolarH10, (bytes(10), b"\xf0\x02\0\0", b"\x01\0"), 0, whole=True),
    "edge": Target(Own, (b"\0", b"\x01", b"\x05"), None),
}


def try_input(target: Target, data: bytes) -> None:
    """Whole and cut, with the clock as the input itself has it: the same comes out, and every byte is accounted for."""
    timing = random.Random(zlib.crc32(data))
    feeds = list(_feeds(data, timing))
    first = _heard(target, feeds)
    if not target.whole:
        cut = [(piece, at_ns) for part, at_ns in feeds for piece in _cut(part, timing)]
        if _joined(_heard(target, cut)) != _joined(first):
            raise Broken("another cut says something else")


def _feeds(data: bytes, timing: random.Random) -> Iterable[tuple[bytes, int]]:
    at, at_ns = 0, timing.randrange(10**15)
    while at < len(data):
        size = timing.choice((1, 12, 33, 66, 239, 4096))
        yield data[at : at + size], at_ns
        at, at_ns = at + size, at_ns + MS * timing.choice(PAUSES_MS)


def _cut(data: bytes, timing: random.Random) -> Iterable[bytes]:
    edges = sorted(timing.randrange(len(data) + 1) for _ in range(3))
    return (data[a:b] for a, b in zip([0, *edges], [*edges, len(data)], strict=True))


def _heard(target: Target, feeds: Iterable[tuple[bytes, int]]) -> list[Decoded]:
    decoder, out, fed = target.new(), [], 0
    for data, at_ns in feeds:
        out += decoder.feed(data, at_ns)
        fed += len(data)
        if target.max_held is not None and decoder.held > target.max_held:
            raise Broken(f"holds {decoder.held} bytes")
    out += decoder.flush()
    lost = sum(item.bytes_lost for item in out if isinstance(item, Corrupt))
    unaccounted = fed - decoder.taken - decoder.held - lost
    if unaccounted and not isinstance(decoder, Own):  # which passes on what is lost of a message within a frame too
        raise Broken(f"{unaccounted} bytes are neither taken nor lost")
    _check_samples(decoder, out)
    return out


def _check_samples(decoder: Decoder, out: list[Decoded]) -> None:
    for item in out:
        if isinstance(item, Sampled) and not (
            item.counts.dtype == np.int32 and item.counts.ndim == 2 and len(item.counts)
        ):
            raise Broken("samples that are no samples x channels of 32 bits")
    if isinstance(decoder, Cyton | OpenView):  # the others repeat what the device repeats
        blocks = [item for item in out if isinstance(item, Sampled)]
        for before, after in itertools.pairwise(blocks):
            if after.index < before.index + len(before.counts):
                raise Broken("samples that were there already")


def _joined(out: list[Decoded]) -> list[object]:
    """Samples as they follow each other, whatever blocks they came in; losses added up between them."""
    said: list[object] = []
    lost = 0
    for item in out:
        match item:
            case Corrupt():
                lost += item.bytes_lost
                continue
            case Sampled() | Status() | Event() if lost:
                said.append(lost)
                lost = 0
        if isinstance(item, Sampled):
            said += [(item.index + k, row.tobytes()) for k, row in enumerate(item.counts)]
        else:
            said.append(item)
    return [*said, lost]
