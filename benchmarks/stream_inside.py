"""Inside edge-run: what each import takes in memory, who asked for it, and where memory stands when.

    python -m benchmarks.stream_inside NOTES.json --port /tmp/patch --events /tmp/events.jsonl

Runs edge-run with the arguments that follow the first, then writes NOTES.json. Until edge-run begins it imports nothing
but a few modules of the standard library, so what edge-run imports is edge-run's own.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = ("edge", "firmware_bridge")
ROOT = Path(__file__).parents[1]


class Inside:
    """Notes of a process on itself; memory in MB."""

    def __init__(self) -> None:
        self.resident_mb = {"python": resident_mb()}  # by what has been done
        self.import_mb: defaultdict[str, float] = defaultdict(float)  # by module, without what it imports
        self.asked_by: dict[str, str] = {}  # by module: the innermost line of ours that led to it
        self._nested_mb = [0.0]

    def watch_imports(self) -> None:
        """From now on, of modules in files and in shared libraries."""
        for kind, method in (
            (SourceFileLoader, "exec_module"),
            (ExtensionFileLoader, "create_module"),
            (ExtensionFileLoader, "exec_module"),
        ):
            setattr(kind, method, self._watched(getattr(kind, method)))

    def _watched(self, load: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def watched(loader: Any, module_or_spec: Any) -> Any:
            name = module_or_spec.__name__ if isinstance(module_or_spec, ModuleType) else module_or_spec.name
            self.asked_by.setdefault(name, _line_of_ours())
            before_mb = resident_mb()
            self._nested_mb.append(0.0)
            try:
                return load(loader, module_or_spec)
            finally:
                grown_mb = resident_mb() - before_mb
                self.import_mb[name] += grown_mb - self._nested_mb.pop()
                self._nested_mb[-1] += grown_mb
                if name == "edge.bundle":
                    self._watch_engine(sys.modules[name])

        return watched

    def _watch_engine(self, bundle: Any) -> None:
        """Before an engine is loaded everything else of a live run is imported, but for what its port needs."""
        load = bundle.Bundle.load

        def watched(*given: Any) -> Any:
            self.resident_mb["imports"] = resident_mb()
            engine = load(*given)
            self.resident_mb["engine"] = resident_mb()
            return engine

        bundle.Bundle.load = watched

    def told(self) -> dict[str, Any]:
        """As JSON can hold it, at the end."""
        self.resident_mb |= {"end": resident_mb(), "peak": peak_mb()}
        return {
            "resident_mb": self.resident_mb,
            "import_mb": dict(self.import_mb),
            "asked_by": self.asked_by,
            "modules": sorted(sys.modules),
        }


def _line_of_ours() -> str:
    frame = sys._getframe(1)
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(ROOT) and file.relative_to(ROOT).parts[0] in OURS:
            return f"{file.relative_to(ROOT)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""


def resident_mb() -> float:
    """Of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_mb() -> float:
    """The most that this process was ever resident with (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:"))


def main(notes: str, *arguments: str) -> int:
    inside = Inside()
    inside.watch_imports()
    from edge.cli.run import main as edge_run

    code = edge_run(arguments)
    Path(notes).write_text(json.dumps(inside.told()), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
