"""python -m benchmarks mcma: MCMA in the protocol of its own paper, with the ablations of its table 14.

    python -m benchmarks mcma --ptbxl cache/ptbxl runs/mcma runs/mcma-fixed runs/mcma-copy runs/default

No filter, neither before nor after; PTB-XL fold 9 in windows of 1024 samples, the last filled up; each of the twelve
leads in turn is the only one shown, and all twelve are scored, the shown one too: MCMA's as its network gives it back,
an any-lead network's as it was measured. Every window has a correlation (PCC) and a squared error (mV2); what is told
are means over windows and over the twelve leads. A network that saw one lead only is shown no other.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from benchmarks import result
from benchmarks.networks import training
from edge.leads import LEADS
from edge.metrics import agreement
from train import checkpoint, reconstruct
from train.data import corpus
from train.models.mcma import MCMA, WINDOW
from train.run_folder import BEST

RATE = 500.0
SCORE_FOLD = 9
PUBLISHED = {  # its table 14: lead I shown, and the mean over the twelve
    "zero padding, any lead": {"I": (0.0323, 0.7916), "mean": (0.0317, 0.7885)},
    "zero padding, lead I only": {"I": (0.0322, 0.7896)},
    "copy padding, any lead": {"mean": (0.0329, 0.7602)},
}
Signal = npt.NDArray[np.float32]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", type=Path, nargs="+", help="folders of training runs")
    parser.add_argument("--ptbxl", type=Path, required=True, help="corpus made by `python -m train prepare ptbxl`")
    parser.add_argument("--every", type=int, default=1, help="take every n-th recording")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=result.RESULTS / "mcma.json")


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    records = corpus.load(args.ptbxl).select([SCORE_FOLD]).every(args.every)
    figures: dict[str, Any] = {"fold": SCORE_FOLD, "records": len(records), "models": {}}
    figures["published"] = {
        name: {lead: {"mse_mv2": mse, "pcc": pcc} for lead, (mse, pcc) in row.items()}
        for name, row in PUBLISHED.items()
    }
    for folder in args.runs:
        net, config = checkpoint.load(folder / BEST)
        masks = config["recipe"]["masks"]  # a name, or sets of leads
        shown = LEADS if isinstance(masks, str) else tuple(masks[0])
        scores = {lead: _scores(net, records.mv(), lead) for lead in shown}
        if len(shown) == len(LEADS):
            scores["mean"] = {key: round(float(np.mean([s[key] for s in scores.values()])), 4) for key in scores["I"]}
        figures["models"][folder.name] = {"architecture": config["architecture"], "shape": config["shape"], **scores}
        figures["models"][folder.name]["training"] = training(folder)
        print(folder.name, scores.get("I"), scores.get("mean"), flush=True)
    result.write(args.out, figures, ("numpy", "torch"))
    return 0


def _scores(net: nn.Module, records: Signal, lead: str) -> dict[str, float]:
    """Means over windows and leads of what comes of `lead` alone."""
    truth, estimate = [], []
    for mv in records:
        given = _alone(net, mv, lead) if isinstance(net, MCMA) else reconstruct.twelve(net, mv, (lead,))
        truth.append(_windows(mv))
        estimate.append(_windows(given))
    figures = agreement(np.concatenate(truth), np.concatenate(estimate), RATE, filtered=False)
    with np.errstate(invalid="ignore"):
        pcc = float(np.nanmean(np.nanmean(figures.pcc, axis=0)))
    return {"mse_mv2": round(float(figures.mse_mv2.mean()), 4), "pcc": round(pcc, 4)}


@torch.no_grad()
def _alone(net: MCMA, mv: Signal, lead: str) -> Signal:
    """All twelve leads (samples x 12) as the network gives them."""
    net.eval()
    k = LEADS.index(lead)
    x = torch.zeros(1, 2 * len(LEADS), 1, len(mv))
    x[0, k, 0], x[0, len(LEADS) + k] = torch.from_numpy(mv[:, k]), 1
    out: Signal = net.twelve(x)[0].T.numpy()
    return out


def _windows(mv: Signal) -> Signal:
    """End to end, filled up with zeros (windows x WINDOW x 12)."""
    count = -(-len(mv) // WINDOW)
    return np.pad(mv, ((0, count * WINDOW - len(mv)), (0, 0))).reshape(count, WINDOW, len(LEADS))
