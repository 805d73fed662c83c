import hashlib
import json
import shutil

import numpy as np
import pytest

from edge.bundle import MAX_MANIFEST, open_bundle
from edge.bundle_file import MAX_FILE
from edge.config import DEFAULT_BUNDLE
from edge.errors import InputError, Reason, UsageError
from edge.leads import INDEPENDENT, LEADS

REMOVED = object()


@pytest.fixture
def copy(tmp_path):
    """A bundle of its own, whose manifest can be changed: `copy({"signal.window": 7})`."""
    folder = tmp_path / "mine"
    shutil.copytree(DEFAULT_BUNDLE, folder)

    def change(changes=None):
        manifest = json.loads((folder / "manifest.json").read_text())
        for path, value in (changes or {}).items():
            *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
            entry = manifest
            for part in way:
                entry = entry[part]
            if value is REMOVED:
                del entry[last]
            else:
                entry[last] = value
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return change


def refusal(folder):
    with pytest.raises(InputError) as refused:
        open_bundle(folder)
    assert refused.value.exit_code == 3
    assert "\n" not in str(refused.value)
    assert str(folder) in str(refused.value), "the message says which bundle"
    return str(refused.value), refused.value.reason


def test_the_default_bundle_is_sound():
    bundle = open_bundle()
    assert {variant.engine for variant in bundle.variants} == {"litert", "onnx"}
    assert sum(v.bytes for v in bundle.variants if v.engine == "litert") <= 3 << 20
    assert bundle.manifest["signal"]["filter"]["cutoff_hz"] == 0.05
    assert "CC BY" in bundle.manifest["network"]["trained_on"]
    for leads in (("II", "V1", "V5"), ("aVL",), LEADS):
        assert bundle.sd_scale(leads).shape == (8,)
        assert np.linalg.eigvalsh(bundle.correlation(leads)).min() > -1e-6
        assert np.allclose(np.diag(bundle.correlation(leads)), 1)


def test_a_copy_elsewhere_is_as_good(copy):
    assert open_bundle(copy()).name == "default"


@pytest.mark.parametrize(
    ("key", "named"),
    [
        *(("signal", "signal"), ("signal.rate", "rate"), ("signal.inputs", "inputs"), ("signal.outputs", "outputs")),
        *(("signal.window", "window"), ("variants", "variants"), ("variants.0.sha256", "sha256")),
        *(("variants.0.bytes", "bytes"), ("variants.1.file", "file"), ("variants.1.engine", "engine")),
        *(("uncertainty", "uncertainty"), ("uncertainty.scale", "scale"), ("uncertainty.covariance", "covariance")),
        *(("name", "name"), ("licence", "licence"), ("variants.0.precision", "precision")),
    ],
)
def test_a_missing_key_is_named(copy, key, named):
    text, _ = refusal(copy({key: REMOVED}))
    assert f"lacks the key '{named}'" in text


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("format", 2, "format is not 1"),
        ("format", REMOVED, "format is not 1"),
        ("signal.rate", 250, "signal.rate is 250"),
        ("signal.inputs", LEADS[:11], "signal.inputs"),
        ("signal.outputs", [*INDEPENDENT[::-1]], "signal.outputs"),
        ("signal.window", 50, "signal.window is 50"),
        ("signal.window", 1000.5, "signal.window is 1000.5"),
        ("signal.window", 10**9, "signal.window"),
        ("variants", [], "variants is empty"),
        ("variants.0.engine", "torch", "the engine 'torch'"),
        ("variants.0.file", "../default/float32.tflite", "'../default/float32.tflite' does not lie"),
        ("variants.0.file", "/etc/passwd", "'/etc/passwd' does not lie"),
        ("variants.0.file", "sub/float32.tflite", "does not lie"),
        ("variants.0.file", "..", "does not lie"),
        ("variants.0.file", "", "does not lie"),
        ("uncertainty.scale.*", REMOVED, 'uncertainty.scale has no entry "*"'),
        ("uncertainty.covariance.*", REMOVED, 'uncertainty.covariance has no entry "*"'),
        ("uncertainty.scale.I", [1.0] * 7, "uncertainty.scale.I is not 8"),
        ("uncertainty.scale.I", [1.0] * 7 + [float("nan")], "uncertainty.scale.I"),
        ("uncertainty.scale.I", [1.0] * 7 + [10**400], "manifest.json"),
        ("uncertainty.scale.I", [1.0] * 7 + [0], "not positive"),
        ("uncertainty.covariance.II", [1.0] * 35, "uncertainty.covariance.II is not 36"),
        ("uncertainty.covariance.II", [0.0] * 36, "uncertainty.covariance.II is no covariance"),
        ("uncertainty.covariance.II", [1.0, 5.0, 1.0, *[0.0] * 33], "uncertainty.covariance.II is no covariance"),
        ("uncertainty.scale", 7, "manifest.json"),
        ("signal", "500 Hz", "manifest.json"),
        ("variants.0", "float32.tflite", "manifest.json"),
        ("variants.0.bytes", "many", "manifest.json"),
        ("variants.0.bytes", float("inf"), "manifest.json"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(copy, key, value, named):
    text, reason = refusal(copy({key: value}))
    assert named in text
    assert reason is Reason.MALFORMED


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"bundle"', "[" * 100_000, "\0", '{"format": 1'])
def test_a_manifest_that_is_no_json_object_is_refused(copy, text):
    folder = copy()
    (folder / "manifest.json").write_text(text)
    assert "manifest.json" in refusal(folder)[0]


def test_a_manifest_that_is_no_text_is_refused(copy):
    folder = copy()
    (folder / "manifest.json").write_bytes(b"\xff\xfe\x00binary")
    assert "no JSON" in refusal(folder)[0]


def test_a_manifest_that_is_far_too_large_is_not_even_read(copy):
    folder = copy()
    (folder / "manifest.json").write_text(" " * (MAX_MANIFEST + 1))
    assert "larger than" in refusal(folder)[0]


def test_a_folder_that_is_not_there_or_is_no_bundle_is_told(tmp_path):
    for folder in (tmp_path / "nowhere", tmp_path):
        text, reason = refusal(folder)
        assert "manifest.json cannot be read" in text
        assert reason is Reason.UNREADABLE


def test_a_missing_file_is_named(copy):
    folder = copy()
    (folder / "float32.onnx").unlink()
    text, reason = refusal(folder)
    assert "float32.onnx" in text
    assert reason is Reason.UNREADABLE


def test_a_file_of_another_size_is_named(copy):
    folder = copy()
    with (folder / "float32.tflite").open("ab") as file:
        file.write(b"\0")
    text, reason = refusal(folder)
    assert "float32.tflite" in text
    assert "damaged" in text
    assert reason is Reason.HASH


def test_a_file_with_one_other_bit_is_named(copy):
    folder = copy()
    data = bytearray((folder / "float32.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "float32.onnx").write_bytes(data)
    text, reason = refusal(folder)
    assert "float32.onnx does not match its SHA-256" in text
    assert reason is Reason.HASH


def test_a_file_too_large_for_a_board_is_not_even_read(copy):
    folder = copy({"variants.0.bytes": MAX_FILE + 1})
    with (folder / "float32.tflite").open("r+b") as file:
        file.truncate(MAX_FILE + 1)
    assert "float32.tflite" in refusal(folder)[0]


def as_model(copy, engine, data):
    """A bundle whose model file for `engine` holds `data`, with the right size and hash."""
    k = {"litert": 0, "onnx": 1}[engine]
    folder = copy({f"variants.{k}.bytes": len(data), f"variants.{k}.sha256": hashlib.sha256(data).hexdigest()})
    bundle = open_bundle_with(folder, k, data)
    return bundle, bundle.choose(engine)


def open_bundle_with(folder, k, data):
    name = json.loads((folder / "manifest.json").read_text())["variants"][k]["file"]
    (folder / name).write_bytes(data)
    return open_bundle(folder)


@pytest.mark.parametrize("engine", ["litert", "onnx"])
@pytest.mark.parametrize("data", [b"", b"no model at all", b"\x1c\0\0\0TFL3" + b"\0" * 100])
def test_a_file_that_is_no_model_is_told_on_loading(copy, engine, data):
    if engine == "onnx":
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    bundle, variant = as_model(copy, engine, data)
    with pytest.raises(InputError) as refused:
        bundle.load(variant)
    assert variant.file in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_a_network_of_other_shapes_is_told_on_loading(copy, engine):
    if engine == "onnx":
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    bundle = open_bundle(copy({"signal.window": 1024}))
    with pytest.raises(InputError, match=r"float32\..* does not load .* shapes .*1000.* not .*1024"):
        bundle.load(bundle.choose(engine))


def test_an_engine_that_is_not_installed_is_told_with_the_way_out(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    bundle = open_bundle()
    with pytest.raises(InputError, match="pip install onnxruntime") as refused:
        bundle.load(bundle.choose("onnx"))
    assert refused.value.reason is Reason.NO_ENGINE


def test_variants_are_chosen_by_engine_and_by_name():
    bundle = open_bundle()
    assert bundle.choose() is bundle.variants[0]
    assert bundle.choose("onnx").engine == "onnx"
    assert bundle.choose(precision="onnx-float32").engine == "onnx"
    assert bundle.choose("litert", "float32").name == "litert-float32"
    with pytest.raises(UsageError, match=r"no variant int2: it has litert-float32, onnx-float32"):
        bundle.choose(precision="int2")
