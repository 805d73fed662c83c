"""Pictures of an evaluation, as PNG: overlays on ECG paper, error by lead, calibration, R amplitudes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edge import paper
from edge.blocks import Origin, TwelveLeads
from edge.leads import LEADS, determined, row
from train.evaluate import signal_level
from train.evaluate.reconstructors import Estimate
from train.evaluate.scoring import Gathered, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#00756a", "#c2571a", "#4b5fb5", "#a33a72", "#7a7a1e", "#555555", "#1b8cc4", "#8a5a2b")
GOAL = (0.88, 0.92)  # of samples in a 90 % interval
DPI = 130
COLUMNS = 5


def overlay(path: Path, found: Estimate, truth: npt.NDArray[np.float32], given: Sequence[str], title: str) -> None:
    """True and reconstructed leads of one recording (n x 12, mV) on ECG paper."""
    known = determined(np.stack([row(lead) for lead in given]))
    origin = [
        Origin.MEASURED if lead in given else Origin.DERIVED if known[k] else Origin.RECONSTRUCTED
        for k, lead in enumerate(LEADS)
    ]
    if found.sd is None:
        title += " (tells no interval)"
    sd = np.zeros_like(found.mv) if found.sd is None else found.sd
    paper.draw(path, TwelveLeads(0, found.mv, sd, tuple(origin)), truth=truth, title=title)


def error_by_lead(path: Path, models: Mapping[str, Any], given: Sequence[str]) -> None:
    """Correlation and error of every lead that is not measured, the models side by side."""
    missing = [lead for lead in LEADS if lead not in given]
    figure, axes = _figure(2, 1, (2.2 + 0.75 * len(missing), 7.2))
    width = 0.84 / len(models)
    for k, (name, model) in enumerate(models.items()):
        x = np.arange(len(missing)) + (k - (len(models) - 1) / 2) * width
        by_lead = model["signal"][signal_level.FILTERED]["by_lead"]
        for panel, key in zip(axes, ("pcc", "rmse_uv"), strict=True):
            heights = [by_lead[lead][key] or 0.0 for lead in missing]
            panel.bar(x, heights, 0.92 * width, color=COLOURS[k % len(COLOURS)], label=name)
    for panel, label in zip(axes, ("correlation (PCC)", "RMSE (µV)"), strict=True):
        panel.set_xticks(range(len(missing)), missing)
        panel.set_ylabel(label)
        panel.grid(axis="y", color="#dddddd", lw=0.6)
        panel.set_axisbelow(True)
    low = min((bar.get_height() for bar in axes[0].patches), default=0.0)
    axes[0].set_ylim(max(0.0, np.floor(10 * low - 0.5) / 10), 1.0)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    figure.savefig(path, dpi=DPI)


def calibration(path: Path, models: Mapping[str, Any], given: Sequence[str]) -> None:
    """Share of samples inside the 90 % interval by lead, and nominal against observed at every level."""
    told = {
        name: model["calibration"]
        for name, model in models.items()
        if "calibration" in model and model["calibration"]["coverage_90"] is not None
    }
    if not told:
        return
    missing = [lead for lead in LEADS if lead not in given]
    figure, (left, right) = _figure(1, 2, (11, 4.6), width_ratios=(1.7, 1))
    left.axhspan(*GOAL, color="#d8ecd8", zorder=0)
    left.axhline(0.9, color="#4d8a4d", lw=0.8)
    for k, (name, of) in enumerate(told.items()):
        colour = COLOURS[k % len(COLOURS)]
        shares = [of["by_lead"][lead] for lead in missing]
        x = np.arange(len(missing)) + 0.12 * (k - (len(told) - 1) / 2)
        left.plot(x, [np.nan if s is None else s for s in shares], "o", color=colour, ms=5, label=name)
        curves = [of["curve_by_lead"][lead] for lead in missing if None not in of["curve_by_lead"][lead]]
        right.plot(of["levels"], np.mean(curves, 0), "o-", color=colour, lw=1.2, ms=4)
        for curve in curves:
            right.plot(of["levels"], curve, color=colour, lw=0.5, alpha=0.35)
    left.set_xticks(range(len(missing)), missing)
    left.set_ylabel("samples inside the 90 % interval")
    low = min(left.get_ylim()[0], 0.8)
    left.set_ylim(low, 1.0)
    left.grid(color="#dddddd", lw=0.6)
    right.plot([0.5, 1], [0.5, 1], color="#999999", lw=0.8, ls="--")
    right.set(xlabel="interval", ylabel="samples inside", xlim=(0.48, 1.01), ylim=(0.3, 1.02))
    right.grid(color="#dddddd", lw=0.6)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    figure.savefig(path, dpi=DPI)


def r_amplitudes(path: Path, line: Row, true: Gathered, model: Mapping[str, Any], given: Sequence[str]) -> None:
    """Reconstructed against true R amplitude of every recording, a panel for each lead that is not measured."""
    missing = [k for k, lead in enumerate(LEADS) if lead not in given]
    rows = -(-len(missing) // COLUMNS)
    figure, panels = _figure(rows, min(COLUMNS, len(missing)), (2.5 * min(COLUMNS, len(missing)), 2.6 * rows + 0.5))
    x, y = (1e-3 * gathered.level("features")["r_uv"] for gathered in (true, line.gathered))
    for panel, k in zip(panels, missing, strict=False):
        _scatter(panel, x[:, k], y[:, k], LEADS[k], model["features"]["r_slope"]["by_lead"][LEADS[k]])
    for panel in panels[len(missing) :]:
        panel.axis("off")
    figure.suptitle(f"R amplitude, mV: {line.name}", fontsize=11)
    figure.supxlabel("true", fontsize=9)
    figure.supylabel("reconstructed", fontsize=9)
    figure.savefig(path, dpi=DPI)


def _scatter(
    panel: Axes, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating], lead: str, slope: float | None
) -> None:
    there = np.isfinite(x) & np.isfinite(y)
    x, y = x[there], y[there]
    limit = 1.05 * max(x.max(initial=0.1), y.max(initial=0.1))
    panel.plot([0, limit], [0, limit], color="#999999", lw=0.8, ls="--")
    panel.scatter(x, y, s=7, color=COLOURS[0], alpha=0.45, lw=0)
    if slope is not None:
        ends = np.array([x.min(), x.max()])
        panel.plot(ends, y.mean() + slope * (ends - x.mean()), color=COLOURS[1], lw=1.4)
        lead = f"{lead}   slope {slope:.2f}"
    panel.set(xlim=(0, limit), ylim=(0, limit), aspect="equal")
    panel.set_title(lead, fontsize=9)
    panel.locator_params(nbins=4)
    panel.tick_params(labelsize=7)


def slug(name: str) -> str:
    """A file's name for a model's."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()


def _figure(
    rows: int, columns: int, size: tuple[float, float], width_ratios: Sequence[float] | None = None
) -> tuple[Figure, Any]:
    """Without a display, and without pyplot's memory of every figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, width_ratios=width_ratios).ravel()
