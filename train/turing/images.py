"""PNG files that tell nothing but what is drawn: no text, no time, and all of one length.

A reconstructed trace has less noise and so packs better: the length of a file would give it away.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEPT = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs")  # the picture and its scale
PADDING = b"paDd"  # ancillary, private, safe to copy: readers skip it (PNG specification, 5.4)
OVERHEAD = 12  # bytes of a chunk beside its content


def bare(png: bytes) -> bytes:
    """Without any chunk that is not needed to draw it."""
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in _chunks(png) if kind in KEPT)


def alike(pngs: Sequence[bytes]) -> list[bytes]:
    """All as long as the longest, and then a little."""
    length = max(map(len, pngs)) + OVERHEAD
    return [_padded(png, length) for png in pngs]


def pdf(path: Path, pngs: Sequence[bytes], dots_per_inch: float) -> None:
    """One page a picture, as pictures: lines that can be selected would show how they were made."""
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure
    from matplotlib.image import imread

    nothing = dict.fromkeys(("CreationDate", "Creator", "Producer"))
    with PdfPages(path, metadata=nothing) as book:
        for png in pngs:
            picture = imread(io.BytesIO(png))
            height, width = picture.shape[:2]
            figure = Figure((width / dots_per_inch, height / dots_per_inch), dots_per_inch)
            figure.figimage(picture)
            book.savefig(figure, dpi=dots_per_inch)


def _padded(png: bytes, length: int) -> bytes:
    end = len(png) - OVERHEAD  # where IEND begins
    return png[:end] + _chunk(PADDING, bytes(length - len(png) - OVERHEAD)) + png[end:]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += OVERHEAD + length


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
