from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from c_library import BIG_ENDIAN, SANITIZE, STRICT, C, Driver, build, compiler


def strict_compiler() -> str:
    cc = compiler()
    if cc is None:
        pytest.skip("no C compiler here (cc, gcc or clang)")
    return cc


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Driver:
    """The library under the address and undefined-behaviour sanitizers."""
    cc, folder = strict_compiler(), tmp_path_factory.mktemp("c")
    (folder / "nothing.c").write_text("int main(void) { return 0; }\n")
    probe = [cc, *SANITIZE, str(folder / "nothing.c"), "-o", str(folder / "nothing")]
    built = subprocess.run(probe, capture_output=True, check=False).returncode == 0
    if not built or subprocess.run([folder / "nothing"], capture_output=True, check=False).returncode:
        pytest.skip(f"{cc} has no working sanitizer runtime here")
    assert build(cc, folder / "driver", *SANITIZE) == ""
    return Driver(str(folder / "driver"))


@pytest.fixture(scope="module")
def big_endian(tmp_path_factory: pytest.TempPathFactory) -> Driver:
    """The library on an emulated big-endian machine."""
    folder = tmp_path_factory.mktemp("big_endian")
    for cc, emulator in BIG_ENDIAN:
        if shutil.which(cc) and shutil.which(emulator):
            assert build(cc, folder / "driver", "-static", "-O2") == ""
            return Driver(emulator, str(folder / "driver"))
    pytest.skip("no big-endian cross-compiler with qemu here (gcc-s390x-linux-gnu and qemu-user-static)")


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str], Path]:
    """What `make` in the library's folder builds, as a firmware engineer would call it."""
    cc = strict_compiler()
    if shutil.which("make") is None:
        pytest.skip("no make here")
    done = subprocess.run(
        ["make", "-C", str(C), f"CC={cc}", f"BUILD={tmp_path}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(flag in done.stdout for flag in STRICT)
    return lambda name: tmp_path / name
