"""The packed recordings in a folder of shared data, read with the reader that lies beside them."""

from __future__ import annotations

import importlib.util
import sys
import tarfile
from pathlib import Path
from types import ModuleType

from edge.errors import InputError

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the checkout


def reader(folder: Path) -> ModuleType:
    """The module `ecgdata` of `folder`; raises InputError with what to do."""
    path = folder / "ecgdata.py"
    if not path.is_file():
        raise InputError(f"no recordings in {folder}: there is no ecgdata.py; name their folder with --data DIR")
    spec = importlib.util.spec_from_file_location("ecgdata", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ecgdata"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


def text_files(folder: Path, pack: str) -> dict[str, str]:
    """The .csv files that go with a pack, by path."""
    with tarfile.open(folder / f"{pack}.tar.xz") as tar:
        return {m.name: tar.extractfile(m).read().decode() for m in tar if m.name.endswith(".csv")}  # type: ignore[union-attr]
