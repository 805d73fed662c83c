from __future__ import annotations

import hashlib
import json
import shutil
import sys

import pytest

from edge.config import DEFAULT_BUNDLE

MAX = ("--speed", "max", "--view", "none")


@pytest.fixture
def bundle(tmp_path):
    """A copy of the shipped bundle, to be spoilt."""
    return shutil.copytree(DEFAULT_BUNDLE, tmp_path / "bundle")


def test_a_recording_that_is_not_there_is_told_with_both_names_tried(edge_run, tmp_path):
    told = edge_run("--replay", tmp_path / "none", *MAX)
    assert told.code == 3
    assert "none.hea" in told.err


def test_a_truncated_signal_file_is_told_with_what_it_should_hold(edge_run, records, tmp_path):
    shutil.copy(records / "three.hea", tmp_path)
    (tmp_path / "three.dat").write_bytes((records / "three.dat").read_bytes()[:9001])
    told = edge_run("--replay", tmp_path / "three", *MAX)
    assert told.code == 3
    assert "truncated" in told.err
    assert "1500 of the 3000 samples" in told.err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.edf", b"hello", "no EDF file"),
        ("text.dcm", b"hello", "no DICOM file"),
        ("really_edf.hea", b"0       " + b" " * 248, "no WFDB header"),
        ("alone.dat", b"\1\2\3\4", "without its header"),
        ("noise.csv", bytes(range(256)), "none of WFDB, EDF, DICOM or CSV"),
        ("empty.edf", b"", "empty"),
        ("empty.hea", b"", "empty"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_told_so(edge_run, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    told = edge_run("--replay", tmp_path / name, *MAX)
    assert told.code == 3
    assert name in told.err
    assert words in told.err


def test_a_folder_and_a_device_are_no_recordings(edge_run, tmp_path):
    folder, device = edge_run("--replay", tmp_path, *MAX), edge_run("--replay", "/dev/zero", *MAX)
    assert folder.code == device.code == 3
    assert "is a folder" in folder.err
    assert "is a device" in device.err


def test_what_the_system_will_not_even_look_for_is_told(edge_run):
    told = edge_run("--replay", "long" * 1000, *MAX)
    assert told.code == 3
    assert "File name too long" in told.err


@pytest.mark.parametrize("channels", ["V9", "II,V6", "ch1"])
def test_leads_that_are_not_in_the_file_are_told_with_those_that_are(edge_run, records, channels):
    told = edge_run("--replay", records / "three", "--channels", channels, *MAX)
    assert told.code == 3
    assert channels.split(",")[-1] in told.err
    assert "II (mV), V1 (mV), V5 (mV)" in told.err


def test_channels_without_a_leads_name_want_one(edge_run, records):
    told = edge_run("--replay", records / "nameless", *MAX)
    assert told.code == 3
    assert "ch1, ch2, ch3" in told.err
    assert "--channels" in told.err
    assert edge_run("--replay", records / "nameless", "--channels", "II,V1,V5", *MAX).code == 0


def test_too_many_names_for_the_channels_are_told(edge_run, records):
    told = edge_run("--replay", records / "nameless", "--channels", "II,V1,V2,V5", *MAX)
    assert told.code == 3
    assert "at most 3 names" in told.err


def test_a_recording_of_nothing_but_missing_samples_is_unusable(edge_run, records):
    told = edge_run("--replay", records / "nothing", *MAX)
    assert told.code == 3
    assert "II, V1, V5" in told.err


def test_a_lead_that_says_nothing_is_reconstructed_and_the_others_are_kept(edge_run, records, tmp_path):
    told = edge_run("--replay", records / "mute_lead", "--record", tmp_path / "rec", *MAX)
    assert told.code == 0
    origin = json.loads((tmp_path / "rec" / "mute_lead.json").read_text())["origin"]
    assert origin["V1"] == "reconstructed"
    assert origin["II"] == origin["V5"] == "measured"


def test_a_rate_below_what_an_ecg_needs_is_the_recordings_fault(edge_run, records):
    told = edge_run("--replay", records / "slow", *MAX)
    assert told.code == 3
    assert "20 Hz" in told.err
    assert "slow" in told.err


def test_a_bundle_with_a_wrong_hash_is_told_as_damaged(edge_run, records, bundle):
    model = bundle / "float32.tflite"
    data = bytearray(model.read_bytes())
    data[1000] ^= 1
    model.write_bytes(data)
    told = edge_run("--replay", records / "three", "--bundle", bundle, *MAX)
    assert told.code == 3
    assert str(model) in told.err
    assert "SHA-256" in told.err


def test_a_bundle_that_lacks_a_file_is_told_with_the_file(edge_run, records, bundle):
    (bundle / "float32.onnx").unlink()
    told = edge_run("--replay", records / "three", "--bundle", bundle, *MAX)
    assert told.code == 3
    assert "float32.onnx" in told.err


def test_a_folder_without_a_manifest_and_what_is_no_folder_are_no_bundles(edge_run, records, tmp_path):
    for path in (tmp_path, records / "three.hea", tmp_path / "none"):
        told = edge_run("--replay", records / "three", "--bundle", path, *MAX)
        assert told.code == 3
        assert f"{path} is no bundle" in told.err


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 2}', '{"format": 1}'])
def test_a_manifest_that_makes_no_sense_is_told(edge_run, records, bundle, text):
    (bundle / "manifest.json").write_text(text)
    told = edge_run("--replay", records / "three", "--bundle", bundle, *MAX)
    assert told.code == 3
    assert "manifest.json" in told.err


@pytest.mark.parametrize("engine", ["litert", "onnx"])
def test_a_model_that_is_none_is_told_with_its_engine(edge_run, records, bundle, engine):
    junk = b"no model at all " * 100
    manifest = json.loads((bundle / "manifest.json").read_text())
    for variant in manifest["variants"]:
        (bundle / variant["file"]).write_bytes(junk)
        variant |= {"sha256": hashlib.sha256(junk).hexdigest(), "bytes": len(junk)}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    told = edge_run("--replay", records / "three", "--bundle", bundle, "--engine", engine, *MAX)
    assert told.code == 3
    assert f"does not load in {engine}" in told.err


@pytest.mark.parametrize(
    ("engine", "modules", "package"),
    [
        ("litert", ("ai_edge_litert.interpreter", "tflite_runtime.interpreter"), "ai-edge-litert"),
        ("onnx", ("onnxruntime",), "onnxruntime"),
    ],
)
def test_an_engine_that_is_not_installed_is_told_with_its_package(
    edge_run, records, monkeypatch, engine, modules, package
):
    for name in modules:
        monkeypatch.setitem(sys.modules, name, None)  # importing it raises ImportError
    told = edge_run("--replay", records / "three", "--engine", engine, *MAX)
    assert told.code == 3
    assert f"pip install {package}" in told.err


def test_a_variant_that_the_bundle_has_not_is_told_with_those_it_has(edge_run, records):
    told = edge_run("--replay", records / "three", "--variant", "int3", *MAX)
    assert told.code == 2
    assert "litert-float32" in told.err
