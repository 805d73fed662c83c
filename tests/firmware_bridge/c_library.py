"""The C library compiled for a test, spoken to through its driver's lines."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import firmware_bridge

C = Path(firmware_bridge.__file__).parent / "c"
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1")
BIG_ENDIAN = (("s390x-linux-gnu-gcc", "qemu-s390x-static"), ("powerpc-linux-gnu-gcc", "qemu-ppc-static"))


def compiler() -> str | None:
    """The C compiler of this machine: $CC, else cc, gcc or clang."""
    named = os.environ.get("CC")
    return next((found for name in (named, "cc", "gcc", "clang") if name and (found := shutil.which(name))), None)


def build(cc: str, to: Path, *flags: str) -> str:
    """Compile driver and library to the program `to`; what the compiler complains of, "" where it does not."""
    sources = [str(path) for path in (*sorted(C.glob("eb_*.c")), *sorted((C / "test").glob("*.c")))]
    command = [cc, *STRICT, *flags, f"-I{C}", *sources, "-o", str(to)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


class Driver:
    """`test/driver.c` as a program; asks all questions at once, since it reads to the end of its input."""

    def __init__(self, *command: str) -> None:
        self.command = command

    def ask(self, *lines: str) -> list[str]:
        asked = "".join(line + "\n" for line in lines)
        done = subprocess.run(self.command, input=asked, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answers = [answer.strip() for answer in done.stdout.splitlines()]
        assert len(answers) == len(lines), done.stderr
        return answers
