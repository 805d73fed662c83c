from __future__ import annotations

from pathlib import Path

import pytest
from archives import make_archive

for _name in ("dask", "distributed", "pyarrow"):
    pytest.importorskip(_name, reason=f"{_name} is not installed")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen recordings of two seconds and a bit: one window each."""
    return make_archive(tmp_path_factory.mktemp("archive"), 16, seconds=2.2)
