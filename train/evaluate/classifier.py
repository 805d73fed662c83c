"""A frozen classifier of twelve-lead recordings: the judge of the diagnostic level, and the encoder of Frechet's.

Ours is a small 1-D ResNet that `python -m train classify` fits, or a linear head on a frozen backbone; the published
ones of `train.references` are named with their weights, as `ecgfounder:FILE`; any other comes as an ONNX file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import butter, resample_poly, sosfiltfilt
from torch import Tensor, nn

from edge.bundle import RATE
from edge.errors import EdgeError, InputError, Reason
from train.labels import SUPERCLASSES

BAND_HZ = (0.5, 40.0)
INSIDE_HZ = 100  # rate the network works at: what a diagnosis rests on lies below 40 Hz
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


@dataclass(frozen=True)
class ClassifierConfig:
    classes: tuple[str, ...] = (*SUPERCLASSES, "AF")
    channels: tuple[int, ...] = (32, 48, 64, 64)  # one residual block each, each at half the rate of the one before
    kernel: int = 9
    dropout: float = 0.3


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        half = kernel // 2
        self.first = nn.Sequential(
            nn.Conv1d(inputs, outputs, kernel, 2, half, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()
        )
        self.second = nn.Sequential(nn.Conv1d(outputs, outputs, kernel, 1, half, bias=False), nn.BatchNorm1d(outputs))
        self.beside = nn.Sequential(nn.AvgPool1d(2, 2, ceil_mode=True), nn.Conv1d(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.second(self.first(x)) + self.beside(x))


class ResNet(nn.Module):
    """12 leads at 100 Hz (batch x 12 x time, any length over a second) to logits; its features are the last block's
    means over time."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        first, k = config.channels[0], config.kernel
        self.stem = nn.Sequential(nn.Conv1d(12, first, k, 1, k // 2, bias=False), nn.BatchNorm1d(first), nn.ReLU())
        pairs = zip((first, *config.channels), config.channels, strict=False)
        self.blocks = nn.Sequential(*(_Block(a, b, k) for a, b in pairs))
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.channels[-1], len(config.classes)))

    def features(self, x: Tensor) -> Tensor:
        return self.blocks(self.stem(x)).mean(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def prepared(mv: Array) -> Tensor:
    """What the network is shown of recordings (records x samples x 12, mV at 500 Hz): 0.5 to 40 Hz, at 100 Hz."""
    band = butter(2, BAND_HZ, "bandpass", fs=RATE, output="sos")
    slow = resample_poly(sosfiltfilt(band, mv, axis=1), 1, round(RATE / INSIDE_HZ), axis=1)
    return torch.from_numpy(np.ascontiguousarray(slow.transpose(0, 2, 1), np.float32))


class OwnClassifier:
    """A classifier fitted by `python -m train classify`."""

    def __init__(self, net: ResNet, config: ClassifierConfig, thresholds: list[float], described: dict[str, Any]):
        self.net = net.eval()
        self.names = config.classes
        self.thresholds = np.array(thresholds)
        self.described = described

    @torch.no_grad()
    def judge(self, mv: Array) -> tuple[Floats, Floats | None]:
        features = torch.cat([self.net.features(x) for x in prepared(mv).split(BATCH)])
        return torch.sigmoid(self.net.head(features)).numpy(), features.numpy()


def save(path: Path, net: ResNet, config: ClassifierConfig, about: dict[str, Any]) -> None:
    """`about` must hold `thresholds`; the rest is told in every report."""
    from safetensors.torch import save_file

    text = json.dumps({"config": asdict(config), "about": about})
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path, metadata={"config": text})


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
        text = json.loads((file.metadata() or {}).get("config", "{}"))
        if "about" not in text:
            raise InputError(f"{path} is no classifier: make one with `python -m train classify`")
        if "head" in text:
            from train.references.head import Head

            return Head(path, text)
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    shape = text["config"]
    config = ClassifierConfig(**shape | {k: tuple(shape[k]) for k in ("classes", "channels")})
    net = ResNet(config)
    net.load_state_dict(weights)
    return OwnClassifier(net, config, text["about"]["thresholds"], {"file": str(path), **text["about"]})


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
