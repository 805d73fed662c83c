"""ONNX Runtime: channels-first in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edge.engines import Array


def _loaded(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no public base
        raise ValueError(str(error)) from error


class Onnx:
    name = "onnx"

    def __init__(self, path: Path, window: int, threads: int, basis: int = 0) -> None:
        self._net = _loaded(path, threads)
        shapes = [tuple(t.shape) for t in (*self._net.get_inputs(), *self._net.get_outputs())]
        expected = [(1, channels, 1, window) for channels in (24, 8, 8, basis) if channels]
        if shapes != expected:
            raise ValueError(f"its shapes are {shapes}, not {expected}")
        self._input = self._net.get_inputs()[0].name

        self._no_basis = np.zeros((0, window), np.float32)

    def infer(self, x: Array) -> tuple[Array, Array, Array]:
        leads, log_variance, *basis = self._net.run(None, {self._input: np.ascontiguousarray(x)[None, :, None]})
        return leads[0, :, 0], log_variance[0, :, 0], basis[0][0, :, 0] if basis else self._no_basis


class OnnxClassifier:
    def __init__(self, path: Path, shape: tuple[int, int, int]) -> None:
        leads, samples, classes = shape
        self._net = _loaded(path, 1)
        shapes = [tuple(t.shape) for t in (*self._net.get_inputs(), *self._net.get_outputs())]
        expected = [(1, leads, 1, samples), (1, classes)]
        if shapes != expected:
            raise ValueError(f"its shapes are {shapes}, not {expected}")
        self._input = self._net.get_inputs()[0].name

    def logits(self, x: Array) -> Array:
        found: Array = self._net.run(None, {self._input: np.ascontiguousarray(x)[None, :, None]})[0][0]
        return found
