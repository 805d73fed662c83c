"""Inference engines: one small interface, one file each, imported only when chosen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge.errors import InputError, Reason

Array = npt.NDArray[np.float32]


class Engine(Protocol):
    """A loaded network."""

    name: str

    def infer(self, x: Array) -> tuple[Array, ...]:
        """Leads (8 x window, mV), log-variances (8 x window, log mV2) and basis of an input (24 x window).

        The basis (channels x window) is what a patient's correction is made of beside the leads; an engine whose
        network has none may leave it out.
        """
        ...


class Classifier(Protocol):
    """A loaded classifier."""

    def logits(self, x: Array) -> Array:
        """Of each class, for leads (leads x samples, mV)."""
        ...


def load(engine: str, path: Path, window: int, threads: int, basis: int = 0) -> Engine:
    """Load the model file `path` into `engine`. Raises InputError where the engine or the file will not do.

    window: samples; basis: channels of the network's third output, 0 where it has none.
    """
    with _refusing(engine, path):
        if engine == "litert":
            from edge.engines.litert import LiteRT

            return LiteRT(path, window, threads, basis)
        from edge.engines.onnx import Onnx

        return Onnx(path, window, threads, basis)


def load_classifier(engine: str, path: Path, shape: tuple[int, int, int]) -> Classifier:
    """Likewise a classifier of `shape`: leads, samples, classes. One thread: it is never waited for."""
    with _refusing(engine, path):
        if engine == "litert":
            from edge.engines.litert import LiteRTClassifier

            return LiteRTClassifier(path, shape)
        from edge.engines.onnx import OnnxClassifier

        return OnnxClassifier(path, shape)


@contextlib.contextmanager
def _refusing(engine: str, path: Path) -> Iterator[None]:
    """What an engine says of a file that it does not take, in one line."""
    try:
        yield
    except ImportError as error:
        package = {"litert": "ai-edge-litert", "onnx": "onnxruntime"}[engine]
        raise InputError(f"the engine {engine} is not installed: pip install {package}", Reason.NO_ENGINE) from error
    except (ValueError, RuntimeError, KeyError) as error:  # KeyError: a model without the outputs' names
        reason = (str(error).splitlines() or ["it says no more"])[0]
        raise InputError(f"{path} does not load in {engine}: {reason}") from error
