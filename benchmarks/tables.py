"""Result files as Markdown tables: the ones in the README, and the report's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import (
    batch_tables,
    classify_tables,
    fault_tables,
    gateway_tables,
    headline,
    ischemia_tables,
    mqtt_tables,
    page_tables,
    review_tables,
    rhythm_tables,
    web_frames,
)

Figures = Mapping[str, Any]
SETS = {"ptbxl": "PTB-XL fold 9", "ludb": "LUDB"}
MASKS = ("II+V1+V5", "I", "II", "V5", "I+II", "II+V5", "I+II+V2", "I+II+V1+V5")
BASELINES = {
    "measured": "measured leads alone",
    "dower": "Dower's matrix, least squares",
    "linear": "linear, 3 to 5",
    "lag-fir": "linear with lags",
    "patient-linear": "the patient's own linear",
}
NETWORKS = {
    "default": "**default**",
    "tiny": "tiny",
    "mini": "mini",
    "mid": "mid",
    "teacher": "large",
    "mcma-linear": "MCMA, linear head",
    "mcma-linear-quarter": "MCMA, linear head, a quarter as wide",
    "wearecg-small": "WearECG, a quarter as wide",
}
MCMA = {
    "mcma-quarter": "MCMA, a quarter as wide, any one lead",
    "mcma-quarter-fixed": "… trained on lead I alone",
    "mcma-quarter-copy": "… copy padding",
    "default": "**default**, any leads",
}


def accuracy(figures: Figures) -> list[str]:
    head = ["measured"]
    for name in SETS.values():
        head += [f"{name}: PCC", "chest", "RMSE uV"]
    rows = []
    for mask in MASKS:
        row = [mask.replace("+", ", ")]
        for key in SETS:
            f = figures[key][mask]
            row += [f"{f['pcc']:.3f}", f"{f['pcc_chest']:.3f}", f"{f['rmse_uv']:.0f}"]
        rows.append(row)
    return table(head, rows)


def enrol(figures: Figures) -> list[str]:
    head = [
        *(figures["montage"].replace("+", ", "), "PCC", "MSE mV2", "slope of R in V2, V3"),
        *("ST (J+60) error uV: median, 95th percentile", "the 90 % interval holds"),
    ]
    rows = []
    for key, name in SETS.items():
        for way, title in (("blind", f"{name}, blind"), ("enrolled", "… enrolled")):
            f = figures[key][way]
            slopes, st = f["r_slope_by_lead"], f["st60_uv"]
            row = [title, f"{f['pcc']:.3f}", f"{f['mse_mv2']:.4f}", f"{slopes['V2']:.2f}, {slopes['V3']:.2f}"]
            rows.append([*row, f"{st['median_abs']:.0f}, {st['p95_abs']:.0f}", f"{100 * f['coverage']:.0f} %"])
    return table(head, rows)


def networks(figures: Figures) -> list[str]:
    head = ["", "weights", "MMAC", "time", "epochs, or converged"]
    head += [f"{name}: {way}" for name in SETS.values() for way in ("blind", "enrolled")]
    rows = []
    for key, entry in figures["models"].items():
        name = key.partition("/")[0]
        row = [BASELINES.get(name) or NETWORKS.get(name, name)]
        if "weights" in entry:
            row += [f"{entry['weights']:,}", f"{entry['macs'] / 1e6:.1f}", f"{entry['time']:.2f}", ended(entry)]
        else:
            row += ["-"] * 4
        for data in SETS:
            row += [f"{entry[data][way]['pcc']:.3f}" if way in entry[data] else "-" for way in ("blind", "enrolled")]
        rows.append(row)
    return table(head, rows)


def ended(entry: Figures) -> str:
    """How a training ended: by patience, by its plan, or before either."""
    training = entry["training"]
    recipe = training["recipe"]
    if training["converged"]:
        return "converged"
    if recipe["steps"] and training["steps"] >= recipe["steps"]:
        return "to its plan's end"
    return f"stopped after {len(training['curve'])}"


def variants(figures: Figures, latency: Figures) -> list[str]:
    """Of a bundle's manifest and `latency.json`: only figures that let a variant in or kept it out."""
    keys = {
        "pcc_loss": ("PCC lost", 1.0, ".4f"),
        "pcc_loss_enrolled": ("… enrolled", 1.0, ".4f"),
        "r_error": ("R off", 100.0, ".1f"),
        "st_error_mv": ("ST off uV", 1000.0, ".1f"),
        "coverage_change": ("interval off", 100.0, ".1f"),
    }
    units = {"r_error": " %", "coverage_change": " %"}
    head = ["variant", "KB", "size", "time", *(title for title, _, _ in keys.values()), ""]
    whole = {v["engine"]: v["bytes"] for v in figures["variants"] if v["precision"] == "float32"}
    tried = [(f"{v['engine']}-{v['precision']}", v["bytes"], v["figures"], "") for v in figures["variants"]]
    tried += [(name, f["bytes"], f, "refused") for name, f in figures.get("refused", {}).items()]
    rows = []
    for name, size, f, remark in tried:
        time = latency["networks"].get(f"{figures['name']} {name}", {}).get("to_our_float")
        row = [name, f"{size / 1000:.0f}", f"{size / whole[name.partition('-')[0]]:.2f}"]
        row.append("-" if time is None else f"{time:.2f}")
        row += [f"{scale * f[k]:{form}}{units.get(k, '')}" if k in f else "-" for k, (_, scale, form) in keys.items()]
        rows.append([*row, remark])
    return table(head, rows)


def latency(figures: Figures) -> list[str]:
    rows = [
        [name, f"{f['ms']:.3g}", f"{f['to_our_float']:.3g}", f"{f['gmac_per_s']:.0f}"]
        for name, f in figures["networks"].items()
    ]
    return table(["network, engine and precision", "ms a window", "times our float", "GMAC/s"], rows)


def limit(figures: Figures) -> list[str]:
    rows = [
        [name, f"{f['ms']:.3g}", f"{f['floor_ms']:.3g}", f"{100 * f['share']:.0f} %"]
        for name, f in figures["networks"].items()
    ]
    return table(["variant", "ms a window", "floor ms", "of the engine's peak"], rows)


def mcma(figures: Figures) -> list[str]:
    head = ["", "epochs", "lead I alone: PCC", "MSE mV2", "mean of the twelve: PCC", "MSE mV2"]
    rows = []
    for name, f in (*figures["models"].items(), *((f"published: {k}", v) for k, v in figures["published"].items())):
        row = [MCMA.get(name, name), ended(f) if "training" in f else "-"]
        for shown in ("I", "mean"):
            row += [f"{f[shown]['pcc']:.3f}", f"{f[shown]['mse_mv2']:.4f}"] if shown in f else ["-", "-"]
        rows.append(row)
    return table(head, rows)


def floors(figures: Figures) -> list[str]:
    head = ["computed, not measured", "core", "float32: ms a window at the peak, at half", "INT8", "of one core, INT8"]
    rows = []
    for name, f in figures["boards"].items():
        row = [name, f"{f['core']}, {f['ghz']:g} GHz"]
        for precision in ("float32", "int8"):
            both = [f[precision][f"at {share}% of the peak"]["ms"] for share in (100, 50)]
            row.append(", ".join(f"{ms:.2g}" for ms in both))
        rows.append([*row, f"{f['int8']['at 50% of the peak']['core_percent']:.2g} %"])
    return table(head, rows)


def device(read: Callable[[str], Figures]) -> list[str]:
    """What a live run costs, and how well it watches: one figure a row."""
    stream, quality, faults, soak = (read(n) for n in ("stream", "quality", "faults", "soak"))
    first = next(iter(stream.values()))
    live, parts, replay = (first[key]["500 Hz"] for key in ("live", "parts_percent_of_a_core", "replay"))
    others = ", ".join(f"{first['live'][rate]['cpu_percent']:.1f} %" for rate in ("250 Hz", "1000 Hz"))
    start = f"{live['first_input_s_after_start']:.1f} s; {live['first_reconstructed_s_after_first_input']:.1f} s"
    network, whole = parts["of twelve: network"], parts["pipeline in all"]
    rows = [
        ("a live run, 3 leads at 500 Hz, events and recording on: share of one core", f"{live['cpu_percent']:.1f} %"),
        ("… at 250 and 1000 Hz", others),
        (f"… of which the pipeline (network {network:.2f} %), timed by itself", f"{whole:.1f} %"),
        ("… resident memory, at most", f"{live['rss_mb_peak']:.0f} MB"),
        ("… first input after start; first reconstructed sample after that", start),
        ("… a recording at full speed", f"{replay['times_real_time']:.0f} times real time"),
    ]
    rows = [(what, figure, "`stream.json`") for what, figure in rows]
    kept = [name for name, of in soak["growth_an_hour"].items() if of["verdict"] == "kept"]
    title = f"{soak['hours']:g} hours of signal with faults: accounts broken; kept from growing"
    rows.append((title, f"{len(soak['broken'])}; {', '.join(kept)}", "`soak.json`"))
    auroc = quality["cinc2011"]["auroc_fitted_on_first_half_scored_on_second"]
    title = "signal quality, Challenge 2011 by record, rule fitted on one half: AUROC on the other"
    rows.append((title, f"{auroc:.3f}", "`quality.json`"))
    figure = f"{faults['runs']}, {faults['checks']}, {faults['broken']}"
    rows.append(("fault campaign: runs, invariants checked, broken", figure, "`faults.json`"))
    return table(("what", "figure", "file"), rows)


def kills(figures: Figures) -> list[str]:
    lacking, error = figures["lacking_s"], figures["time_error_ms"]
    rows = [
        ("live runs killed at random instants; what did not hold", f"{figures['kills']}; {len(figures['broken'])}"),
        ("missing from the raw samples: median, most", f"{lacking['median']:.2f} s, {lacking['most']:.2f} s"),
        ("the next segment is off its time by: median, most", f"{error['median']:.0f} ms, {error['most']:.0f} ms"),
    ]
    return table(("`kill -9`", ""), rows)


def ble(figures: Figures) -> list[str]:
    """Shares of one core, of a link that loses nothing."""
    head = ("MTU", "notifications a second", "samples lost; uncounted", "bleak alone", "our source", "edge-run in all")
    rows = []
    for mtu, f in figures["mtu"].items():
        row = [mtu, f"{f['source']['notifications_per_s']:.0f}"]
        row.append(f"{sum(of['lost'] for of in f.values())}; {sum(abs(of['uncounted']) for of in f.values())}")
        rows.append([*row, *(f"{f[client]['cpu_percent']:.1f} %" for client in ("bare", "source", "edge-run"))])
    return table(head, rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def known(results: Path, bundle: Path) -> dict[str, list[str]]:
    """Every table whose result files are there, by name."""

    def read(name: str) -> Figures | None:
        path = results / f"{name}.json"
        return json.loads(path.read_text())["figures"] if path.exists() else None

    makers: dict[str, Callable[[Figures], list[str]]] = {
        "accuracy": accuracy,
        "enrol": enrol,
        "networks": networks,
        "latency": latency,
        "limit": limit,
        "mcma": mcma,
        "floors": floors,
        "ble": ble,
        "kills": kills,
    }
    out = {name: make(figures) for name, make in makers.items() if (figures := read(name)) is not None}
    if (rhythm := read("rhythm")) is not None and (peers := read("peers")) is not None:
        out["beats"] = rhythm_tables.beats(rhythm, peers, table)
        for name in ("episodes", "alarms", "false_alerts", "noise", "motion"):
            out[name] = getattr(rhythm_tables, name)(rhythm, table)
    if (ischemia := read("ischemia")) is not None:
        out["st_levels"] = ischemia_tables.levels(ischemia, table)
        out["st_auroc"] = ischemia_tables.auroc(ischemia, table)
        out["st_landmarks"] = ischemia_tables.landmarks(ischemia, table)
    if (classify := read("classify")) is not None:
        out["classify"] = classify_tables.auroc(classify, table)
        out["classify_cost"] = classify_tables.cost(classify, table)
    if (batch := read("batch")) is not None:
        out["batch"] = batch_tables.throughput(batch, table)
        out["batch_overhead"] = batch_tables.overhead(batch, table)
    if (batch_faults := read("batch_faults")) is not None:
        out["batch_faults"] = batch_tables.faults(batch_faults, table)
    if (gateway := read("gateway")) is not None:
        out["gateway"] = gateway_tables.costs(gateway, table)
        out["gateway_faults"] = gateway_tables.faults(gateway, table)
    if (page := read("page")) is not None:
        out["page"] = page_tables.pages(page, table)
    if (web := read("web_frames")) is not None:
        out["live_page"] = web_frames.tables(web, table)
    if (review := read("review")) is not None:
        out["review"] = review_tables.review(review, table)
    if (mqtt := read("mqtt")) is not None:
        out["mqtt"] = mqtt_tables.absence(mqtt, table)
    if (lsl := read("lsl")) is not None:
        out["lsl"] = mqtt_tables.lab_time(lsl, table)
    if (faults := read("faults")) is not None:
        out["faults"] = fault_tables.by_road(faults, table)
    if (survival := read("survival")) is not None:
        out["survival"] = fault_tables.survival(survival, table)
    if (st_alerts := read("st_alerts")) is not None:
        out["st_alerts"] = ischemia_tables.false_alerts(st_alerts, table)
    if all((results / f"{name}.json").exists() for name in ("stream", "quality", "faults", "soak")):
        out["device"] = device(lambda name: read(name) or {})
    if all((results / f"{name}.json").exists() for name in headline.NEEDED):
        out["headline"] = headline.headline(lambda name: read(name) or {}, table)
    manifest = json.loads((bundle / "manifest.json").read_text())
    if (times := read("latency")) is not None:
        out["variants"] = variants(manifest, times)
    return out
