"""python -m benchmarks which-lead: from its shape alone, which of the twelve leads is this?

    python -m benchmarks which-lead --ptbxl cache/ptbxl --ludb cache/ludb

Trains MCMA's lead classifier (`train.models.which_lead`) on folds 1 to 7 of PTB-XL until five epochs have brought
nothing on fold 8, and tells how often it is right on fold 9 and on LUDB: on windows of 1024 samples, as MCMA's
supplement counts (0.974 on PTB-XL, their own split), and by the windows of a recording of ten seconds together.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import result
from edge.dsp.baseline import remove_baseline
from edge.leads import LEADS
from train.data import corpus
from train.data.corpus import Corpus
from train.models import registry
from train.models.which_lead import WhichLead
from train.windows import Windows

RATE = 500.0
TRAIN_FOLDS, HELD_FOLD, SCORE_FOLD = range(1, 8), 8, 9
BATCH, SHOWN, LEARNING_RATE = 32, 3, 1e-3  # recordings a step, leads of each; Adam, as MCMA
PATIENCE = 5  # epochs
PUBLISHED = 0.974
_LABELS = torch.arange(len(LEADS))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ptbxl", type=Path, required=True, help="corpus made by `python -m train prepare ptbxl`")
    parser.add_argument("--ludb", type=Path, required=True, help="corpus made by `python -m train prepare ludb`")
    parser.add_argument("--epochs", type=int, default=40, help="at most")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=result.RESULTS / "which_lead.json")


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    ptbxl = corpus.load(args.ptbxl)
    net, curve = _fitted(ptbxl.select(TRAIN_FOLDS), _cut(ptbxl.select([HELD_FOLD])), args.epochs)
    figures: dict[str, Any] = {"weights": registry.weights(net), "published": PUBLISHED, "curve": curve}
    for name, records in (("ptbxl", ptbxl.select([SCORE_FOLD])), ("ludb", corpus.load(args.ludb))):
        figures[name] = _scores(net, _cut(records))
        print(name, figures[name], flush=True)
    result.write(args.out, figures, ("numpy", "scipy", "torch"))
    return 0


def _fitted(train: Corpus, held: Tensor, epochs: int) -> tuple[WhichLead, list[float]]:
    """The network as it did best on `held`, and how often it was right there after each epoch."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    net = WhichLead()
    windows = Windows(train, length=net.window, augmented=False, mask=_some)
    steps = len(windows) * train.uv.shape[1] // (BATCH * net.window)
    optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
    curve: list[float] = []
    best = net.state_dict()
    while len(curve) < epochs and len(curve) - 1 - int(np.argmax(curve or [0.0])) < PATIENCE:
        net.train()
        for _ in range(steps):
            loss = net.objective(windows.draw(BATCH, generator))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        curve.append(_scores(net, held)["windows"])
        print(f"epoch {len(curve)}: {curve[-1]} right on fold {HELD_FOLD}", flush=True)
        if curve[-1] == max(curve):
            best = copy.deepcopy(net.state_dict())
    net.load_state_dict(best)
    return net, curve


def _some(batch: int, g: torch.Generator) -> Tensor:
    """Masks (batch x 12) that show a few leads of each recording."""
    return torch.zeros(batch, len(LEADS)).scatter_(1, torch.rand(batch, len(LEADS), generator=g).topk(SHOWN)[1], 1.0)


def _cut(records: Corpus) -> Tensor:
    """Every recording's filtered leads in windows end to end (records x windows x 12 x samples, mV)."""
    mv = np.stack([remove_baseline(each, RATE).T for each in records.mv()])
    count = mv.shape[2] // WhichLead.window
    whole = torch.from_numpy(mv[:, :, : count * WhichLead.window].astype(np.float32))
    return whole.unflatten(2, (count, WhichLead.window)).transpose(1, 2)


@torch.no_grad()
def _scores(net: WhichLead, cut: Tensor) -> dict[str, Any]:
    """Shares that are named right: of windows, of leads of whole recordings, and of the windows of each lead."""
    net.eval()
    said = torch.stack([net(each.flatten(0, 1)).log_softmax(1).unflatten(0, each.shape[:2]) for each in cut])
    right = said.argmax(3) == _LABELS  # records x windows x leads
    together = said.sum(1).argmax(2) == _LABELS
    by_lead = {lead: round(float(share), 4) for lead, share in zip(LEADS, right.double().mean((0, 1)), strict=True)}
    return {
        "records": len(cut),
        "windows": round(float(right.double().mean()), 4),
        "recordings": round(float(together.double().mean()), 4),
        "by_lead": by_lead,
    }
