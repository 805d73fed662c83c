"""The fault campaign as a page for whoever writes firmware: what each fault costs, and how soon all is well again.

Nothing is measured here; every figure comes from the result files of `faults`, `survival`, `kills`, `soak` and `fuzz`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import fault_tables, soak_picture
from benchmarks.fault_campaign import ALONE, ON_A_ROAD, PACED
from benchmarks.fault_tables import road, seconds
from benchmarks.tables import table
from firmware_bridge.faults import FAULTS

Figures = Mapping[str, Any]
NAME, PICTURE = "faults.md", "faults/soak.png"
ROADS = {
    "": ("In software", "The real bytes and the real conversation, without a port; time is the signal's."),
    "ring ": ("With a ring", "The same, and the patch holds 8 s of samples that the host asks for again."),
    "pty ": ("On a serial line", "A real pseudo-terminal and pyserial."),
    "ble ": (
        "By Bluetooth LE",
        "bleak and BlueZ's interfaces on a private D-Bus, up to a bluetoothd of our own that has no radio: what a "
        "radio needs to connect comes on top.",
    ),
}
HEAD = ("fault", "runs", "sampled", "lost", "sent twice", "time off", "back: a sample", "twelve leads", "held")
SOAK_ROWS = 7
INTRODUCTION = (
    "A virtual patch with faults streams three leads through decoder, timeline and all stages; its own account of what "
    "it sampled and lost is held against what comes out. `python -m benchmarks faults` says what is checked.",
    "Counts are of samples, as many as the patch took. *Lost* is by the cause that the host tells: `missing` (frames "
    "that never came), `corrupt`, `link` (unplugged, out of reach, or silent for three seconds), `reboot`. *Time off*: "
    "by how much, at worst, a sample stands beside its time after a reboot, whose length only the host's clock tells. "
    "*Back*: from the end of a fault that lasts to the first sample in all channels, and until twelve leads are told "
    "again, which takes two seconds of signal without a hole; s, the worst. *Held*: invariants that did, of those "
    "checked.",
)


def write(results: Path) -> None:
    """Renew `results`/faults.md, and the soak's picture, from the result files beside it."""
    if (soak := _read(results, "soak")) is not None:
        soak_picture.draw(soak["figures"], results / PICTURE)
    (results / NAME).write_text("\n".join([*lines(results), ""]), encoding="utf-8")


def lines(results: Path) -> Iterator[str]:
    faults = _read(results, "faults")
    yield from ("# Faults, and what is left of them", "", *(line for text in INTRODUCTION for line in (text, "")))
    if faults is not None:
        yield from _campaign(faults["figures"])
    parts = {"survival": _survival, "kills": _kills, "soak": _soak, "fuzz": _fuzz}
    for name, part in parts.items():
        if (about := _read(results, name)) is not None:
            yield from part(about["figures"])
    yield from _sources(results, ("faults", *parts))


def _read(results: Path, name: str) -> Figures | None:
    path = results / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _campaign(f: Figures) -> Iterator[str]:
    held = f["checks"] - f["broken"]
    yield f"**{f['runs']} runs; {held} of {f['checks']} invariants held.** {_minutes(f)}"
    yield ""
    for missing, why in f.get("left_out", {}).items():
        yield from (f"Left out: {missing}: {why}.", "")
    for prefix, (title, about) in ROADS.items():
        rows = {name.removeprefix(prefix): row for name, row in f["rows"].items() if road(name) == prefix}
        if rows:
            shown = [_row(name, row) for name, row in rows.items()]
            yield from (f"## {title}", "", about, "", *table(HEAD, shown), "")
    yield from (
        line for row in f["rows"].values() for failure in row["failures"] for line in (f"Broken: {failure}", "")
    )
    yield from _settings()


def _minutes(f: Figures) -> str:
    return f"{f['wall_s'] / 60:.0f} minutes, {f['cpu_s'] / 60:.0f} of a processor's." if "wall_s" in f else ""


def _row(name: str, row: Figures) -> list[str]:
    lost = ", ".join(f"{cause} {n}" for cause, n in sorted(row["samples_lost"].items()) if n) or "-"
    off = (
        f"{row['worst_time_error_samples']} of {row['time_tolerance_samples']}"
        if row["time_tolerance_samples"]
        else "-"
    )
    broken = sum(len(failure["broken"]) for failure in row["failures"])
    back = row.get("recovery") or {}
    counts = [str(row["runs"]), str(row["samples_sampled"]), lost, str(row["samples_duplicate"]), off]
    times = [seconds(back.get("sample_s")), seconds(back.get("twelve_leads_s"))]
    return [name, *counts, *times, f"{row['checks'] - broken} of {row['checks']}"]


def _settings() -> Iterator[str]:
    """What each row's name stands for."""
    text = "As `edge-patch --fault` takes them. On a real road, those after the semicolon are at the patch's own pace."
    yield from ("## The faults", "", text, "")
    rows = []
    for kind, settings in ALONE.items():
        if kind in FAULTS:
            on_a_road = "; ".join(_code(some) for some in (ON_A_ROAD[kind], PACED.get(kind, ())) if some)
            rows.append([kind, str(FAULTS[kind].__doc__), _code(settings), on_a_road])
    yield from (*table(("fault", "", "in software", "on a real road"), rows), "")


def _code(settings: Iterable[str]) -> str:
    return ", ".join(f"`{setting}`" for setting in settings)


def _survival(f: Figures) -> Iterator[str]:
    yield from ("## What befalls the machine", "")
    yield "A real `edge-run` at a patch's own pace on a pseudo-terminal (`python -m benchmarks survival`)."
    yield ""
    yield from (*fault_tables.survival(f, table), "")


def _kills(f: Figures) -> Iterator[str]:
    yield from ("## `kill -9`", "")
    lacks, off = f["lacking_s"], f["time_error_ms"]
    text = f"{f['kills']} kills of a recording run, each continued by the next: the raw samples lack "
    text += (
        f"{lacks['median']:.2f} s (the median; at most {lacks['most']:.2f} s), a new segment is {off['median']:.0f} ms "
    )
    yield text + f"off (at most {off['most']:.0f} ms); broken: {', '.join(f['broken']) or 'nothing'}."
    yield ""


def _soak(f: Figures) -> Iterator[str]:
    yield from (f"## {f['hours']:g} hours", "")
    samples, broken = f["accounts"]["sampled"], ", ".join(f["broken"]) or "nothing"
    yield f"The whole road, faults striking all the time, {samples} samples; broken: {broken}. Growth an hour:"
    yield ""
    rows = [
        [
            name,
            f"{g['slope']:+.3f} {g['unit']}",
            f"{g['low']:+.3f} to {g['high']:+.3f}",
            f"{g['limit']:g}",
            g["verdict"],
        ]
        for name, g in f["growth_an_hour"].items()
        if "slope" in g
    ]
    yield from (*table(("", "an hour", "95 % interval", "limit", ""), rows), "")
    course, count = f["course"], len(f["course"]["hours"])
    at = sorted({round(k * (count - 1) / (SOAK_ROWS - 1)) for k in range(SOAK_ROWS)}) if count else []
    columns = {"hours": "hour", "memory": "memory, MB", "files": "files open", "queue": "queue, samples"}
    columns |= {"stages": "stages, ms a s", "yardstick": "a young pipeline's, ms a s"}
    yield from (f"![{f['hours']:g} hours of signal]({PICTURE})", "")
    rows = [[f"{course[name][k]:g}" for name in columns] for k in at]
    yield from (*table(tuple(columns.values()), rows), "")
    yield "The queue is what has come and is not out yet, at its longest in a minute: the latency but for computing."
    yield ""


def _fuzz(f: Figures) -> Iterator[str]:
    yield from ("## Fuzzing", "")
    yield f"{f['inputs']:,} inputs that grow with what they reach, {f['crashers']} crashers."
    yield ""
    parts = {"the C decoder": f["c"], **{f"Python: {name}": of for name, of in f["python"].items()}}
    rows = [[name, f"{of['inputs']:,}", str(of["edges"]), str(of["crashers"])] for name, of in parts.items()]
    yield from (*table(("decoder", "inputs", "edges reached", "crashers"), rows), "")


def _sources(results: Path, names: tuple[str, ...]) -> Iterator[str]:
    yield from ("## Where the figures come from", "")
    rows = []
    for name in names:
        if (about := _read(results, name)) is not None:
            machine = about["machine"]
            where = f"{machine['cpu']}, {machine['cores']} cores"
            rows.append([f"`{name}.json`", f"`{about['command']}`", about["date"][:16], where])
    yield from table(("file", "command", "date", "machine"), rows)
