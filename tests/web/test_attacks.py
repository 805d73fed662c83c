"""Every attack of the table is run, and the table in edge/web/ATTACKS.md says what came back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attacks
import pytest
from pages import Served, served

from edge.web import client
from edge.web import page as pages_module

TABLE = Path(pages_module.__file__).parent / "ATTACKS.md"


@pytest.fixture(scope="module")
def short() -> Iterator[None]:
    """What takes ten seconds takes less."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "STUCK_S", 0.3)
        yield


@pytest.fixture
def on_localhost(short: None) -> Iterator[Served]:
    with served() as page:
        yield page


@pytest.fixture
def from_outside(tmp_path: Path) -> Iterator[Served]:
    path = tmp_path / "page-token"
    path.write_text(attacks.TOKEN)
    path.chmod(0o600)
    with served(serve="0.0.0.0:0", serve_token_file=path) as page:
        yield page


@pytest.mark.parametrize("attack", attacks.ON_LOCALHOST, ids=lambda attack: attack.tried[:50])
def test_tried_on_localhost(attack, on_localhost):
    assert attack.go(on_localhost) == attack.came_back
    assert on_localhost.ask("GET", "/api/session").status in (200, 429), "it does not answer any more"


@pytest.mark.parametrize("attack", attacks.FROM_OUTSIDE, ids=lambda attack: attack.tried[:50])
def test_tried_from_outside(attack, from_outside):
    assert attack.go(from_outside) == attack.came_back


def test_the_table_says_what_was_tried_and_what_came_back():
    rows = [f"| {one.tried} | {one.came_back} |" for one in (*attacks.ON_LOCALHOST, *attacks.FROM_OUTSIDE)]
    found = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    assert found[: len(rows)] == rows
