"""One trained network as ONNX and TFLite files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

from edge.bundle_classifier import SAMPLES
from edge.leads import INDEPENDENT

OPSET = 18
OUTPUTS = ("leads", "log_variance", "basis")


def to_onnx(net: nn.Module, path: Path, window: int) -> None:
    _to_onnx(net, path, torch.zeros(1, 24, 1, window), "leads_and_masks", OUTPUTS[: _outputs(net, window)])


def classifier_to_onnx(net: nn.Module, path: Path) -> None:
    _to_onnx(net, path, torch.zeros(1, len(INDEPENDENT), 1, SAMPLES), "leads", ("logits",))


def _to_onnx(net: nn.Module, path: Path, example: Tensor, name: str, outputs: tuple[str, ...]) -> None:
    torch.onnx.export(
        net,
        (example,),
        str(path),
        dynamo=True,
        external_data=False,
        opset_version=OPSET,
        input_names=[name],
        output_names=list(outputs),
        verbose=False,
    )
    _without_traces(path)


@torch.no_grad()
def _outputs(net: nn.Module, window: int) -> int:
    return len(net(torch.zeros(1, 24, 1, window)))


def _without_traces(path: Path) -> None:
    """Takes out what the exporter notes of where each node came from: folders of the machine it ran on."""
    import onnx

    model = onnx.load(str(path))
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


class ChannelsLast(nn.Module):
    """(1, 1, time, channels) in and, where an output has four dimensions, out: the layout TFLite computes in."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        found = self.net(x.permute(0, 3, 1, 2))
        if isinstance(found, Tensor):  # a classifier's logits
            return (found,)
        return tuple(output.permute(0, 2, 3, 1) for output in found)


def to_tflite(net: nn.Module, path: Path, window: int) -> None:
    _to_tflite(net, path, torch.zeros(1, 1, window, 24))


def classifier_to_tflite(net: nn.Module, path: Path) -> None:
    _to_tflite(net, path, torch.zeros(1, 1, SAMPLES, len(INDEPENDENT)))


def _to_tflite(net: nn.Module, path: Path, example: Tensor) -> None:
    os.environ.setdefault("LITERT_TORCH_SHOW_PROGRESS", "0")
    import litert_torch

    model = litert_torch.convert(ChannelsLast(net).eval(), (example,))
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "model.tflite"
        model.export(str(draft))
        _shortened(draft, path)


def _shortened(source: Path, path: Path) -> None:
    """Numbers in place of the tensors' names, which tell the trainer's classes over and over."""
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils as flatbuffer

    model = flatbuffer.read_model(str(source))
    for graph in model.subgraphs:
        for number, tensor in enumerate(graph.tensors):
            tensor.name = f"t{number}".encode()
    flatbuffer.write_model(model, str(path))
