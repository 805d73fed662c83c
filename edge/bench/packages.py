"""What the device has to hold: the packages that edge-ecg needs, those that these bring, and what each weighs."""

from __future__ import annotations

import importlib.metadata as metadata
import re
from dataclasses import dataclass
from pathlib import Path

import edge
import firmware_bridge
from edge import __version__

OURS = "edge-ecg"
NEEDED = ("ai-edge-litert", "cobs", "numpy", "pyserial")  # as pyproject.toml has them
OPTIONAL = ("onnxruntime",)


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    mb: float | None  # None where it does not say which files are its
    needed_by: str | None = None  # another package, where it is not edge-ecg


def packages() -> list[Package]:
    """Those that are installed, edge-ecg first; and after each what it alone brings."""
    found = {OURS: Package(OURS, __version__, _of_folders(edge.__path__, firmware_bridge.__path__))}
    for name in (*NEEDED, *OPTIONAL):
        _add(name, None, found)
    return list(found.values())


def _add(name: str, needed_by: str | None, found: dict[str, Package]) -> None:
    key = _normal(name)
    if key in found or (needed_by and key in NEEDED):  # the latter has its turn as our own
        return
    try:
        package = metadata.distribution(name)
        version, files, requires = package.version, package.files, package.requires
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return
    sizes = [_size(Path(str(file.locate()))) for file in files or ()]
    found[key] = Package(key, version, round(sum(sizes) / 1e6, 2) if files else None, needed_by)
    for requirement in requires or ():
        named = re.match(r"[A-Za-z0-9._-]+", requirement)
        if named and "extra ==" not in requirement:
            _add(named[0], key, found)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _of_folders(*paths: list[str]) -> float:
    """MB of everything in our own folders, which a file list does not name where the install is editable."""
    files = (file for path in paths for folder in path for file in Path(folder).rglob("*"))
    return round(sum(_size(file) for file in files) / 1e6, 2)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
