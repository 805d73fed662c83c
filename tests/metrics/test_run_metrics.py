"""A run's numbers, as whoever scrapes them gets them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli.command_line import ended, process, ran
from prometheus_client.parser import text_string_to_metric_families
from sinks.a_run import event, info, over, signal_mv, twelve

from edge.alert import Kind
from edge.cli.run import main
from edge.errors import OutputError
from edge.leads import LEAD
from edge.sinks.metrics import Metrics
from edge.sinks.metrics_counts import PREFIX, Counts, names
from edge.sinks.pty_server import PtyServer
from edge.sinks.queued import Queued
from edge.sinks.state import ViewState
from edge.synthetic import synthesise
from edge.virtual import virtual_patch

SINKS = Path(__file__).parents[2] / "edge" / "sinks"
Told = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(url: str) -> Told:
    with urllib.request.urlopen(url, timeout=5) as answer:
        text = answer.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(s.name, tuple(sorted((k, v) for k, v in s.labels.items() if k != "device"))): s.value for s in samples}


def value(told: Told, name: str, **labels: str) -> float:
    return told[PREFIX + name, tuple(sorted(labels.items()))]


@contextmanager
def metrics(state: ViewState, queues: Any = ()) -> Iterator[Metrics]:
    made = Metrics("127.0.0.1:0", state, queues)
    made.start(info("bed 1"))
    try:
        yield made
    finally:
        made.close({})


def full_state() -> ViewState:
    state = ViewState(device="bed 1", montage=("II", "V1"), samples=1000, lost={"link": 40}, heart_rate_bpm=71.0)
    state.quality, state.electrodes_off, state.battery_percent = {"II": 0.9, "V1": 0.1}, frozenset({"V1"}), 55
    state.latency_p50_ms, state.latency_p99_ms, state.elapsed_s = 2010.0, 2100.0, 12.5
    return state


def test_what_happened_is_what_is_told():
    state = full_state()

    class Sink:
        name, waiting, left_out = "rec", 7, 3

    with metrics(state, [Sink()]) as sink:
        sink.twelve(twelve(signal_mv(1.0), 0))
        for kind in ("N", "N", "V"):
            sink.event({"type": "beat", "class": kind})
        sink.event(event(Kind.VT, 1.0, 3.0))
        sink.event(event(Kind.VT, 1.0, 4.0))  # its priority rose: the same alert
        sink.event(event(Kind.AF, 1.0, 4.0))
        sink.event(over(Kind.AF, 1.0, 40.0))
        sink.event(event(Kind.ELECTRODE_OFF, 1.0, 4.0))
        sink.event({"type": "output", "up": False, "text": "full"})
        sink.event({"type": "output", "up": True, "text": "works again"})
        sink.event({"type": "health", "samples": {"duplicates": 4, "corrupt_bytes": 17}})
        told = scraped(sink.url)
    assert value(told, "samples_received_total") == 1000
    assert value(told, "samples_lost_total", cause="link") == 40
    assert value(told, "samples_out_total") == 500
    assert value(told, "beats_total", **{"class": "N"}) == 2
    assert value(told, "alerts_total", kind="vt", priority="high", technical="false") == 1
    assert value(told, "alerts_total", kind="electrode_off", priority="medium", technical="true") == 1
    assert value(told, "alerts_active", priority="high") == 1
    assert value(told, "alerts_active", priority="medium") == 1
    assert value(told, "alerts_active", priority="low") == 0
    assert value(told, "signal_quality", lead="V1") == pytest.approx(0.1)
    assert value(told, "electrode_off", lead="V1") == 1
    assert value(told, "latency_seconds", quantile="0.99") == pytest.approx(2.1)
    assert value(told, "queue_waiting", queue="rec") == 7
    assert value(told, "queue_left_out_total", queue="rec") == 3
    assert value(told, "output_failures_total") == 1
    assert value(told, "corrupt_bytes_total") == 17
    assert value(told, "link_up") == 1
    assert 1e6 < value(told, "resident_bytes") < 1e10


def test_what_is_not_known_is_not_told():
    with metrics(ViewState()) as sink:
        told = scraped(sink.url)
    shown = {name for name, _ in told}
    assert not {PREFIX + "heart_rate_bpm", PREFIX + "battery_percent", PREFIX + "latency_seconds"} & shown


def test_the_dashboard_and_the_document_name_metrics_that_there_are():
    counts = Counts(full_state(), ())
    counts.began(info())
    there = names(counts.metrics())
    dashboard = json.loads((SINKS / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) > 15
    asked = {name for query in queries for name in re.findall(rf"{PREFIX}\w+", query)}
    assert asked == there, "each query names one that exists, and each one has its picture"
    documented = set(re.findall(rf"`({PREFIX}\w+)`", (SINKS / "METRICS.md").read_text()))
    assert documented == there
    labels = {f"{PREFIX}{m.name}{'_total' if m.counts else ''}": m.labels for m in counts.metrics()}
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            (name,) = {*re.findall(rf"{PREFIX}\w+", target["expr"])}
            legend = {*re.findall(r"{{(\w+)}}", target["legendFormat"])}
            assert legend <= {"device", *labels[name]}, target


def test_a_port_that_is_taken_is_told_of():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OutputError, match=f"metrics cannot be had at {address}.*choose another port"):
            Metrics(address, ViewState(), ())


def test_the_depth_of_a_queue_is_seen_while_it_stands():
    import threading

    may_go_on = threading.Event()

    class Stands:
        def start(self, told: object) -> None: ...

        def event(self, told: object) -> None:
            may_go_on.wait(10)

        def close(self, summary: object) -> None: ...

    queued = Queued(Stands(), "events", most=3)  # type: ignore[arg-type]
    with metrics(ViewState(), [queued]) as sink:
        queued.start(info())
        for k in range(20):
            queued.event({"type": "beat", "sample": k})
        told = scraped(sink.url)
        may_go_on.set()
        queued.close({})
    assert 2 <= value(told, "queue_waiting", queue="events") <= 3
    assert value(told, "queue_left_out_total", queue="events") >= 16


def test_a_live_run_answers_until_it_ends(tmp_path):
    mv = synthesise("sinus", 30.0, 500, seed=3).mv[:, [LEAD[lead] for lead in ("II", "V1", "V5")]]
    with PtyServer(virtual_patch(mv, 500, ("II", "V1", "V5"))) as server:
        output = ("--events", tmp_path / "events", "--view", "none", "--metrics", "0")
        running = process("--port", server.path, *output, "--duration", 5)
        assert running.stderr is not None
        url = running.stderr.readline().split()[-1]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/metrics", url)
        seen: list[Told] = []
        while running.poll() is None:
            try:
                seen.append(scraped(url))
            except OSError:
                break
        told = ended(running)
    assert (told.code, told.err) == (0, "")
    last = next(one for one in reversed(seen) if one)
    assert value(last, "samples_received_total") > 2000
    assert value(last, "samples_out_total") > 500
    assert value(last, "beats_total", **{"class": "N"}) >= 2
    assert value(last, "queue_waiting", queue=str(tmp_path / "events")) < 100
    assert 0.1 < value(last, "latency_seconds", quantile="0.5") < 4.0


def test_a_run_that_asks_for_none_of_this_loads_none_of_it():
    program = """
import sys
import edge.runner, edge.sinks.chosen, edge.cli.run
from edge.config import settings
from edge.sinks.state import ViewState
edge.sinks.chosen.chosen_sinks(settings({"port": "x", "view": "none"}), ViewState())
print([m for m in ("paho", "pylsl", "prometheus_client", "sqlite3") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("address", ["x", "1.2.3.4:", "99999", "-1", "1:2:3", "http://x:80"])
def test_nonsense_is_refused_in_words(address, capfd):
    told = ran(main, capfd, "--replay", "x", f"--metrics={address}")
    assert told.code == 2
    assert "a port from 0 to 65535, or HOST:PORT" in told.err


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch, capfd, tmp_path):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    recording = tmp_path / "x.csv"
    recording.write_text("# rate: 500\nII\n" + "0.1\n" * 1000)
    told = ran(main, capfd, "--replay", recording, "--metrics", "0")
    assert told.code == 2
    assert "pip install 'edge-ecg[metrics]'" in told.err
