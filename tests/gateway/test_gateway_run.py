"""A gateway with two patches, as a user starts it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gateways import RATE, Gateway, gateway, is_there, patch, table_of

from edge.recordings import open_recording

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="the gateway needs Linux")
TOP = "serve = 0\nmetrics = 0"
STOP_S = 5.0  # on a busy machine; alone it takes less than 2


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, str]]:
    with patch(1) as bed1, patch(2) as bed2, patch(3) as bed3:
        yield {"bed1": bed1.path, "bed2": bed2.path, "bed3": bed3.path}


@pytest.fixture(scope="module")
def two(ports, tmp_path_factory) -> Iterator[Gateway]:
    """A gateway that serves a page, with bed1 and bed2 live."""
    folder = tmp_path_factory.mktemp("gateway")
    with gateway(folder, table_of(folder, {name: ports[name] for name in ("bed1", "bed2")}, TOP)) as one:
        one.until_live("bed1", "bed2")
        yield one


def test_both_patches_are_recorded_each_in_its_folder(two):
    two.until(lambda: two.events("bed1", "beat") and two.events("bed2", "beat"))
    for name, device in (("bed1", "patch_1"), ("bed2", "patch_2")):
        recording = open_recording(two.folder / "rec" / name / f"{device}_raw.hea")
        assert len(recording.mv) > RATE
        assert np.isfinite(recording.mv).all()


def test_the_page_lists_both_and_shows_each(two):
    two.until(lambda: two.get("/api/patches")[1]["patches"][1]["state"]["heart_rate_bpm"])
    rows = two.get("/api/patches")[1]["patches"]
    assert [(row["name"], row["phase"], row["device"]) for row in rows] == [
        ("bed1", "live", "bed1 (patch 1)"),
        ("bed2", "live", "bed2 (patch 2)"),
    ]
    for name in ("bed1", "bed2"):
        run = two.get(f"/p/{name}/api/run")[1]
        assert run["hello"]["device"].startswith(name)
        assert run["state"]["samples"] > RATE
        assert two.get(f"/p/{name}/")[0] == 200
        assert [one["device"] for one in two.get(f"/p/{name}/api/recordings")[1]["recordings"]] == [f"patch {name[-1]}"]


def test_the_numbers_of_both_are_at_one_address(two):
    pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
    text = two.until(lambda: (found := two.metrics()).count("edge_ecg_heart_rate_bpm{") == 2 and found)
    for name in ("bed1", "bed2"):
        assert f'edge_ecg_patch_live{{device="{name}"}} 1.0' in text
        assert f'edge_ecg_samples_received_total{{device="{name}"}}' in text
        assert f'edge_ecg_cpu_seconds_total{{device="{name}"}}' in text
    assert text.count("# TYPE edge_ecg_heart_rate_bpm ") == 1


def test_a_patch_that_is_not_there_has_no_page_and_the_guard_stands_before_all(two):
    assert two.get("/p/nobody/api/run")[0] == 404
    assert two.get("/p/bed1/../../etc/passwd")[0] == 404
    assert two.get("/p/bed1")[0] == 307
    status, told = two.get("/p/bed1/api/alerts/x/acknowledge", "POST")
    assert (status, told["error"]) == (404, "no such alert")
    assert two.get("/p/bed1/api/alerts/acknowledge", "POST")[0] == 202


def test_a_process_that_is_killed_comes_back_and_the_other_never_notices(two):
    before, other = two.pid_of("bed1"), two.pid_of("bed2")
    starts = len(two.events("bed1", "start"))
    os.kill(before, signal.SIGKILL)
    two.until(lambda: len(two.events("bed1", "start")) > starts)
    assert "bed1: resting, its process was ended by SIGKILL; again in 1 s" in two.told
    two.until(lambda: two.get("/p/bed1/api/run")[1]["hello"]["phase"] == "live")
    assert two.pid_of("bed1") not in (None, before)
    assert two.pid_of("bed2") == other
    assert two.events("bed2", "gap") == two.events("bed2", "technical") == []


def test_a_patch_is_added_and_taken_away_and_the_others_go_on(two, ports):
    before = {name: two.pid_of(name) for name in ("bed1", "bed2")}
    two.table.write_text(table_of(two.folder, ports, TOP))
    two.until_live("bed3")
    added = two.pid_of("bed3")
    assert "the table has changed: new bed3" in two.told
    two.table.write_text(table_of(two.folder, {name: ports[name] for name in ("bed1", "bed2")}, TOP))
    two.process.send_signal(signal.SIGHUP)
    two.until(lambda: "bed3: stopped" in two.told)
    assert not is_there(added)
    assert two.events("bed3", "summary"), "it ended in good order"
    assert {name: two.pid_of(name) for name in before} == before
    assert two.events("bed2", "gap") == []
    assert [row["name"] for row in two.get("/api/patches")[1]["patches"]] == ["bed1", "bed2"]


def test_a_table_that_is_wrong_changes_nothing_and_is_told(two):
    before, good = two.pid_of("bed1"), two.table.read_text()
    two.table.write_text("[patch.bed1]\nprot = 1\n")
    two.until(lambda: "patch.bed1: unknown key 'prot'" in two.told)
    assert "all goes on as it was" in two.told
    assert two.pid_of("bed1") == before
    two.table.write_text(good)


def test_the_process_that_starts_the_others_may_end_too(two):
    before = two.pid_of("bed1")
    nursery = two.pid_of("nursery")
    os.kill(nursery, signal.SIGKILL)
    os.kill(before, signal.SIGKILL)
    two.until(lambda: two.pid_of("bed1") not in (None, before) and two.pid_of("nursery") not in (None, nursery))


def test_a_port_that_is_missing_is_tried_again_and_a_bundle_that_is_wrong_is_not(ports, tmp_path):
    wrong = f'[patch.wrong]\nport = "{ports["bed3"]}"\nbundle = "/nowhere"\n[patch.missing]\nport = "/dev/nothing"\n'
    table = wrong + f'[patch.good]\nport = "{ports["bed3"]}x"\n'
    with gateway(tmp_path, table) as one:
        one.until(lambda: "missing: resting, no such port: /dev/nothing" in one.told)
        one.until(lambda: "wrong: refused, /nowhere is no bundle" in one.told)
        time_to_end(one)


def test_it_ends_at_once_and_all_is_flushed(ports, tmp_path):
    with gateway(tmp_path, table_of(tmp_path, {"bed3": ports["bed3"]})) as one:
        one.until(lambda: one.has_recorded("bed3"))
        time_to_end(one)
        (summary,) = one.events("bed3", "summary")
        recording = open_recording(tmp_path / "rec" / "bed3" / "patch_3_raw.hea")
        assert len(recording.mv) == summary["samples"]["out"]


def test_when_the_gateway_is_killed_its_patches_end_in_good_order(ports, tmp_path):
    with gateway(tmp_path, table_of(tmp_path, {"bed3": ports["bed3"]})) as one:
        one.until(lambda: one.has_recorded("bed3"))
        pid = one.pid_of("bed3")
        one.process.kill()
        one.process.wait()
        deadline_s = time.monotonic() + STOP_S
        while is_there(pid):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        assert one.events("bed3", "summary")


def time_to_end(one: Gateway) -> None:
    began_s = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - began_s < STOP_S
    assert "Traceback" not in one.told
