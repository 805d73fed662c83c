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


class LiteRT:
    name = "litert"

    def __init__(self, path: Path, window: int, threads: int) -> None:
        interpreter = _interpreter()
        with _quietly():
            self._net = interpreter(model_path=str(path), num_threads=threads)
            self._net.allocate_tensors()
        inputs, outputs = self._net.get_input_details(), self._net.get_output_details()
        shapes = [tuple(d["shape"]) for d in (*inputs, *outputs)]
        expected = [(1, 1, window, 24), (1, 1, window, 8), (1, 1, window, 8)]
        if shapes != expected:
            raise ValueError(f"its shapes are {shapes}, not {expected}")
        self._input = inputs[0]["index"]
        signature = self._net.get_signature_runner().get_output_details()
        self._leads, self._log_variance = (signature[f"output_{k}"]["index"] for k in (0, 1))

    def infer(self, x: Array) -> tuple[Array, Array]:
        self._net.set_tensor(self._input, np.ascontiguousarray(x.T)[None, None])
        self._net.invoke()
        leads = self._net.get_tensor(self._leads)[0, 0].T
        return leads, self._net.get_tensor(self._log_variance)[0, 0].T
