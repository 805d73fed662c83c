"""Smaller files: what stays of the network, and what must not be rounded."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge import engines

pytest.importorskip("torch", reason="the tests of the export need torch (extra train)")
missing = [name for name in ("ai_edge_quantizer", "litert_torch") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(missing), reason="quantization needs the extra export")

WINDOW, BASIS = 1000, 4
MADE = (
    "float32.tflite",
    "float32.onnx",
    "float16.tflite",
    "dynamic.tflite",
    "static.tflite",
    "wide.tflite",
    "qdq.onnx",
)
# in a process of its own: the converters leave hooks behind that complain of every fork after them
PROGRAM = """
import sys
from pathlib import Path
import numpy as np, torch
from export import quantize
from export.convert import to_onnx, to_tflite
from export.deploy import deployable
from train.models.unet import UNet, UNetConfig

folder = Path(sys.argv[1])
torch.manual_seed(0)
net = deployable(UNet(UNetConfig(channels=(16, 16, 32), basis=4)))
float32, onnx = folder / "float32.tflite", folder / "float32.onnx"
to_tflite(net, float32, 1000)
to_onnx(net, onnx, 1000)
quantize.float16(float32, folder / "float16.tflite")
quantize.dynamic(float32, folder / "dynamic.tflite")
quantize.static(float32, folder / "static.tflite", np.load(folder / "narrow.npy"))
quantize.static(float32, folder / "wide.tflite", np.load(folder / "wide.npy"))
quantize.qdq(onnx, folder / "qdq.onnx", np.load(folder / "narrow.npy"))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small network as float32 TFLite and ONNX, and everything that is made of them."""
    folder = tmp_path_factory.mktemp("files")
    np.save(folder / "narrow.npy", windows(32))
    np.save(folder / "wide.npy", with_a_large_one())
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM, folder], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name: folder / name for name in MADE}


def windows(count, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((count, 24, WINDOW), np.float32)
    x[:, [1, 6, 10]] = 0.3 * rng.standard_normal((count, 3, WINDOW))
    x[:, [13, 18, 22]] = 1
    return x


def with_a_large_one():
    shown = windows(40, seed=2)
    shown[20] *= np.where(np.arange(24) < 12, 8.0, 1.0)[:, None]
    return shown


def leads(path, x):
    engine = engines.load("onnx" if path.suffix == ".onnx" else "litert", path, WINDOW, 1, BASIS)
    return np.array(engine.infer(x)[0])


@pytest.mark.parametrize(
    ("name", "share"), [("float16.tflite", 1e-3), ("dynamic.tflite", 0.03), ("static.tflite", 0.05), ("qdq.onnx", 0.05)]
)
def test_a_smaller_file_still_is_the_network(files, name, share):
    x = windows(1, seed=1)[0]
    float32 = leads(files["float32.tflite"], x)
    error = leads(files[name], x) - float32
    assert 0 < np.sqrt((error**2).mean()) < share * float32.std()


@pytest.mark.parametrize("name", ["dynamic.tflite", "static.tflite"])
def test_eight_bits_take_a_fraction_of_the_bytes(files, name):
    assert files[name].stat().st_size < 0.6 * files["float32.tflite"].stat().st_size


def test_static_ranges_hold_the_largest_window_that_was_shown(files):
    """A moving average would forget one large heart among many small ones, and flatten it."""
    large = with_a_large_one()[20]
    float32, wide = leads(files["float32.tflite"], large), leads(files["wide.tflite"], large)
    assert np.abs(wide).max() > 0.9 * np.abs(float32).max()
    narrow = leads(files["static.tflite"], large)  # never saw one so large
    assert np.abs(narrow - float32).max() > 2 * np.abs(wide - float32).max()


def test_tensors_carry_no_names_of_the_trainers_classes(files):
    assert b"train.models" not in files["float32.tflite"].read_bytes()
    assert b"ChannelsLast" not in files["float32.tflite"].read_bytes()


def test_the_way_up_needs_no_transposition_in_tflite(files):
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(str(files["float32.tflite"]))
    net.allocate_tensors()
    assert "TRANSPOSE" not in {operator["op_name"] for operator in net._get_ops_details()}
