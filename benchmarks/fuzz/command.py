"""python -m benchmarks fuzz: bytes that no device sends, into every decoder, guided by what they reach.

    python -m benchmarks fuzz                               # ten million inputs, some twenty minutes on one core
    python -m benchmarks fuzz --c 20000 --python 2000       # a look, in seconds
    python -m benchmarks fuzz --target cyton --replay a0070000

The C library runs under the address and the undefined-behaviour sanitizer, and whatever its fuzzer kept is decoded in
Python too, and must mean the same. The decoders in Python must not raise, hold no more than they say, account for every
byte, and say the same however their input is cut. An input that breaks a promise is printed as hex, and belongs into
tests/firmware_bridge/decoders/crashers.json. The same --seed gives the same inputs.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import result
from benchmarks.fuzz import c_part, python_part
from benchmarks.fuzz.decoders import TARGETS, try_input
from edge.errors import Reason, UsageError

C_INPUTS = 9_800_000
PYTHON_INPUTS = 50_000  # of each decoder
COMPILERS = ("cc", "gcc")  # gcc: the coverage is its


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--c", type=int, default=C_INPUTS, help=f"inputs for the C library (default {C_INPUTS})")
    parser.add_argument("--python", type=int, default=PYTHON_INPUTS, help=f"for each decoder (default {PYTHON_INPUTS})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=sorted(TARGETS), help="this decoder in Python alone; writes no results")
    parser.add_argument("--replay", metavar="HEX", help="this one input into --target")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "fuzz.json")


def run(args: argparse.Namespace) -> int:
    if args.replay is not None:
        return _replay(args.target, args.replay)
    if args.target:
        return 1 if _python(args.target, args.python, args.seed)["crashers"] else 0
    figures = {"seed": args.seed, "c": _c(args.c, args.seed)}
    figures["python"] = {name: _python(name, args.python, args.seed) for name in TARGETS}
    parts = [figures["c"], *figures["python"].values()]
    figures["inputs"] = sum(part["inputs"] for part in parts)
    figures["crashers"] = sum(part["crashers"] for part in parts)
    result.write(args.out, figures, ("numpy", "cobs"))
    return 1 if figures["crashers"] else 0


def _replay(name: str | None, text: str) -> int:
    if name is None:
        raise UsageError("--replay goes with --target: say which decoder")
    try_input(TARGETS[name], bytes.fromhex(text))  # its traceback is what is wanted
    print("every promise is kept")
    return 0


def _python(name: str, inputs: int, seed: int) -> dict[str, Any]:
    out = python_part.fuzz(name, inputs=inputs, seed=seed)
    for data, why in out.crashers:
        print(f"{name}: {why}\n  --target {name} --replay {data.hex()}", file=sys.stderr)
    figures: dict[str, Any] = {
        "inputs": out.inputs,
        "seconds": round(out.seconds, 1),
        "edges": out.edges,
        "edges_of_vectors": out.edges_of_vectors,
        "kept": len(out.corpus),
        "crashers": len(out.crashers),
    }
    print(name, figures)
    return figures


def _c(inputs: int, seed: int) -> dict[str, Any]:
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        raise UsageError("no C compiler: install gcc, or fuzz a decoder in Python with --target", Reason.NOT_FOUND)
    with tempfile.TemporaryDirectory() as folder:
        try:
            program, driver = c_part.build(compiler, Path(folder)), c_part.build_driver(compiler, Path(folder))
        except subprocess.CalledProcessError as error:
            raise UsageError(f"{compiler} does not build the fuzzer; gcc 10 or later does: {error.stderr}") from error
        out = c_part.fuzz(program, inputs, seed)
        differ = c_part.disagreements(driver, out.corpus)
    if out.crasher is not None:
        print(f"C: {out.said}", file=sys.stderr)
    for data in differ:
        print(f"C and Python differ: {data.hex()}", file=sys.stderr)
    figures: dict[str, Any] = {
        "compiler": _version(compiler),
        "inputs": out.inputs,
        "seconds": round(out.seconds, 1),
        "edges": out.edges,
        "kept": len(out.corpus),
        "crashers": (out.crasher is not None) + len(differ),
    }
    print("c", figures)
    return figures


def _version(compiler: str) -> str:
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0]
