"""Smaller numbers: a float TFLite or ONNX file in float16 or INT8.

The first convolution stays in float: a heart's input has 8 bits for several millivolts, which are steps of tens of
microvolts. Static ranges are the true least and largest of every tensor over the calibration windows (the quantizer's
own moving average, and percentiles just as much, cut R peaks off by a third); there the last convolutions before the
outputs stay in float too.
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Windows = npt.NDArray[np.float32]  # n x 24 x window


def float16(source: Path, out: Path) -> None:
    """TFLite with weights of 16 bits, computed in float32."""
    from ai_edge_quantizer import qtyping, quantizer, recipe

    weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
    config = qtyping.OpQuantizationConfig(
        weight_tensor_config=weights, compute_precision=qtyping.ComputePrecision.FLOAT, explicit_dequantize=True
    )
    made = quantizer.Quantizer(str(source))
    every = qtyping.TFLOperationName.ALL_SUPPORTED
    made.update_quantization_recipe(".*", every, config, recipe.AlgorithmName.FLOAT_CASTING)
    _write(made, None, out)


def dynamic(source: Path, out: Path) -> None:
    """TFLite with weights of 8 bits; activations are rounded within each window's own range."""
    from ai_edge_quantizer import recipe

    _write(_sparing(_Graph(source).first, source, recipe.dynamic_wi8_afp32()), None, out)


def static(source: Path, out: Path, windows: Windows) -> None:
    """TFLite with weights and activations of 8 bits, in ranges that hold for all windows; float in and out."""
    from ai_edge_quantizer import qtyping, recipe

    graph = _Graph(source)
    made = _sparing(graph.first | graph.last, source, recipe.static_wi8_ai8())
    for end in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
        made.update_quantization_recipe(".*", end, algorithm_key=recipe.AlgorithmName.NO_QUANTIZE)
    _write(made, _ranges(source, made, windows), out)


def qdq(source: Path, out: Path, windows: Windows) -> None:
    """ONNX with quantize-dequantize pairs: activations unsigned, weights signed and by channel (U8S8)."""
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "model.onnx"
        quant_pre_process(str(source), str(draft), skip_symbolic_shape=True)
        quantize_static(
            str(draft),
            str(out),
            _Reader(windows),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=sorted(_edges_of_onnx(onnx.load(str(draft)).graph)),
        )


class _Reader:
    """The calibration windows as onnxruntime asks for them."""

    def __init__(self, windows: Windows) -> None:
        self._left: Iterator[Any] = iter(windows)

    def get_next(self) -> dict[str, Any] | None:
        window = next(self._left, None)
        return None if window is None else {"leads_and_masks": window[None, :, None]}


def _sparing(names: set[str], source: Path, chosen: Any) -> Any:
    """The quantizer of a TFLite file by the recipe `chosen`, without the convolutions of those `names`."""
    from ai_edge_quantizer import qtyping, quantizer, recipe

    made = quantizer.Quantizer(str(source))
    made.load_quantization_recipe(chosen)
    convolution, none = qtyping.TFLOperationName.CONV_2D, recipe.AlgorithmName.NO_QUANTIZE
    for name in sorted(names):
        made.update_quantization_recipe(f"^{re.escape(name)};", convolution, algorithm_key=none)
    return made


def _write(made: Any, ranges: Any, out: Path) -> None:
    with contextlib.redirect_stderr(io.StringIO()):  # a progress bar that nothing turns off
        quantized = made.quantize(ranges, enable_progress_report=False)
    out.write_bytes(bytes(quantized.quantized_model))


def _ranges(source: Path, made: Any, windows: Windows) -> Any:
    """The least and the largest of every tensor."""
    from ai_edge_quantizer import calibrator
    from ai_edge_quantizer.utils import qsv_utils

    with contextlib.redirect_stderr(io.StringIO()):
        found = calibrator.Calibrator(str(source), num_threads=1, qsv_update_func=qsv_utils.min_max_update)
        inputs = [{"args_0": np.ascontiguousarray(window.T)[None, None]} for window in windows]
        found.calibrate({"serving_default": inputs}, made._recipe_manager)  # the public way takes no update rule
    return found.get_model_qsvs()


class _Graph:
    """The convolutions at the edges of a TFLite file, by the names of their outputs."""

    def __init__(self, source: Path) -> None:
        from ai_edge_litert.schema_py_generated import BuiltinOperator
        from ai_edge_quantizer.utils import tfl_flatbuffer_utils as flatbuffer

        model = flatbuffer.read_model(str(source))
        graph = model.subgraphs[0]
        kinds = {k for k, code in enumerate(model.operatorCodes) if code.builtinCode == BuiltinOperator.CONV_2D}

        def named(operators: list[Any]) -> set[str]:
            return {str(flatbuffer.get_tensor_name(graph.tensors[each.outputs[0]])) for each in operators}

        def convolution(operator: Any) -> bool:
            return operator.opcodeIndex in kinds

        reading = [o for o in graph.operators if convolution(o) and o.inputs[0] in graph.inputs]
        weights = [int(np.prod(graph.tensors[o.inputs[1]].shape)) for o in reading]
        self.first = named([reading[int(np.argmax(weights))]] if reading else [])
        makers = {int(tensor): operator for operator in graph.operators for tensor in operator.outputs}
        ends = _last(graph.outputs, makers, convolution, lambda o: [int(tensor) for tensor in o.inputs])
        self.last = named(ends)


def _edges_of_onnx(graph: Any) -> set[str]:
    """The names of the convolutions at the network's edges."""
    makers = {tensor: node for node in graph.node for tensor in node.output}
    ends = [output.name for output in graph.output]
    edges = _last(ends, makers, lambda node: node.op_type == "Conv", lambda node: list(node.input))
    inputs = {each.name for each in graph.input}
    edges += [node for node in graph.node if node.op_type == "Conv" and node.input[0] in inputs]
    return {node.name for node in edges}


def _last(
    ends: Any, makers: dict[Any, Any], convolution: Callable[[Any], bool], inputs: Callable[[Any], list[Any]]
) -> list[Any]:
    """The convolutions that are reached first from the graph's outputs backwards."""
    found, seen, ahead = [], set(), list(ends)
    while ahead:
        tensor = ahead.pop()
        if tensor in seen or tensor not in makers:
            continue
        seen.add(tensor)
        if convolution(makers[tensor]):
            found.append(makers[tensor])
        else:
            ahead += inputs(makers[tensor])
    return found
