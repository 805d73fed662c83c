"""The page's parts, read once into memory: a name that is not among them leads nowhere."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files

TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
PACKED = ("html", "js", "css", "svg")  # worth it


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the page."""

    data: bytes
    packed: bytes | None  # gzip, where that is worth it
    media: str
    tag: str  # another for other content


def read_parts() -> dict[str, Part]:
    """Every file of the page, by name."""
    parts = {}
    for file in files("edge.web").joinpath("static").iterdir():
        ending = file.name.rpartition(".")[2]
        if file.is_file() and ending in TYPES:
            data = file.read_bytes()
            packed = gzip.compress(data, 6, mtime=0) if ending in PACKED else None
            tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
            parts[file.name] = Part(data, packed, TYPES[ending], tag)
    return parts
