"""Outlets against a real inlet, in this machine."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pylsl
import pytest
from cli.command_line import ended, process, ran
from sinks.a_run import MEASURED, ORIGIN, RATE, blocks, event, info, over, signal_mv, twelve

from edge.alert import Kind
from edge.cli.run import main
from edge.errors import UsageError
from edge.host_clock import now_ns
from edge.leads import LEAD, LEADS
from edge.run_clock import RunClock
from edge.sinks.lsl import Lsl
from edge.sinks.lsl_clock import LslClock
from edge.sinks.lsl_library import liblsl
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.timeline import Chunk
from edge.virtual import virtual_patch

PATIENCE_S = 20.0
MESSAGE = 10  # samples of one of a patch's messages


@contextmanager
def inlet(name: str) -> Iterator[pylsl.StreamInlet]:
    (found,) = pylsl.resolve_byprop("name", name, 1, PATIENCE_S)
    made = pylsl.StreamInlet(found, max_buflen=120)
    made.open_stream(PATIENCE_S)
    try:
        yield made
    finally:
        made.close_stream()


def pulled(from_: pylsl.StreamInlet, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` samples with their times."""
    rows: list[Any] = []
    times: list[float] = []
    until_s = time.monotonic() + PATIENCE_S
    while len(times) < count and time.monotonic() < until_s:
        got, at = from_.pull_chunk(0.2, count)
        rows += list(got)
        times += list(at)
    assert len(times) >= count
    return np.array(rows[:count]), np.array(times[:count])


def test_twelve_channels_say_what_they_are_and_the_samples_are_what_was_told():
    sink = Lsl("bed 1")
    sink.start(info("a patch"))
    mv = signal_mv(3.0)
    told = [*blocks(mv, 250)]
    sink.twelve(told[0])
    with inlet("bed 1") as leads:
        about = leads.info()
        channels = []
        channel = about.desc().child("channels").child("channel")
        while not channel.empty():
            channels.append({k: channel.child_value(k) for k in ("label", "type", "unit", "origin")})
            channel = channel.next_sibling()
        for block in told[1:]:
            sink.twelve(block)
        got, _ = pulled(leads, len(mv) - 250)
    sink.close({})
    assert (about.type(), about.nominal_srate(), about.channel_count()) == ("ECG", 500.0, 12)
    assert [c["label"] for c in channels] == [*LEADS]
    assert {c["unit"] for c in channels} == {"microvolts"}
    assert [c["origin"] for c in channels] == [str(origin) for origin in ORIGIN]
    assert about.desc().child("device").child_value("montage") == ",".join(MEASURED)
    assert np.array_equal(got.astype(np.float32), 1000.0 * mv[250:])


def test_a_lead_that_is_not_there_is_nan_and_a_stream_without_a_name_has_the_devices():
    sink = Lsl("")
    sink.start(info("bed 2"))
    mv = signal_mv(1.0)
    sink.twelve(twelve(mv[:250], 0))
    with inlet("bed 2") as leads:
        gone = np.full((250, 12), np.nan, np.float32)
        sink.twelve(twelve(gone, 250))
        got, at = pulled(leads, 250)
    sink.close({})
    assert np.isnan(got).all()
    assert np.allclose(np.diff(at), 1 / RATE, atol=1e-6)


def test_alerts_are_markers_with_the_time_at_which_they_changed():
    sink = Lsl("bed 3")
    sink.start(info())
    began_s = pylsl.local_clock()
    with inlet("bed 3 alerts") as alerts:
        sink.event(event(Kind.VT, 1.0, 3.0))
        sink.event({"type": "beat", "sample": 5})
        sink.event(over(Kind.VT, 1.0, 9.0))
        got, at = pulled(alerts, 2)
    sink.close({})
    told = [json.loads(row[0]) for row in got]
    assert [(t["kind"], t["state"]) for t in told] == [("vt", "on"), ("vt", "off")]
    assert at == pytest.approx(began_s + np.array([3.0, 9.0]), abs=0.05)


def test_times_are_the_patchs_own_through_drift_and_a_line_that_delays():
    """A clock that lags by 80 ppm, behind a line that takes 3 ms at least and often much longer."""
    lag, least_s, seconds = 80e-6, 0.003, 100.0
    began_ns = now_ns() - round(seconds * 1e9)
    random = np.random.default_rng(7)
    clock = RunClock(now_ns())
    sink = Lsl("bed 4")
    sink.start(replace(info(), taken_s=clock.host_s))
    mv = signal_mv(1.0)

    def true_s(sample: np.ndarray | int) -> Any:
        return began_ns * 1e-9 + sample / RATE * (1 + lag)

    sink.twelve(twelve(mv[:1], 0))  # held: nothing is known of the time yet
    errors: list[float] = []
    with inlet("bed 4") as leads:
        sent = 1
        for k in range(round(seconds * RATE / MESSAGE)):
            end = (k + 1) * MESSAGE
            came_s = float(true_s(end)) + least_s + random.exponential(0.02)
            clock_us = round(1e6 * k * MESSAGE / RATE)
            clock.heard(Chunk(k * MESSAGE, mv[:MESSAGE, :3], clock_us, round(came_s * 1e9)), 0, RATE)
            if end - sent >= 2 * RATE:  # what the pipeline's delay is
                sink.twelve(twelve(mv[:500], sent))
                sent += 500
        _, at = pulled(leads, sent)
    sink.close({})
    offset_s = pylsl.local_clock() - now_ns() * 1e-9
    errors = at - (true_s(np.arange(sent)) + offset_s)
    settled = errors[20 * RATE :]
    assert np.abs(settled - least_s).max() < 0.005, "but for the line's least delay, which nobody can see"
    assert np.diff(at).min() > 0
    drift = (settled[-1] - settled[0]) / (len(settled) / RATE)
    assert abs(drift) < 30e-6, "the patch's drift is taken out"


def test_a_machine_that_slept_is_noticed():
    host, local = [100.0], [50.0]
    clock = LslClock(lambda: local[0], lambda: round(host[0] * 1e9))
    assert clock.local_s(101.0) == pytest.approx(51.0)
    host[0], local[0] = 1100.0, 51.0  # LSL's clock stood still for 999 s
    assert clock.local_s(1100.0) == pytest.approx(51.0)


def test_a_live_run_is_in_the_lab_with_its_times(lab):
    seconds = 30.0
    mv = synthesise("sinus", seconds, RATE, seed=3).mv
    noise = np.random.default_rng(5).normal(0, 0.3, (len(mv) + 20, 3))  # or one beat would look like the next
    smooth = np.stack([np.convolve(n, np.ones(21) / 21, "valid") for n in noise.T], axis=1)
    sent = (mv[:, [LEAD[lead] for lead in MEASURED]] + smooth).astype(np.float32)
    with PtyServer(virtual_patch(sent, RATE, MEASURED, name="bed 5")) as server:
        running = process("--port", server.path, "--view", "none", "--lsl", "lab", "--duration", 5.5, env=lab)
        with inlet("lab") as leads:
            got, at = pulled(leads, RATE)
        began_s = server._began_s
        told = ended(running)
    assert (told.code, told.err) == (0, "")
    v1 = got[:, LEAD["V1"]]
    fits = [np.corrcoef(v1, sent[lag : lag + len(v1), 1])[0, 1] for lag in range(6 * RATE)]
    first = int(np.argmax(fits))
    assert fits[first] > 0.99
    # time.monotonic() and LSL's clock are the same one; a message leaves when its last sample has been taken
    late_s = at - (began_s + (first + np.arange(len(at))) / RATE)
    assert np.abs(late_s).max() < 0.25  # a busy machine's; the simulated one above is held to 5 ms


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch, capfd, tmp_path):
    monkeypatch.setitem(sys.modules, "pylsl", None)
    recording = tmp_path / "x.csv"
    recording.write_text("# rate: 500\nII\n" + "0.1\n" * 1000)
    told = ran(main, capfd, "--replay", recording, "--lsl")
    assert told.code == 2
    assert "pip install 'edge-ecg[lsl]'" in told.err


def test_a_wheel_without_liblsl_is_told_in_words(tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "pylsl").mkdir()
    (tmp_path / "pylsl" / "__init__.py").write_text("raise RuntimeError('LSL binary library file was not found.')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "pylsl"}
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match=r"needs liblsl.*github.com/sccn/liblsl/releases.*PYLSL_LIB"):
        liblsl()
