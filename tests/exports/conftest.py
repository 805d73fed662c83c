from __future__ import annotations

import pytest
from exports.recorded import Recorded, record


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Forty seconds with a gap and, for two seconds, without V2."""
    return record(tmp_path_factory.mktemp("night"))
