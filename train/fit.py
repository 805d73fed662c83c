"""python -m train fit: train a network on prepared corpora.

    python -m train fit --config train/configs/default.toml --data cache/ptbxl cache/cinc2011 --out runs/default
    python -m train fit --config train/configs/tiny.toml --data cache/ptbxl --out runs/try --set batch=32 --steps 200
    torchrun --nproc_per_node 2 -m train fit --config train/configs/default.toml --data cache/ptbxl --out runs/two

A GPU is used where there is one. Interrupted by Ctrl-C (exit code 0, the state is kept) or by anything else (the last
validation's state is there), the same command goes on where the run was. In --out are best.safetensors (the weights
that did best on the validation folds), curve.json and state.pt.
Recordings without a fold are never trained on; those of fold 0 always are.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from edge.errors import Reason, UsageError
from train import checkpoint, distributed, files, recipe
from train.distributed import World
from train.loader import Loader, Share
from train.loop import Loop, Plan
from train.models import registry
from train.precision import Precision
from train.recipe import Recipe
from train.report import Report
from train.run_folder import RunFolder
from train.source import split, windows
from train.teachers import Teachers
from train.trainer import Trainer
from train.validation import Held, shown

MOST_WORKERS = 8  # draw more windows than any one GPU here was seen to take


def fit(
    data: Sequence[Path],
    out: Path,
    chosen: Recipe,
    *,
    workers: int | None = None,
    tensorboard: Path | None = None,
    stop_after: int | None = None,
) -> None:
    """Train by the recipe `chosen`, from where `out` left off; as an interruption would, only to step `stop_after`.

    `workers`: processes that draw windows (None: as many as the machine is good for). Raises UsageError, InputError
    and OutputError, each naming what is wrong and the way out.
    """
    with distributed.joined() as world:
        loop, remarks = _prepared(data, out, chosen, _workers(workers, world), world)
        report = Report(loop.progress.step, loop.plan.steps, quiet=not world.first, tensorboard=tensorboard)
        try:
            for remark in remarks:
                report.say(remark)
            if not loop.progress.over(loop.plan):
                loop.run(report, stop_after)
            report.say(_end(loop))
        finally:
            report.close()


def network(chosen: Recipe) -> nn.Module:
    """The recipe's network, its weights drawn from its seed or taken from where it starts. Raises UsageError and
    InputError."""
    torch.manual_seed(chosen.seed)
    try:
        net = registry.build(chosen.architecture, chosen.shape)
        if chosen.start:
            net.load_state_dict(checkpoint.load(Path(chosen.start))[0].state_dict())
        return net
    except RuntimeError as error:
        text = f"{chosen.start} holds another network than this recipe's {chosen.architecture}: change start or shape"
        raise UsageError(text, Reason.CONFIG) from error
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"no {chosen.architecture} of shape {dict(chosen.shape)} can be built: {error}", Reason.CONFIG
        ) from error


def whole_shape(chosen: Recipe) -> dict[str, Any]:
    """The shape with its defaults written out, so that a checkpoint outlives a change of them."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in chosen.shape.items()}
    return dataclasses.asdict(registry.ARCHITECTURES[chosen.architecture].config(**values))


def _prepared(data: Sequence[Path], out: Path, chosen: Recipe, workers: int, world: World) -> tuple[Loop, list[str]]:
    """A run ready to go on, and what to say of it. The cheap checks come before the slow reading."""
    net = network(chosen)
    window = int(net.window)
    share = Share(chosen.batch, chosen.hearts, chosen.hearts_every, rank=world.rank, processes=world.size)
    precision = Precision.of(chosen.precision, world.device)
    teachers = Teachers(chosen.teachers, window, precision)
    train, held, counts = split(data, chosen)
    plan = _plan(chosen, len(train) * train.uv.shape[1], window)
    files.folder(out)
    folder = RunFolder(out, {"recipe": chosen.as_table(), "data": counts})
    saved = folder.state()
    config: dict[str, Any] = {"architecture": chosen.architecture, "shape": whole_shape(chosen)}
    config |= {"recipe": chosen.as_table(), "data": counts}
    loader = Loader(windows(train, chosen, window), share, chosen.seed, world.device, workers)
    trainer = Trainer(chosen, net, plan.steps, precision, world)
    loop = Loop(trainer, loader, teachers, Held(held, shown(chosen.masks)) if len(held) else None, folder, plan, config)
    loop.begin(saved)
    place = "the CPU" if world.device.type == "cpu" else torch.cuda.get_device_name(world.device)
    remarks = [
        f"{chosen.architecture}, {registry.weights(net)} weights; {len(train)} recordings to train on, "
        f"{len(held)} to validate on; {plan.steps} steps, a validation every {plan.steps_per_epoch}",
        f"{world.size} process{'es' if world.size > 1 else ''} on {place}, {precision.name}, {workers} loader workers",
    ]
    remarks += [precision.remark] if precision.remark else []
    remarks += [f"going on from step {loop.progress.step} in {out}"] if saved else []
    return loop, remarks


def _end(loop: Loop) -> str:
    p, plan = loop.progress, loop.plan
    if not p.over(plan):
        return f"stopped at step {p.step} of {plan.steps}, state kept: the same command goes on from there"
    ending = "done" if p.step >= plan.steps else f"no better validation for {p.stale_epochs} epochs: done"
    if loop.held is None:
        return f"{ending} at step {p.step}: {loop.folder.best}"
    best = max(p.curve, key=lambda point: point["pcc"])
    figures = f"PCC {best['pcc']:.4f}, MSE {best['mse_mv2']:.5f} mV2"
    return f"{ending} at step {p.step}; best at step {best['step']}: {figures}: {loop.folder.best}"


def _plan(chosen: Recipe, samples: int, window: int) -> Plan:
    per_epoch = chosen.steps_per_epoch or math.ceil(samples / (chosen.batch * window))
    return Plan(chosen.steps or chosen.epochs * per_epoch, per_epoch, chosen.patience_epochs)


def _workers(wanted: int | None, world: World) -> int:
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores //= int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if world.device.type == "cpu":  # they would take the cores that compute
        return 1 if cores >= 4 else 0
    return max(1, min(cores - 1, MOST_WORKERS))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="a recipe in TOML, such as train/configs/default.toml")
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="DIR", help="corpora made by `python -m train prepare`"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the run; a run there goes on")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a key of the recipe, with its value as in TOML: learning_rate=1e-3, shape.channels=[16,24,48]",
    )
    parser.add_argument("--steps", type=int, help="in all, whatever the recipe says")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--noise", metavar="DIR", help="folder of the MIT-BIH noise stress records bw, em, ma")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of the arithmetic (as torch finds best)")
    parser.add_argument("--workers", type=int, help="processes that draw windows ahead (none on few cores)")
    parser.add_argument(
        "--tensorboard",
        type=Path,
        nargs="?",
        const=Path(),
        metavar="DIR",
        help="write TensorBoard's events to DIR (to OUT/tb if none is named)",
    )


def run(args: argparse.Namespace) -> int:
    for option in ("threads", "workers"):
        if (value := getattr(args, option)) is not None and not 0 <= value <= 256:
            raise UsageError(f"--{option} is {value}: it must be a whole number from 0 to 256")
    chosen = recipe.read(args.config, args.set, steps=args.steps, seed=args.seed, noise=args.noise)
    if args.threads:
        torch.set_num_threads(args.threads)
    tensorboard = args.out / "tb" if args.tensorboard == Path() else args.tensorboard
    try:
        fit(args.data, args.out, chosen, workers=args.workers, tensorboard=tensorboard)
    except KeyboardInterrupt:  # before the first step, or the second time
        print(f"interrupted: the same command goes on from the last state in {args.out}", flush=True)
    return 0
