"""The report's pictures: accuracy against arithmetic, trainings, errors by lead, times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.tables import NETWORKS, SETS

Figures = Mapping[str, Any]
INK, RED, GREY = "#1b1b1b", "#c8102e", "#9a9a9a"


def draw(results: Path, out: Path) -> dict[str, list[str]]:
    """PNGs into `out` for every result file there is; their names, by table."""
    import matplotlib

    matplotlib.use("Agg")
    drawn: dict[str, list[str]] = {}
    for name, makers in (("networks", (_sizes, _curves)), ("enrol", (_by_lead,)), ("latency", (_times,))):
        path = results / f"{name}.json"
        if path.exists():
            figures = json.loads(path.read_text())["figures"]
            drawn[name] = [make(figures, out) for make in makers]
    return drawn


def _sizes(figures: Figures, out: Path) -> str:
    """Correlation against multiply-accumulates; hollow where a training was stopped; baselines as lines."""
    figure, axes = _figure(2)
    for axis, (key, title) in zip(axes, SETS.items(), strict=True):
        for name, entry in figures["models"].items():
            blind = entry[key].get("blind")
            if blind is None or name == "measured":
                continue
            if "macs" in entry:
                short = name.partition("/")[0]
                colour = RED if short == "default" else INK
                fill = "none" if tables.ended(entry).startswith("stopped") else colour  # hollow: it could learn more
                axis.plot(entry["macs"] / 1e6, blind["pcc"], "o", color=colour, markerfacecolor=fill)
                label = NETWORKS.get(short, short).strip("*")
                axis.annotate(label, (entry["macs"] / 1e6, blind["pcc"]), (4, 4), textcoords="offset points", size=7)
            else:
                axis.axhline(blind["pcc"], color=GREY, lw=0.8)
                there = axis.get_yaxis_transform()
                axis.text(0.01, blind["pcc"], name, transform=there, size=7, color=GREY, va="bottom", ha="left")
        axis.set(xscale="log", xlabel="MMAC a window", ylabel="PCC, leads not measured", title=title)
        axis.margins(x=0.25)
    return _save(figure, out / "sizes.png")


def _curves(figures: Figures, out: Path) -> str:
    """Validation after every epoch."""
    figure, (axis,) = _figure(1)
    for name, entry in figures["models"].items():
        if "training" in entry:
            curve, batch = entry["training"]["curve"], entry["training"]["recipe"]["batch"]
            short = name.partition("/")[0]
            windows = [step * batch for step, _ in curve]
            axis.plot(windows, [pcc for _, pcc in curve], lw=1.2, label=NETWORKS.get(short, short).strip("*"))
    axis.set(xscale="log", xlabel="windows learnt from", ylabel="PCC on fold 8", ylim=(0.5, 0.95))
    axis.legend(fontsize=7, frameon=False)
    return _save(figure, out / "curves.png")


def _by_lead(figures: Figures, out: Path) -> str:
    """Correlation of every lead that is not measured, blind and enrolled."""
    figure, axes = _figure(2)
    for axis, (key, title) in zip(axes, SETS.items(), strict=True):
        for shift, (way, colour) in ((-0.2, ("blind", GREY)), (0.2, ("enrolled", RED))):
            leads = figures[key][way]["pcc_by_lead"]
            axis.bar([k + shift for k in range(len(leads))], leads.values(), 0.4, color=colour, label=way)
        axis.set_xticks(range(len(leads)), list(leads), fontsize=8)
        axis.set(ylim=(0.7, 1.0), ylabel="PCC", title=title)
        axis.legend(fontsize=7, frameon=False)
    return _save(figure, out / "leads.png")


def _times(figures: Figures, out: Path) -> str:
    """Every network in every engine, on a logarithmic scale."""
    networks = figures["networks"]
    figure, (axis,) = _figure(1, 0.28 * len(networks) + 1)
    axis.barh(list(networks), [f["ms"] for f in networks.values()], color=INK)
    for k, f in enumerate(networks.values()):
        axis.text(f["ms"], k, f" {f['ms']:.3g} ms", va="center", size=7)
    axis.invert_yaxis()
    axis.set(xscale="log", xlabel="ms a window, one thread")
    axis.tick_params(axis="y", labelsize=7)
    axis.margins(x=0.2)
    return _save(figure, out / "times.png")


def _figure(panels: int, height: float = 3.6) -> Any:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, panels, figsize=(4.8 * panels, height), squeeze=False, layout="constrained")
    for axis in axes[0]:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes[0]


def _save(figure: Any, path: Path) -> str:
    from matplotlib import pyplot

    figure.savefig(path, dpi=130)
    pyplot.close(figure)
    return path.name
