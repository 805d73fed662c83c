"""Which numbers the arithmetic is done in: float32, or bf16 or fp16 where autocast says they do."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch

NUMBERS = {"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Precision:
    device: torch.device
    dtype: torch.dtype
    remark: str = ""  # why it is not what was asked for

    @staticmethod
    def of(wanted: str, device: torch.device) -> Precision:
        """`auto` is bf16 on a GPU that has it, fp16 on one that has not, and float32 elsewhere."""
        if wanted == "auto":
            if device.type != "cuda":
                return Precision(device, torch.float32)
            return Precision(device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)
        if wanted == "fp16" and device.type != "cuda":
            return Precision(device, torch.float32, "fp16 needs a GPU: computing in float32")
        return Precision(device, NUMBERS[wanted])

    @property
    def name(self) -> str:
        return next(name for name, dtype in NUMBERS.items() if dtype == self.dtype)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def scaler(self) -> torch.amp.GradScaler:
        """Keeps fp16's small gradients from vanishing; does nothing otherwise."""
        if self.dtype == torch.float16:  # steps whose gradients overflow are left out, now and then the first
            warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype == torch.float16)
