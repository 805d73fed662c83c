"""Disks that fill up while a patch streams: the run goes on, and so does the recording once there is room."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
from command_line import ended, process, wait_for

from edge.leads import LEAD
from edge.recordings import open_recording
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.virtual import virtual_patch

SENT = ("II", "V1", "V5")
RATE = 500
SECONDS = 60.0  # more than it takes
ROOM_BYTES = 30_000  # of one file: 6.6 s of three raw leads in 24 bits, 2.5 s of twelve in 16


def events(folder: Path, kind: str) -> list[dict[str, object]]:
    path = folder / "events"
    lines = path.read_text().splitlines() if path.exists() else []
    return [event for line in lines if (event := json.loads(line))["type"] == kind]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets a limit be lifted from outside")
def test_a_recording_goes_on_in_its_place_when_there_is_room_again(tmp_path):
    mv = synthesise("sinus", SECONDS, RATE, seed=3).mv[:, [LEAD[lead] for lead in SENT]]
    patch = virtual_patch(mv, RATE, SENT)
    with PtyServer(patch) as server:
        outputs = ("--record", tmp_path / "rec", "--events", tmp_path / "events", "--view", "none")
        running = process("--port", server.path, *outputs)
        wait_for(lambda: bool(events(tmp_path, "beat")), running)
        _, hard = resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (ROOM_BYTES, resource.RLIM_INFINITY))
        wait_for(lambda: bool(events(tmp_path, "output")), running)
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
        wait_for(lambda: any(event["up"] for event in events(tmp_path, "output")), running)
        running.send_signal(signal.SIGTERM)
        told = ended(running)
    assert told.code == 0
    down, up = events(tmp_path, "output")
    assert (down["up"], up["up"]) == (False, True)
    assert "what was written so far opens" in str(down["text"])
    assert "what was written so far opens" in told.err
    assert [event["samples"] for event in events(tmp_path, "gap")] == []
    raw = open_recording(tmp_path / "rec" / "virtual_patch_raw.hea")
    (counted,) = [event["samples"] for event in events(tmp_path, "summary")]
    assert len(raw.mv) == counted["out"]  # type: ignore[index]
    there = np.isfinite(raw.mv).all(axis=1)
    assert RATE < int((~there).sum()) < len(there) - 2 * RATE, "what was missing is missing"
    assert np.abs(raw.mv - mv[: len(there)])[there].max() < 1e-3, "and the rest is in its place"
