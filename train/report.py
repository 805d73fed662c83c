"""What a run tells while it goes: a bar on a terminal, a line a validation, TensorBoard, and whether the GPU waits."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from edge.errors import Reason, UsageError
from train import files

GPU_LOOK_S = 5.0  # between two looks at the GPU's utilisation


class Report:
    """Talks for the first process; the others' are told to keep `quiet`."""

    def __init__(self, first: int, last: int, *, quiet: bool = False, tensorboard: Path | None = None) -> None:
        """`first` and `last`: steps of this run. Raises UsageError if TensorBoard is asked for and not installed."""
        from tqdm import tqdm

        self._quiet = quiet
        self._last = last
        self._writer = _writer(tensorboard, first) if tensorboard and not quiet else None
        self._bar = tqdm(
            total=last, initial=first, unit="step", disable=quiet or not sys.stderr.isatty(), dynamic_ncols=True
        )

    def say(self, text: str) -> None:
        if not self._quiet:
            self._bar.clear()
            print(text, flush=True)

    def pulse(self, step: int, loss: float) -> None:
        self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
        self._bar.update(step - self._bar.n)
        if self._writer:
            self._writer.add_scalar("loss/step", loss, step)

    def checked(self, point: Mapping[str, Any], best: bool) -> None:
        parts = [f"step {point['step']}/{self._last}", f"loss {point['loss']:.4f}"]
        if "pcc" in point:
            parts.append(f"PCC {point['pcc']:.4f}, MSE {point['mse_mv2']:.5f} mV2" + (" (best)" if best else ""))
        parts.append(f"{point['windows_per_s']:.0f} windows/s, {100 * point['waiting']:.0f} % waiting for data")
        if point.get("gpu") is not None:
            parts.append(f"GPU busy {100 * point['gpu']:.0f} %")
        self.say("; ".join(parts))
        if self._writer:
            for key in ("loss", "pcc", "mse_mv2", "learning_rate", "windows_per_s", "waiting", "gpu"):
                if point.get(key) is not None:
                    self._writer.add_scalar(key, point[key], point["step"])
            self._flush()

    def close(self) -> None:
        self._bar.close()
        if self._writer:
            try:
                self._writer.close()
            except OSError:  # the disk that was full for the state as well, which has been told
                self._writer = None

    def _flush(self) -> None:
        try:
            self._writer.flush()
        except OSError as error:
            raise files.unwritable(Path(self._writer.log_dir), error) from error


def _writer(path: Path, first: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        text = "--tensorboard needs the package tensorboard: pip install tensorboard, or leave the option out"
        raise UsageError(text, Reason.NOT_FOUND) from error
    files.folder(path)
    _hush_full_disk()
    # what a killed run wrote beyond the state it goes on from would be there twice
    return SummaryWriter(str(path), purge_step=first + 1)


def _hush_full_disk() -> None:
    """TensorBoard writes in a thread, whose traceback would come beside the one line that `_flush` tells."""
    usual = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, OSError):
            usual(args)

    threading.excepthook = hook


class Meter:
    """Time between two validations: how much of it was spent waiting, and how busy the GPU was."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._looked = 0.0
        self.restart(0.0)

    def restart(self, waited_s: float) -> None:
        self._began, self._waited_before_s = time.monotonic(), waited_s
        self._busy: list[float] = []
        self._steps = 0

    def step(self) -> None:
        self._steps += 1

    def look(self) -> None:
        """Asks for the GPU's utilisation now and then."""
        if self._device.type == "cuda" and time.monotonic() - self._looked > GPU_LOOK_S:
            self._looked = time.monotonic()
            busy = gpu_busy(self._device)
            self._busy += [] if busy is None else [busy]

    def figures(self, batch: int, waited_s: float) -> dict[str, Any]:
        """Seconds, windows a second, and shares of the time, since the restart."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        gpu = sum(self._busy) / len(self._busy) if self._busy else None
        waiting = (waited_s - self._waited_before_s) / seconds
        return {"s": seconds, "windows_per_s": self._steps * batch / seconds, "waiting": waiting, "gpu": gpu}


def gpu_busy(device: torch.device) -> float | None:
    """Share of the last moment in which the GPU computed, by NVML or nvidia-smi; None where neither answers."""
    try:
        return torch.cuda.utilization(device) / 100
    except (ModuleNotFoundError, RuntimeError):
        pass
    query = ["nvidia-smi", f"--id={device.index or 0}", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=5, check=True).stdout
        return float(answer.split()[0]) / 100
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
