"""Beats, rhythm and alerts as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]
VIEWS = {"II": "edge-ecg, II", "V1": "edge-ecg, V1", "both": "edge-ecg, both leads"}
PEERS = {
    "xqrs": "wfdb's XQRS, II",
    "pantompkins1985": "NeuroKit2's Pan-Tompkins, II",
    "neurokit": "NeuroKit2's own, II",
}
NOISY = {
    "118e24": "118, electrode motion, 24 dB",
    "118e06": "… 6 dB",
    "118e_6": "… -6 dB",
    "em 24 dB": "101, 106, 223: electrode motion, 24 dB",
    "em 12 dB": "… 12 dB",
    "em 6 dB": "… 6 dB",
    "em 0 dB": "… 0 dB",
    "em -6 dB": "… -6 dB",
    "ma 6 dB": "… muscle, 6 dB",
    "ma -6 dB": "… -6 dB",
}
HIGH, RATES = ("asystole", "vf", "vt"), ("bradycardia", "tachycardia")
BEATS = tuple(f"{what}_{which}" for what in ("qrs", "veb", "sveb") for which in ("sensitivity", "predictivity"))
EPISODES = {
    ("mitdb", "af+afl"): "atrial fibrillation or flutter, `mitdb`",
    ("cpsc2021", "af+afl"): "… `cpsc2021`, nine excerpts of three people",
    ("vfdb", "vt+vf"): "ventricular tachycardia, flutter or fibrillation, `vfdb`",
    ("vfdb", "vf"): "… flutter or fibrillation alone",
    ("vfdb", "vt"): "… tachycardia alone",
    ("vfdb", "asystole"): "asystole, `vfdb`",
}


def beats(figures: Figures, peers: Figures, table: Table) -> list[str]:
    """EC57's beat-by-beat figures, gross, in percent with exact 95 % intervals for QRS and VEB."""
    head = ["detector and lead", "QRS Se", "QRS +P", "VEB Se", "VEB +P", "SVEB Se", "SVEB +P"]
    rows = [[title, *_of_beats(figures["mitdb"]["leads"][view], BEATS)] for view, title in VIEWS.items()]
    for name, title in PEERS.items():
        if name in peers["annotators"]:
            rows.append([title, *_of_beats(peers["annotators"][name], BEATS[:2]), "-", "-", "-", "-"])
    return table(head, rows)


def episodes(figures: Figures, table: Table) -> list[str]:
    head = ["", "episodes", "found", "told", "of which true", "duration Se", "duration +P", "hours without"]
    rows = []
    for (pack, rhythm), title in EPISODES.items():
        if pack not in figures:
            continue
        of = figures[pack]["leads"]["both"]["gross"] if pack == "mitdb" else figures[pack]
        f = of["episodes"][rhythm]
        found, told = f["episode_sensitivity"], f["episode_predictivity"]
        counts = [str(found["total"]), str(found["hits"]), str(told["total"]), str(told["hits"])]
        spans = [_percent(f[f"duration_{which}_percent"]) for which in ("sensitivity", "predictivity")]
        rows.append([title, *counts, *spans, f"{f['hours_without_event']:.1f}"])
    return table(head, rows)


def alarms(figures: Figures, table: Table) -> list[str]:
    """The challenge's alarms, true ones believed and false ones dismissed."""
    rows = []
    for kind, f in figures["cinc2015"]["alarms"].items():
        true, false = f["tp"] + f["fn"], f["fp"] + f["tn"]
        rows.append([kind.replace("_", " ").lower(), f"{f['tp']} of {true}", f"{f['tn']} of {false}"])
    return table(["alarm, `cinc2015`", "true ones believed", "false ones dismissed"], rows)


def false_alerts(figures: Figures, table: Table) -> list[str]:
    head = ["alert, `mitdb`", "true", "false", "false a day, exact 95 %", "delay s: median, longest"]
    rows = []
    for kind, f in figures["mitdb"]["alerts"]["kinds"].items():
        low, high = f["false_per_day_95"]
        median, longest = f["delay_s_median"], f["delay_s_longest"]
        delay = "-" if median is None else f"{median:g}, {longest:g}"
        rows.append([kind, str(f["true"]), str(f["false"]), f"{f['false_per_day']:g} ({low:g} to {high:g})", delay])
    return table(head, rows)


def noise(figures: Figures, table: Table) -> list[str]:
    head = ["noise", "QRS Se", "QRS +P", "VEB +P", "rhythm unknown", "false alerts an hour", "of high priority"]
    rows = []
    for name, title in NOISY.items():
        f = figures["nstdb"].get(name) or figures["added_noise"][name]
        found = [_percent(f["beats"][key]["percent"]) for key in (*BEATS[:2], BEATS[3])]
        kinds, hours = f["alerts"]["kinds"], f["alerts"]["hours"]
        false = [sum(of["false"] for kind, of in kinds.items() if kind in some) for some in (kinds, HIGH)]
        rows.append([title, *found, f"{100 * f['unknown_share']:.0f} %", *(f"{n / hours:.1f}" for n in false)])
    return table(head, rows)


def motion(figures: Figures, table: Table) -> list[str]:
    """Alerts of healthy people, those of rate left out."""
    rows = []
    for activity in ("rest", "arms", "walk", "squats", "run"):
        f = figures["motion"][activity]
        told = ", ".join(f"{n} {kind}" for kind, n in sorted(f["alerts"].items()) if kind not in RATES)
        rows.append([activity, f"{60 * f['hours']:.0f} min", told or "none", f"{100 * f['unknown_share']:.0f} %"])
    return table(["worn, one lead", "in all", "alerts but those of rate", "rhythm unknown"], rows)


def _of_beats(of: Figures, keys: Sequence[str]) -> list[str]:
    return [_percent(of["gross"]["beats"][key]["percent"]) for key in keys]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} %"
