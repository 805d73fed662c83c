from __future__ import annotations

import pytest
from exports.recorded import Recorded, record

from edge.exports.run_record import RunRecord, open_run


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Forty seconds with a gap from 20 to 23 s and, for two seconds, without V2."""
    return record(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="session")
def run(recorded: Recorded) -> RunRecord:
    return open_run(recorded.path)
