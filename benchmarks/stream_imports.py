"""What a live run imports: the time and the memory of it by package, and what has no business there."""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge.choice import MODULES

OURS = ("edge", "firmware_bridge")
PYTHON = "python"  # the standard library, as one package
ABSENT_WITH_A_PORT = (
    *("dask", "edfio", "h5py", "matplotlib", "neurokit2", "onnx", "paho", "pandas", "prometheus_client", "pyarrow"),
    *("pydicom", "pylsl", "scipy", "starlette", "torch", "uvicorn", "wfdb"),
)
READERS = ("csv_file", "dicom_file", "edf_file")  # in edge.recordings: of files that a port has nothing to do with
LINES = 12  # told of, of ours
SLOWEST = 4  # modules told of by name, of each package
LEAST_MS, LEAST_MB = 0.5, 0.1  # a package with less of both is one of the rest
REST = "the rest"


def self_ms(importtime: str) -> dict[str, float]:
    """Each module's own time, from what `python -X importtime` says on standard error."""
    found: dict[str, float] = {}
    for line in importtime.splitlines():
        own, _, name = line.removeprefix("import time:").rpartition("|")
        own = own.split("|")[0].strip()
        if line.startswith("import time:") and own.isdigit():
            found[name.strip()] = int(own) / 1000
    return found


def middle(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Each module's median over several runs; 0 in one where it is missing."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: statistics.median(run.get(name, 0.0) for run in runs) for name in names}


def package_of(module: str) -> str:
    top = module.split(".")[0]
    return PYTHON if top in sys.stdlib_module_names or top.startswith("__") else top


def by_package(
    ms: Mapping[str, float], mb: Mapping[str, float], asked_by: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Of each package, the slowest first: modules, own time (ms), memory (MB) and its slowest modules by name, each
    with its time and the line of ours that led to it."""
    modules: dict[str, set[str]] = defaultdict(set)
    for name in (*ms, *mb):
        modules[package_of(name)].add(name)
    told: dict[str, dict[str, Any]] = {}
    rest: set[str] = set()
    for package, names in modules.items():
        if sum(ms.get(n, 0.0) for n in names) < LEAST_MS and sum(mb.get(n, 0.0) for n in names) < LEAST_MB:
            rest |= names
        else:
            told[package] = _sums(names, ms, mb)
            slowest = sorted(names, key=lambda n: -ms.get(n, 0.0))[:SLOWEST]
            told[package]["slowest"] = {n: f"{ms.get(n, 0.0):.1f} ms, {asked_by.get(n) or '-'}" for n in slowest}
    told = dict(sorted(told.items(), key=lambda item: -item[1]["self_ms"]))
    return told | ({REST: _sums(rest, ms, mb)} if rest else {})


def by_line(ms: Mapping[str, float], mb: Mapping[str, float], asked_by: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What the lines of ours that cost most bring of others' modules, in MB, the largest first."""
    brought: dict[str, list[str]] = defaultdict(list)
    for name in mb:
        if package_of(name) not in OURS and asked_by.get(name):
            brought[asked_by[name]].append(name)
    told = {line: _sums(names, ms, mb) | {"such_as": names[-1]} for line, names in brought.items()}
    return dict(sorted(told.items(), key=lambda item: -item[1]["resident_mb"])[:LINES])


def _sums(names: Iterable[str], ms: Mapping[str, float], mb: Mapping[str, float]) -> dict[str, Any]:
    names = list(names)
    return {
        "modules": len(names),
        "self_ms": round(sum(ms.get(n, 0.0) for n in names), 1),
        "resident_mb": round(sum(mb.get(n, 0.0) for n in names), 1),
    }


def engines_in(modules: Iterable[str]) -> list[str]:
    """The engines whose libraries are among `modules`."""
    packages = {package_of(m) for m in modules}
    return [engine for engine, names in MODULES.items() if packages & set(names)]


def unwanted(modules: Iterable[str], engine: str) -> list[str]:
    """What of `modules` a live run on a port with `engine` has no business with: other engines, libraries and readers
    of files."""
    modules = set(modules)
    others = [f"the engine {name}" for name in engines_in(modules) if name != engine]
    libraries = sorted({package_of(m) for m in modules} & set(ABSENT_WITH_A_PORT))
    readers = [f"edge.recordings.{name}" for name in READERS if f"edge.recordings.{name}" in modules]
    return others + libraries + readers
