"""A frozen classifier of twelve-lead recordings: the judge of the diagnostic level, and the encoder of Frechet's.

Ours is a committee of small networks that `python -m train classify` fits, or a linear head on a frozen backbone.
Published ones are named with their weights, as `ecgfounder:FILE`; any other comes as an ONNX file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from edge.bundle import RATE
from edge.errors import EdgeError, InputError, Reason

BATCH = 32
Array = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float32]


class Classifier(Protocol):
    names: tuple[str, ...]
    thresholds: npt.NDArray[np.float64]  # of the probability, one a class
    described: dict[str, Any]  # for the report

    def judge(self, mv: Array) -> tuple[Floats, Floats | None]:
        """Probabilities (records x classes) and, where there is an encoder, features (records x features) of
        recordings (records x samples x 12, mV at 500 Hz)."""


def load(name: str | Path) -> Classifier:
    """A classifier from a file: our safetensors, or ONNX with a JSON of the same name beside it; or a published one,
    as `ecgfounder:FILE` or `ribeiro:FILE`.

    The ONNX network maps float32 (records x 12 x samples, mV) to probabilities (records x classes), and if it has a
    second output, that is its features. The JSON: `names` (of classes, as `train.labels.of` knows them), and if wanted
    `thresholds`, `rate` (Hz; 500) and `samples` (fixed length: longer recordings are cut, shorter ones padded with
    zeros). Raises InputError for a file that is none.
    """
    from train import references

    kind, colon, file = str(name).partition(":")
    if colon and kind in references.REFERENCES:
        return references.REFERENCES[kind](Path(file))
    path = Path(name)
    try:
        return OnnxClassifier(path) if path.suffix == ".onnx" else _fitted(path)
    except EdgeError:
        raise
    except Exception as error:
        raise InputError(f"the classifier {path} cannot be read ({error})", Reason.UNREADABLE) from error


def _fitted(path: Path) -> Classifier:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "committee" in metadata:
        from train.diagnosis.judge import OwnClassifier

        return OwnClassifier(path)
    text = json.loads(metadata.get("config", "{}"))
    if "head" not in text:
        raise InputError(f"{path} is no classifier: make one with `python -m train classify`")
    from train.references.head import Head

    return Head(path, text)


class OnnxClassifier:
    """Somebody else's classifier."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        side = json.loads(path.with_suffix(".json").read_text())
        self.names = tuple(side["names"])
        self.thresholds = np.array(side.get("thresholds", [0.5] * len(self.names)))
        self.described = {"file": str(path), **side}
        self._rate, self._samples = side.get("rate", RATE), side.get("samples")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def judge(self, mv: Array) -> tuple[Floats, Floats | None]:
        if self._rate != RATE:
            mv = resample_poly(mv, round(self._rate), round(RATE), axis=1)
        x = np.ascontiguousarray(mv.transpose(0, 2, 1), np.float32)
        if self._samples:
            x = np.pad(x[:, :, : self._samples], ((0, 0), (0, 0), (0, max(0, self._samples - x.shape[2]))))
        name = self._session.get_inputs()[0].name
        outputs = [self._session.run(None, {name: x[k : k + BATCH]}) for k in range(0, len(x), BATCH)]
        found = [np.concatenate(part) for part in zip(*outputs, strict=True)]
        return found[0], (found[1].reshape(len(x), -1) if len(found) > 1 else None)
