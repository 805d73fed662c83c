import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TRAINING = ("torch", "onnx", "pandas", "matplotlib", "neurokit2", "wfdb", "h5py")

PREAMBLE = """
import importlib, json, pkgutil, sys
BLOCKED = set(json.loads(sys.argv[1]))

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not installed (a test says so)", name=name)

sys.meta_path.insert(0, Absent())

def loaded():
    names = {name.split(".")[0] for name in sys.modules}
    return sorted(n for n in names if n not in sys.stdlib_module_names and n not in AT_START)

AT_START = {name.split(".")[0] for name in sys.modules}
"""


def in_a_fresh_python(program, blocked=()):
    """Run `program` in an interpreter in which the packages `blocked` are absent; what it prints, from JSON."""
    command = [sys.executable, "-W", "error", "-c", PREAMBLE + program, json.dumps(blocked)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_rooms_import_downwards_only():
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_module_of_edge_loads_without_the_training_libraries_and_without_an_engine():
    names = in_a_fresh_python(
        """
import edge
names = [m.name for m in pkgutil.walk_packages(edge.__path__, "edge.") if not m.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(json.dumps(names))
""",
        (*TRAINING, "onnxruntime", "ai_edge_litert", "tflite_runtime", "pydicom", "bleak", "rich"),
    )
    assert len(names) > 50
    assert {"edge.engines.onnx", "edge.engines.litert", "edge.paper", "edge.cli.run", "edge.sources.serial"} <= set(
        names
    )


def test_a_recording_is_reconstructed_without_the_training_libraries():
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    shape = in_a_fresh_python(
        """
import numpy as np, edge
print(json.dumps(edge.reconstruct(np.zeros((1000, 3)), 500).mv.shape))
""",
        (*TRAINING, "onnxruntime", "jax", "tensorflow"),
    )
    assert shape == [1000, 12]


def test_import_edge_loads_nothing_but_itself():
    assert in_a_fresh_python("import edge; print(json.dumps(loaded()))") == ["edge"]


@pytest.mark.parametrize(
    "module",
    [
        "pipeline",
        "whole",
        "runner",
        "sources.patch",
        "sources.serial",
        "sources.ble",
        "sinks.ble_server",
        "sinks.jsonl",
    ],
)
def test_the_live_path_loads_numpy_and_the_wire_and_no_more(module):
    program = f"import edge.{module}; print(json.dumps(loaded()))"
    assert set(in_a_fresh_python(program)) <= {"edge", "firmware_bridge", "numpy", "cobs"}


@pytest.mark.parametrize("command", ["run", "bench"])
def test_the_command_line_answers_before_anything_heavy_is_loaded(command):
    loads = in_a_fresh_python(
        f"""
import contextlib, io
from edge.cli.{command} import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
print(json.dumps(loaded()))
"""
    )
    assert set(loads) <= {"edge", "numpy"}


def test_the_wire_loads_numpy_and_cobs_and_never_edge():
    program = """
import firmware_bridge
for module in pkgutil.walk_packages(firmware_bridge.__path__, "firmware_bridge."):
    importlib.import_module(module.name)
print(json.dumps(loaded()))
"""
    assert in_a_fresh_python(program, ["edge"]) == ["cobs", "firmware_bridge", "numpy"]
