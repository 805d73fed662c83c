"""The C library, fuzzed under the address and the undefined-behaviour sanitizer, and held against Python."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import firmware_bridge
from benchmarks.fuzz import seeds
from firmware_bridge.framing import Corrupt, SerialDecoder
from firmware_bridge.messages import Identity, Malformed, Message, Unknown, decode

HERE = Path(__file__).parent / "c"
LIBRARY = Path(firmware_bridge.__file__).parent / "c"
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-O2")
FUZZED = ("eb_wire", "eb_command", "eb_frame")  # what reads bytes that come from elsewhere
COVERED = "-fsanitize-coverage=trace-pc"  # of the library alone
AT_ONCE = 5000  # inputs that Python and C are asked about at a time


@dataclass(slots=True)
class Outcome:
    """What the fuzzing of the library came to."""

    inputs: int = 0
    seconds: float = 0.0
    edges: int = 0
    corpus: list[bytes] = field(default_factory=list)
    crasher: bytes | None = None
    said: str = ""  # by the sanitizer


def build(compiler: str, folder: Path, library: Path = LIBRARY) -> Path:
    """The fuzzer as a program in `folder`. Raises CalledProcessError with what the compiler says."""
    sources = [(HERE / "fuzz.c", ()), (HERE / "target.c", SANITIZE)]  # the fuzzer itself is to be quick
    sources += [(library / f"{name}.c", (*SANITIZE, COVERED)) for name in FUZZED]
    objects = []
    for source, flags in sources:
        objects.append(str(folder / f"{source.stem}.o"))
        _compile([compiler, *FLAGS, *flags, f"-I{library}", "-c", str(source), "-o", objects[-1]])
    program = folder / "fuzz"
    _compile([compiler, *SANITIZE, *objects, "-o", str(program)])
    return program


def build_driver(compiler: str, folder: Path) -> Path:
    """The library at the end of a pipe: `firmware_bridge/c/test/driver.c`."""
    program = folder / "driver"
    sources = [str(path) for path in sorted([*LIBRARY.glob("eb_*.c"), *(LIBRARY / "test").glob("*.c")])]
    _compile([compiler, *FLAGS, *SANITIZE, f"-I{LIBRARY}", *sources, "-o", str(program)])
    return program


def fuzz(program: Path, inputs: int, seed: int = 1) -> Outcome:
    began_s = time.monotonic()
    done = _run([str(program), str(inputs), str(seed)], _lines(seeds.of_protocol()))
    out = Outcome(inputs, time.monotonic() - began_s)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.startswith("input ")]
        out.crasher = bytes.fromhex(told[-1].removeprefix("input ")) if told else b""
        out.said = done.stderr
        return out
    first, *kept = done.stdout.splitlines()
    out.edges = json.loads(first)["edges"]
    out.corpus = [bytes.fromhex(line) for line in kept]
    return out


def replay(program: Path, inputs: Iterable[bytes]) -> str:
    """What the sanitizers say of these inputs; nothing where they are content."""
    done = _run([str(program), "replay"], _lines(inputs))
    return done.stderr if done.returncode else ""


def disagreements(driver: Path, inputs: Sequence[bytes]) -> list[bytes]:
    """The inputs of which the library and Python say different things, as a line or as a message."""
    differ = []
    for start in range(0, len(inputs), AT_ONCE):
        part = inputs[start : start + AT_ONCE]
        asked = "".join(f"feed {_hex(data)}\ndecode {_hex(data)}\n" for data in part)
        answers = [line.split() for line in _run([str(driver)], asked).stdout.splitlines()]
        for data, fed, decoded in zip(part, answers[::2], answers[1::2], strict=True):
            if _messages(fed) != SerialDecoder().feed(data) or not _same(decode(data), decoded):
                differ.append(data)
    return differ


def _messages(said: list[str]) -> list[Message | Unknown | Malformed | Corrupt]:
    """What C found on a line."""
    pairs = zip(said[::2], said[1::2], strict=True)
    return [Corrupt(int(rest)) if verdict == "corrupt" else decode(bytes.fromhex(rest)) for verdict, rest in pairs]


def _same(ours: Message | Unknown | Malformed, theirs: list[str]) -> bool:
    """Whether C says of a message what Python says, name, type and every number."""
    name = type(ours).__name__.lower()
    if isinstance(ours, Unknown | Malformed):
        return theirs == [name, str(ours.type)]
    fields = (getattr(ours, field.name) for field in dataclasses.fields(ours))
    words = [word for value in fields for word in _words(value)]
    if isinstance(ours, Identity):  # Python makes the name printable
        words, theirs = words[:-1], theirs[:-1]
    return theirs[0].replace("_", "") == name and theirs[1:] == words


def _words(value: object) -> list[str]:
    match value:
        case np.ndarray():
            return [str(number) for number in (*value.shape, *value.ravel().tolist())]
        case tuple():
            return [str(number) for number in value]
    return [str(value)]


def _lines(inputs: Iterable[bytes]) -> str:
    return "".join(data.hex() + "\n" for data in inputs)


def _hex(data: bytes) -> str:
    return data.hex() or "-"


def _run(command: list[str], given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def _compile(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
