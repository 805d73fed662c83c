"""python -m train fit: train the any-lead network on a prepared corpus.

    python -m train fit --data cache/ptbxl --out runs/default --steps 9000

Resumes from `--out` if it holds a checkpoint. Early stopping by fold 8: the best average of the weights is kept.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from edge.leads import LEADS
from edge.metrics import agreement
from train.data import corpus
from train.loss import loss
from train.masks import PATCH
from train.models.unet import UNet, UNetConfig
from train.reconstruct import eight_leads, twelve_leads
from train.windows import RATE, Windows

TRAIN_FOLDS, VALIDATION_FOLD = range(1, 8), 8
MISSING = [k for k, name in enumerate(LEADS) if name not in PATCH]


@dataclasses.dataclass(frozen=True)
class FitConfig:
    steps: int = 9000
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    average: float = 0.999  # decay of the moving average of the weights
    check_every: int = 500  # steps
    seed: int = 0


def validate(net: nn.Module, held: corpus.Corpus) -> tuple[float, float]:
    """PCC and MSE (mV2) over the nine leads missing from II, V1, V5."""
    estimate, _, truth = eight_leads(net, held, PATCH)
    got = twelve_leads(estimate, truth, PATCH)
    true = held.mv() @ np.eye(12, dtype=np.float32)
    figures = agreement(true, got, RATE)
    return float(np.nanmean(figures.pcc[:, MISSING])), float(np.nanmean(figures.mse_mv2[:, MISSING]))


def fit(
    data: Path, out: Path, config: FitConfig, shape: UNetConfig, threads: int, stop_after: int | None = None
) -> None:
    """Train to `config.steps`, from where `out` left off; as an interruption would, only to step `stop_after`."""
    torch.set_num_threads(threads)
    torch.manual_seed(config.seed)
    out.mkdir(parents=True, exist_ok=True)
    everything = corpus.load(data)
    windows = Windows(everything.select(TRAIN_FOLDS))
    held = everything.select([VALIDATION_FOLD])
    net = UNet(shape).to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.average), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.steps + 1, pct_start=0.1, final_div_factor=100
    )
    generator = torch.Generator().manual_seed(config.seed)
    state = out / "state.pt"
    step, best, curve = 0, 0.0, []
    if state.exists():
        saved: dict[str, Any] = torch.load(state, weights_only=True)
        for part, name in ((net, "net"), (average, "average"), (optimiser, "optimiser"), (schedule, "schedule")):
            part.load_state_dict(saved[name])
        generator.set_state(saved["generator"])
        step, best, curve = saved["step"], saved["best"], saved["curve"]
    weights = sum(p.numel() for p in net.parameters())
    print(f"{len(windows.inputs)} records, {len(held.uv)} to validate on, {weights} weights")
    began, running = time.monotonic(), 0.0
    while step < min(config.steps, stop_after or config.steps):
        net.train()
        batch = windows.draw(config.batch, generator)
        value = loss(*net(batch.x), batch)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        average.update_parameters(net)
        running += value.item()
        step += 1
        if step % config.check_every == 0 or step == config.steps:
            pcc, mse = validate(average.module, held)
            curve.append(
                {
                    "step": step,
                    "loss": running / config.check_every,
                    "pcc": pcc,
                    "mse": mse,
                    "s": time.monotonic() - began,
                }
            )
            running = 0.0
            print(json.dumps(curve[-1]), flush=True)
            if pcc > best:
                best = pcc
                weights = {k: v.contiguous() for k, v in average.module.state_dict().items()}
                torch.save(
                    {
                        "weights": weights,
                        "shape": dataclasses.asdict(shape),
                        "fit": dataclasses.asdict(config),
                        "pcc": pcc,
                        "step": step,
                    },
                    out / "best.pt",
                )
            parts = {"net": net, "average": average, "optimiser": optimiser, "schedule": schedule}
            torch.save(
                {k: v.state_dict() for k, v in parts.items()}
                | {"generator": generator.get_state(), "step": step, "best": best, "curve": curve},
                out / "state.tmp",
            )
            (out / "state.tmp").replace(state)
            (out / "curve.json").write_text(json.dumps(curve, indent=1))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="a corpus made by `python -m train prepare`")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for checkpoints; an interrupted run goes on from there"
    )
    parser.add_argument("--steps", type=int, default=FitConfig.steps)
    parser.add_argument("--seed", type=int, default=FitConfig.seed)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--channels", default="24,48,96", help="channels at 1/2, 1/4, 1/8 of the rate")


def run(args: argparse.Namespace) -> int:
    shape = UNetConfig(channels=tuple(int(c) for c in args.channels.split(",")))
    fit(args.data, args.out, FitConfig(steps=args.steps, seed=args.seed), shape, args.threads)
    return 0
