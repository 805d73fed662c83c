"""Mixed precision: which numbers are used where, and that they learn the same."""

from __future__ import annotations

import pytest
import torch
from networks import SMALL, batch_of

from train.distributed import CPU, World
from train.models import registry
from train.precision import Precision
from train.recipe import Recipe
from train.trainer import Trainer


def losses(dtype: torch.dtype) -> list[float]:
    torch.manual_seed(1)
    net = registry.build("mcma", SMALL["mcma"])
    chosen = Recipe(architecture="mcma", shape=SMALL["mcma"], steps=8, learning_rate=1e-3)
    trainer = Trainer(chosen, net, 8, Precision(CPU, dtype), World())
    batch = batch_of(net.window)
    return [float(trainer.step(k, batch)) for k in range(8)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_the_bits_learn_what_all_do(dtype: torch.dtype):
    """fp16 goes through the gradient scaler here as it does on a GPU."""
    full, half = losses(torch.float32), losses(dtype)
    assert half == pytest.approx(full, rel=1e-2)
    assert half != full
    assert half[-1] < half[0]


def test_without_a_gpu_auto_is_float32_and_fp16_becomes_it_with_a_remark():
    assert Precision.of("auto", CPU) == Precision(CPU, torch.float32)
    assert Precision.of("bf16", CPU).name == "bf16"
    fallen = Precision.of("fp16", CPU)
    assert fallen.name == "float32"
    assert "needs a GPU" in fallen.remark
