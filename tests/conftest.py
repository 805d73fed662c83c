from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_choice_of_this_boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What edge-bench once chose for the machine that runs the tests is not what they are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield
