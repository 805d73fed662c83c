from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import hypothesis
import pytest

# Two processes test at once: more threads than cores would spin while they wait for each other.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

# Many tests start the commands anew: each would compile them again where a machine is set to keep no bytecode.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

LONG = ("web", "ble", "cli", "review", "train", "gateway", "batch", "mqtt", "benchmarks")  # folders, begun with

hypothesis.settings.register_profile("suite", deadline=None)  # what is tested is not how busy the machine is
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _no_choice_of_this_boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What edge-bench once chose for the machine that runs the tests is not what they are about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: at the end all processes have something to do."""
    items.sort(key=lambda item: LONG.index(item.path.parent.name) if item.path.parent.name in LONG else len(LONG))
