from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import make_archive

for _name in ("dask", "distributed", "pyarrow"):
    pytest.importorskip(_name, reason=f"{_name} is not installed")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen recordings of two seconds and a bit: one window each."""
    return make_archive(tmp_path_factory.mktemp("archive"), 16, seconds=2.2)


@pytest.fixture(scope="session", autouse=True)
def _a_loop_that_is_closed() -> Iterator[None]:
    """Dask makes an event loop in the thread that asks it, and never closes it: it finds one here."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()
