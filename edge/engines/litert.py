"""LiteRT (TFLite): channels-last in and out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edge.engines import Array

STDERR = 2  # file descriptor


def _interpreter() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter  # its older name
    return Interpreter


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Nothing on the terminal from LiteRT's own code, which greets there and has no setting against it.

    What goes wrong comes as an exception all the same.
    """
    try:
        stderr = os.dup(STDERR)
    except OSError:  # closed: quiet already
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDERR)
        yield
    finally:
        os.dup2(stderr, STDERR)
        os.close(stderr)
        os.close(nowhere)


def _loaded(path: Path, threads: int) -> Any:
    interpreter = _interpreter()
    with _quietly():
        net = interpreter(model_path=str(path), num_threads=threads)
        net.allocate_tensors()
    return net


def _loaded_whole(path: Path) -> Any:
    """Likewise, with no file held open: for what is loaded for each run."""
    interpreter = _interpreter()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(error.strerror) from error
    with _quietly():
        net = interpreter(model_content=content, num_threads=1)
        net.allocate_tensors()
    return net


class LiteRT:
    name = "litert"

    def __init__(self, path: Path, window: int, threads: int, basis: int = 0) -> None:
        self._net = _loaded(path, threads)
        inputs = self._net.get_input_details()
        signature = self._net.get_signature_runner().get_output_details()
        outputs = [signature[f"output_{k}"] for k in range(len(signature))]
        shapes = [tuple(d["shape"]) for d in (*inputs, *outputs)]
        expected = [(1, 1, window, channels) for channels in (24, 8, 8, basis) if channels]
        if shapes != expected:
            raise ValueError(f"its shapes are {shapes}, not {expected}")
        self._input = inputs[0]["index"]
        self._outputs = [output["index"] for output in outputs]
        self._no_basis = np.zeros((0, window), np.float32)

    def infer(self, x: Array) -> tuple[Array, Array, Array]:
        self._net.set_tensor(self._input, np.ascontiguousarray(x.T)[None, None])
        self._net.invoke()
        leads, log_variance, *basis = (self._net.get_tensor(k)[0, 0].T for k in self._outputs)
        return leads, log_variance, basis[0] if basis else self._no_basis


class LiteRTClassifier:
    def __init__(self, path: Path, shape: tuple[int, int, int]) -> None:
        leads, samples, classes = shape
        self._net = _loaded_whole(path)
        details = (*self._net.get_input_details(), *self._net.get_output_details())
        shapes, expected = [tuple(d["shape"]) for d in details], [(1, 1, samples, leads), (1, classes)]
        if shapes != expected:
            raise ValueError(f"its shapes are {shapes}, not {expected}")
        self._input, self._output = (d["index"] for d in details)

    def logits(self, x: Array) -> Array:
        self._net.set_tensor(self._input, np.ascontiguousarray(x.T)[None, None])
        self._net.invoke()
        found: Array = self._net.get_tensor(self._output)[0]
        return found
