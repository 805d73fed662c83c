"""The README's one table: what a reader asks first, each answer from the result file that holds more of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]
NEEDED = ("enrol", "rhythm", "classify", "latency", "stream", "faults", "kills", "fuzz", "ble")


def headline(read: Callable[[str], Figures], table: Table) -> list[str]:
    """One figure a row. read: the figures of each of NEEDED."""
    rows = [*_leads(read("enrol")), *_watch(read("rhythm"), read("classify"))]
    rows += [*_cost(read("latency"), read("stream")), *_trouble(read)]
    return table(("question", "answer", "file"), [(what, figure, f"`{name}.json`") for what, figure, name in rows])


def _leads(enrol: Figures) -> Iterable[tuple[str, str, str]]:
    pairs = [
        ("nine leads of an unseen heart from II, V1, V5: correlation, PTB-XL fold 9 and LUDB", "blind", "pcc", ".3f"),
        ("… after four seconds of its twelve leads", "enrolled", "pcc", ".3f"),
    ]
    for what, way, key, form in pairs:
        yield what, ", ".join(f"{enrol[pack][way][key]:{form}}" for pack in ("ptbxl", "ludb")), "enrol"
    held = ", ".join(f"{100 * enrol[pack]['blind']['coverage']:.0f} %" for pack in ("ptbxl", "ludb"))
    yield "… how often the 90 % interval holds, blind", held, "enrol"


def _watch(rhythm: Figures, classify: Figures) -> Iterable[tuple[str, str, str]]:
    both = rhythm["mitdb"]["leads"]["both"]["gross"]
    for what, key in (("beats, MIT-BIH, EC57: Se, +P", "qrs"), ("… ventricular beats", "veb")):
        found = [_percent(both["beats"][f"{key}_{which}"]["percent"]) for which in ("sensitivity", "predictivity")]
        yield what, ", ".join(found), "rhythm"
    af = both["episodes"]["af+afl"]
    spans = ", ".join(_percent(af[f"duration_{which}_percent"]) for which in ("sensitivity", "predictivity"))
    yield "atrial fibrillation, MIT-BIH: share of its time found, share of what is told", spans, "rhythm"
    worst = rhythm["vfdb"]["episodes"]["vt+vf"]["episode_sensitivity"]
    found = f"{worst['hits']} of {worst['total']}"
    yield "ventricular tachycardia and fibrillation, VFDB: episodes found", found, "rhythm"
    mi = classify["ptbxl"]["classes"]["mi"]["columns"]
    ways = ("reconstructed 12", "true 12", "measured 3")
    areas = ", ".join(f"{mi[way]['auroc']:.3f}" for way in ways)
    what = "infarction, AUROC of a classifier shown reconstructed twelve, true twelve, the three alone"
    yield what, areas, "classify"


def _cost(latency: Figures, stream: Figures) -> Iterable[tuple[str, str, str]]:
    ms = latency["networks"]["default litert-int8-dynamic"]["ms"]
    yield "the network, INT8: ms a window of 2 s, one x86 thread", f"{ms:.2g}", "latency"
    live = next(iter(stream.values()))["live"]["500 Hz"]
    figure = f"{live['cpu_percent']:.1f} % of a core, {live['rss_mb_peak']:.0f} MB"
    yield "a live run in all: three leads at 500 Hz, events and recording on", figure, "stream"


def _trouble(read: Callable[[str], Figures]) -> Iterable[tuple[str, str, str]]:
    faults, kills, fuzz = read("faults"), read("kills"), read("fuzz")
    figure = f"{faults['runs']} runs, {faults['checks']} checks, {faults['broken']} broken"
    yield "faults of patch and link, serial and Bluetooth: invariants that did not hold", figure, "faults"
    yield "`kill -9`: most that a recording lacks", f"{kills['lacking_s']['most']:.2f} s", "kills"
    yield "random bytes into every decoder: inputs, crashes", f"{fuzz['inputs']:,}, {fuzz['crashers']}", "fuzz"
    lost = sum(abs(of["uncounted"]) for mtu in read("ble")["mtu"].values() for of in mtu.values())
    yield "Bluetooth at 500 Hz x 3: samples lost and not counted", str(lost), "ble"


def _percent(value: float) -> str:
    return f"{value:.1f} %"
