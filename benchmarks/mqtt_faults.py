"""python -m benchmarks mqtt: a broker that is gone for an hour of signal, and runs that are killed as they send.

    python -m benchmarks mqtt --minutes 60 --kills 10

A real mosquitto (sudo apt install mosquitto; the extra mqtt), killed with `kill -9` and started again; edge-run
replays a synthetic recording through it at full speed; one subscriber writes down all that comes. Every message has a
number, so what is missing is seen, and must have been counted by the run itself. Recovery is in real seconds, of which
up to 30 are the rest that the run takes between two tries.

Exit code 1 where a message is neither here nor counted, or came twice as new, or an alert is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result
from benchmarks.mosquitto import MOSQUITTO, Came, Line, Listener, Mosquitto, until
from edge.errors import Reason, UsageError

LEADS = ("II", "V1", "V5")
AROUND_S = 120.0  # of signal with a broker, before and after
PATIENCE_S = 600.0
CASES = {  # name: (leads, queue_mb)
    "alerts, beats, health": (False, 64),
    "… and the twelve leads": (True, 64),
    "… in a queue of 16 MB": (True, 16),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=60.0, help="of signal without a broker (%(default)g)")
    parser.add_argument("--kills", type=int, default=10, help="of edge-run, at random instants (%(default)d)")
    parser.add_argument("--seed", type=int, default=1, help="of the instants (%(default)d)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "mqtt.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    if MOSQUITTO is None:
        raise UsageError("mqtt needs mosquitto (sudo apt install mosquitto)", Reason.NOT_FOUND)
    figures: dict[str, Any] = {"minutes": args.minutes, "absence": {}}
    with tempfile.TemporaryDirectory() as folder:
        recording = _recording(Path(folder), 2 * AROUND_S + 60 * args.minutes)
        for name, (leads, queue_mb) in CASES.items():
            figures["absence"][name] = told = _absence(Path(folder), recording, 60 * args.minutes, leads, queue_mb)
            print(f"{name}: {told}", flush=True)
        figures["kills"] = _kills(Path(folder), recording, args.kills, random.Random(args.seed))
        print(f"kills: {figures['kills']}", flush=True)
    result.write(args.out, figures, ("paho-mqtt", "numpy"))
    broken = sum(f["uncounted"] + f["twice_as_new"] + f["alerts_missing"] for f in figures["absence"].values())
    return 1 if broken or any(figures["kills"][key] for key in ("twice_as_new", "holes", "alerts_missing")) else 0


def _recording(folder: Path, seconds: float) -> Path:
    """Sinus rhythm, and in every five minutes a run of ventricular tachycardia and a slow half a minute."""
    from edge.leads import LEAD
    from edge.synthetic import synthesise

    parts = (
        ("sinus", 20.0, None),
        ("vt", 20.0, None),
        ("sinus", 30.0, None),
        ("brady", 30.0, 35.0),
        ("sinus", 200.0, None),
    )
    made = [synthesise(rhythm, length_s, 500, seed=3, bpm=bpm).mv for rhythm, length_s, bpm in parts]
    cycle = np.concatenate(made)[:, [LEAD[lead] for lead in LEADS]]
    mv = np.tile(cycle, (int(seconds // 300) + 1, 1))[: round(500 * seconds)]
    path = folder / "recording.csv"
    with path.open("w") as file:
        file.write(f"# rate: 500\n{','.join(LEADS)}\n")
        np.savetxt(file, mv, fmt="%.3f", delimiter=",")
    return path


def _absence(folder: Path, recording: Path, seconds: float, leads: bool, queue_mb: int) -> dict[str, Any]:
    """One run: with a broker, `seconds` of signal without, and with one again.

    The line to it goes first, so that what the broker had taken reached the subscriber; it comes back last, so that the
    subscriber is there before.
    """
    broker, events, state = Mosquitto(folder), folder / "events.jsonl", folder / "state"
    events.unlink(missing_ok=True)
    shutil.rmtree(state, ignore_errors=True)
    broker.start()
    listener = Listener(broker.port)
    with Line(broker.port) as line, _edge_run(folder, recording, line.port, events, leads, queue_mb) as running:
        _wait(lambda: _signal_s(events) > AROUND_S, running)
        line.shut = True
        line.cut()
        time.sleep(1.0)
        broker.kill()
        listener.subscribed.clear()
        _wait(lambda: _signal_s(events) > AROUND_S + seconds, running)
        broker.start()
        until(listener.subscribed.is_set, "the subscriber does not come back")
        waited = _waiting(state)
        line.shut, back_s = False, time.monotonic()
        until(lambda: listener.came[-1].at_s > back_s, "nothing comes any more", PATIENCE_S)
        first_s = next(c.at_s for c in listener.came if c.at_s > back_s)
        until(lambda: not _waiting(state), "not all comes", PATIENCE_S)
        last_s = time.monotonic()
        code = running.wait(PATIENCE_S)
    until(lambda: listener.of("summary"))
    listener.close()
    broker.kill()
    told = [json.loads(line) for line in events.read_text().splitlines()]
    figures = _account(listener.came, told, _left_out(state)) | {"exit_code": code, "waited": waited}
    return figures | {"connected_after_s": round(first_s - back_s, 1), "all_after_s": round(last_s - back_s, 1)}


def _account(came: list[Came], events: list[dict[str, Any]], left_out: Counter[str]) -> dict[str, Any]:
    """What was told, what came of it, and what is neither here nor counted."""
    numbered = [told for c in came if "seq" in (told := c.told)]
    produced = max(told["seq"] for told in numbered)  # the summary's, which is never left out
    new = Counter(told["id"] for told in numbered if "redelivered" not in told)
    seen = {told["seq"] for told in numbered}
    alerts = {(e["id"], e["state"], e["sample"]) for e in events if e["type"] in ("alert", "technical")}
    arrived = {(t["alert"], t["state"], t["sample"]) for t in numbered if "alert" in t}
    first = [*dict.fromkeys(told["seq"] for told in numbered)]
    return {
        "messages": produced,
        "arrived": len(seen),
        "left_out": dict(left_out),
        "uncounted": produced - len(seen) - left_out.total(),
        "came_again": len(numbered) - len(seen),
        "twice_as_new": sum(n - 1 for n in new.values()),
        "out_of_order": sum(b < a for a, b in pairwise(first)),
        "alerts": len(alerts),
        "alerts_missing": len(alerts - arrived),
    }


def _kills(folder: Path, recording: Path, kills: int, chance: random.Random) -> dict[str, Any]:
    """Runs that are killed as they send, each going on with the queue of the one before; the last ends by itself."""
    broker, state = Mosquitto(folder), folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    broker.start()
    listener = Listener(broker.port)
    told: dict[str, list[dict[str, Any]]] = {}  # events, by the start of the run
    for k in range(kills + 1):
        events, before = folder / f"events-{k}.jsonl", len(listener.came)
        limits = () if k < kills else ("--duration", "10")
        with _edge_run(folder, recording, broker.port, events, True, 64, *limits) as running:
            if k < kills:
                _wait(lambda before=before: len(listener.came) > before + 10, running)
                time.sleep(chance.uniform(0.0, 2.0))
                running.kill()
            running.wait(PATIENCE_S)
        lines = [json.loads(line) for line in events.read_text().splitlines(keepends=True) if line.endswith("\n")]
        told[lines[0]["utc"]] = lines[:-1]  # the kill may have come between this file and the queue
    until(lambda: listener.of("summary"))
    listener.close()
    broker.kill()
    return {"kills": kills, **_after_kills(listener.numbered(), told)}


def _after_kills(numbered: list[dict[str, Any]], told: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    new = Counter(one["id"] for one in numbered if "redelivered" not in one)
    runs = {one["run"]: one["utc"] for one in numbered if one["type"] == "start"}
    holes = missing = alerts = 0
    for run, utc in runs.items():
        mine = [one for one in numbered if one["run"] == run]
        seen = {one["seq"] for one in mine}
        holes += max(seen) - len(seen)
        expected = {(e["id"], e["state"]) for e in told[utc] if e["type"] in ("alert", "technical")}
        alerts += len(expected)
        missing += len(expected - {(one["alert"], one["state"]) for one in mine if "alert" in one})
    return {
        "messages": len({one["id"] for one in numbered}),
        "marked_as_sent_before": sum("redelivered" in one for one in numbered),
        "twice_as_new": sum(n - 1 for n in new.values()),
        "holes": holes,
        "alerts": alerts,
        "alerts_missing": missing,
    }


@contextlib.contextmanager
def _edge_run(
    folder: Path, recording: Path, port: int, events: Path, leads: bool, queue_mb: int, *more: str
) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "edge.toml"
    flag = "true" if leads else "false"
    config.write_text(f'[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\nqueue = "{folder}/state"\nleads = {flag}\n')
    config.write_text(f"{config.read_text()}queue_mb = {queue_mb}\n")
    command = [sys.executable, "-m", "edge.cli.run", "--config", str(config), "--replay", str(recording)]
    command += ["--speed", "max", "--view", "none", "--events", str(events), *more]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.kill()


def _signal_s(events: Path) -> float:
    """How far the run has come."""
    try:
        with events.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 20_000))
            lines = file.read().splitlines()[1:-1]
    except OSError:
        return 0.0
    return max((float(json.loads(line)["t"]) for line in lines), default=0.0)


def _queue(state: Path, query: str) -> list[tuple[Any, ...]]:
    """What the queue's file says."""
    (path,) = state.rglob("queue.sqlite")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(query).fetchall()


def _waiting(state: Path) -> int:
    return int(_queue(state, "SELECT count(*) FROM waiting")[0][0])


def _left_out(state: Path) -> Counter[str]:
    return Counter(dict(_queue(state, "SELECT kind, count FROM dropped")))


def _wait(condition: Callable[[], bool], running: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if running.poll() is not None or time.monotonic() > deadline_s:
            raise RuntimeError(f"edge-run did not come so far (exit code {running.returncode})")
        time.sleep(0.05)
