"""python -m export: which variants it makes, and what it says of one that is refused."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("torch", reason="the tests of the export need torch (extra train)")

from export import __main__ as command
from export.gates import Gate


def test_all_variants_are_made_unless_some_are_named():
    assert [small.name for small in command._wanted(None)] == [
        "litert-float16",
        "litert-int8-dynamic",
        "litert-int8",
        "onnx-int8",
    ]
    assert [small.name for small in command._wanted("onnx-int8,litert-float16")] == ["litert-float16", "onnx-int8"]
    assert command._wanted("none") == []


def test_a_variant_that_does_not_exist_is_a_usage_error(monkeypatch, capsys, tmp_path):
    call = ["export", "best.safetensors", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", [*call, "--variants", "litert-int4"])
    assert command.main() == 2
    assert "--variants litert-int4: choose from litert-float16" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_refusal_says_which_figure_failed(capsys, tmp_path):
    gates = [Gate("pcc_loss", 0.0077, 0.002), Gate("st_error_mv", 0.001, 0.02)]
    assert command._refused("litert-int8", tmp_path / "int8.tflite", gates)
    assert capsys.readouterr().err == "refused: litert-int8: pcc_loss 0.0077 (limit 0.002)\n"


def test_a_variant_that_passes_is_told_with_its_size_and_figures(capsys, tmp_path):
    path = tmp_path / "int8.tflite"
    path.write_bytes(b"x" * 1234)
    assert not command._refused("litert-int8", path, [Gate("pcc_loss", 0.0002, 0.002)])
    assert capsys.readouterr().out == 'litert-int8: 1234 bytes, {"pcc_loss": 0.0002}\n'
