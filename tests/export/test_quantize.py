"""Smaller files: what stays of the network, and what must not be rounded."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the tests of the export need torch (extra train)")
pytest.importorskip("ai_edge_quantizer", reason="quantization needs the extra export")
pytest.importorskip("litert_torch", reason="TFLite files need the extra export")

from edge import engines  # noqa: E402
from export import quantize  # noqa: E402
from export.convert import to_onnx, to_tflite  # noqa: E402
from export.deploy import deployable  # noqa: E402
from train.models.unet import UNet, UNetConfig  # noqa: E402

WINDOW, BASIS = 1000, 4

pytestmark = pytest.mark.filterwarnings("ignore")  # what the converters say of each other


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small network as float32 TFLite and ONNX, and everything that is made of them."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("files")
    net = deployable(UNet(UNetConfig(channels=(16, 16, 32), basis=BASIS)))
    made = {name: folder / name for name in ("float32.tflite", "float32.onnx", "float16.tflite")}
    made |= {name: folder / name for name in ("dynamic.tflite", "static.tflite", "qdq.onnx")}
    to_tflite(net, made["float32.tflite"], WINDOW)
    to_onnx(net, made["float32.onnx"], WINDOW)
    quantize.float16(made["float32.tflite"], made["float16.tflite"])
    quantize.dynamic(made["float32.tflite"], made["dynamic.tflite"])
    quantize.static(made["float32.tflite"], made["static.tflite"], windows(32))
    quantize.qdq(made["float32.onnx"], made["qdq.onnx"], windows(32))
    return made


def windows(count, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((count, 24, WINDOW), np.float32)
    x[:, [1, 6, 10]] = 0.3 * rng.standard_normal((count, 3, WINDOW))
    x[:, [13, 18, 22]] = 1
    return x


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


def test_static_ranges_hold_the_largest_window_that_was_shown(files, tmp_path):
    """A moving average would forget one large heart among many small ones, and flatten it."""
    shown = windows(40, seed=2)
    shown[20] *= np.where(np.arange(24) < 12, 8.0, 1.0)[:, None]
    out = tmp_path / "static.tflite"
    quantize.static(files["float32.tflite"], out, shown)
    float32, static = leads(files["float32.tflite"], shown[20]), leads(out, shown[20])
    assert np.abs(static).max() > 0.9 * np.abs(float32).max()
    narrow = leads(files["static.tflite"], shown[20])  # never saw one so large
    assert np.abs(narrow - float32).max() > 2 * np.abs(static - float32).max()


def test_tensors_carry_no_names_of_the_trainers_classes(files):
    assert b"train.models" not in files["float32.tflite"].read_bytes()
    assert b"ChannelsLast" not in files["float32.tflite"].read_bytes()


def test_the_way_up_needs_no_transposition_in_tflite(files):
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(str(files["float32.tflite"]))
    net.allocate_tensors()
    assert "TRANSPOSE" not in {operator["op_name"] for operator in net._get_ops_details()}
