from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

pytest.importorskip("pylsl", reason="pylsl is not installed", exc_type=(ImportError, RuntimeError))


@pytest.fixture(scope="session", autouse=True)
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A lab of this machine and this process alone, with no multicast; the environment of those who take part."""
    path = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    quiet = "[log]\nlevel = -2\n"
    alone = f"[lab]\nKnownPeers = {{127.0.0.1}}\nSessionID = tests-{os.getpid()}\n"
    path.write_text(f"{quiet}[ports]\nIPv6 = disable\n[multicast]\nResolveScope = machine\n{alone}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LSLAPICFG", str(path))
        yield {**os.environ, "LSLAPICFG": str(path)}
