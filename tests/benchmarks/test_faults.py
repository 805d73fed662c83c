"""The fault campaign's own sums, and its page."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from benchmarks import fault_page, faults, result, tables
from benchmarks.fault_campaign import ALONE, campaign
from benchmarks.fault_recovery import recoveries
from benchmarks.fault_row import Row, figures_of
from benchmarks.fault_run import Setup, run
from benchmarks.fault_truth import Truth
from edge.config import DEFAULT_BUNDLE
from edge.errors import Reason, SourceLost, UsageError
from firmware_bridge.faults import FAULTS


def test_every_fault_that_a_patch_has_is_in_the_campaign_on_every_road():
    assert set(FAULTS) == set(ALONE) - {"none"}
    names = [name for name, _ in campaign(1, 3, 30.0, ["software", "pty", "ble"])]
    assert {f"{road}{kind}" for road in ("", "pty ", "ble ") for kind in ALONE} <= set(names)
    assert {"pairs", "ring pairs", "pty pairs", "ble pairs"} <= set(names)
    rows = [name for name, _ in itertools.groupby(names)]
    assert len(rows) == len(set(rows)), "the runs of a row come in turn"


def test_on_a_real_road_every_fault_is_over_in_time_to_see_it_end():
    for _, setup in campaign(1, 10, 30.0, ["pty"]):
        for fault in setup.parsed:
            assert getattr(fault, "at_s", 0.0) + getattr(fault, "for_s", 0.0) < setup.seconds - 1.0


@pytest.mark.parametrize("fault", ["unplug:at=3,for=2", "stall:at=3,for=2", "reboot:at=3,for=2", "off:at=3,for=2"])
def test_after_a_fault_the_first_sample_comes_at_once_and_twelve_leads_take_a_window(fault):
    (recovery,) = recoveries(Truth(run(Setup((fault,), seconds=9.0))))
    assert recovery.sample_s == pytest.approx(0.0, abs=0.03)
    assert recovery.twelve_leads_s == pytest.approx(2.05, abs=0.1)


def test_what_does_not_come_back_before_the_end_is_no_recovery():
    (recovery,) = recoveries(Truth(run(Setup(("unplug:at=3,for=2",), seconds=6.5))))
    assert (recovery.sample_s, recovery.twelve_leads_s) == (0.0, None)


def test_a_fault_that_ends_while_another_one_goes_on_has_not_ended():
    two = ("stall:at=2,for=1", "off:electrode=LL,at=2.5,for=2")
    (recovery,) = recoveries(Truth(run(Setup(two, seconds=8.0))))
    assert recovery.sample_s == pytest.approx(0.0, abs=0.03)


def test_a_fault_that_outlasts_the_recording_is_not_counted():
    assert recoveries(Truth(run(Setup(("unplug:at=3,for=60",), seconds=6.0)))) == []


def test_a_row_adds_up_its_runs_and_names_what_broke(monkeypatch):
    monkeypatch.setattr("benchmarks.fault_row.broken", lambda _: {"counted": "one is missing"})
    row = Row()
    for seed in (1, 2):
        row.run(Setup(("drop:p=0.1",), seed, seconds=4.0))
    figures = figures_of(row)
    assert (figures["runs"], figures["samples_sampled"], figures["checks"]) == (2, 4000, 18)
    assert figures["samples_in"] + sum(figures["samples_lost"].values()) == figures["samples_out"]
    assert [failure["seed"] for failure in figures["failures"]] == [1, 2]
    assert row.broken == 2


def test_a_run_that_ends_in_an_error_is_broken_and_no_bug(monkeypatch):
    def lost(_: Setup) -> None:
        raise SourceLost("it went away", Reason.UNPLUGGED)

    monkeypatch.setattr("benchmarks.fault_row.run", lost)
    row = Row()
    row.run(Setup(("unplug:at=1,for=60",), road="pty"))
    (failure,) = figures_of(row)["failures"]
    assert failure["broken"] == {"ended": "it went away"}
    assert failure["road"] == "pty"


def test_a_road_that_there_is_none_of_is_told():
    with pytest.raises(UsageError, match="choose from software, pty, ble"):
        faults._roads("software,air")


def test_where_no_bus_is_to_be_had_bluetooth_is_left_out_and_the_page_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.bluez.bus.available", lambda: False)
    roads, left_out = faults._roads("software,ble")
    assert roads == ["software"]
    about = {"command": "c", "date": "d", "machine": {"cpu": "x", "cores": 1}}
    figures = {"runs": 0, "checks": 0, "broken": 0, "wall_s": 60, "cpu_s": 60, "left_out": left_out, "rows": {}}
    (tmp_path / "faults.json").write_text(json.dumps(about | {"figures": figures}))
    assert any("Left out: ble" in line for line in fault_page.lines(tmp_path))


def test_the_page_is_that_of_the_result_files():
    page = result.RESULTS / fault_page.NAME
    assert page.read_text(encoding="utf-8") == "\n".join([*fault_page.lines(result.RESULTS), ""])
    assert (page.parent / fault_page.PICTURE).exists()


def test_a_front_page_has_a_row_a_road_and_a_row_a_trial():
    known = tables.known(result.RESULTS, DEFAULT_BUNDLE)
    assert sum("invariants held" in line for line in known["faults"]) == 1
    assert any("Bluetooth LE" in line for line in known["faults"])
    assert any("SIGTERM" in line for line in known["survival"])


def test_a_trial_that_cannot_be_done_here_is_named(tmp_path: Path, monkeypatch):
    from benchmarks import survival, survival_trials

    monkeypatch.setattr(survival_trials.os, "geteuid", lambda: 1000)
    out = tmp_path / "survival.json"
    arguments = type("Arguments", (), {"only": "disk_full", "out": out})
    assert survival.run(arguments) == 0  # type: ignore[arg-type]
    assert "needs root" in json.loads(out.read_text())["figures"]["trials"]["disk_full"]["left_out"]
    assert "needs root" in (tmp_path / fault_page.NAME).read_text()


def test_a_run_that_is_suspended_counts_what_it_slept_through(tmp_path: Path, monkeypatch):
    from benchmarks import survival_trials

    monkeypatch.setattr(survival_trials, "SLEEP_S", 5.0)
    trial = survival_trials.suspended(tmp_path)
    assert trial.broken == []
    assert trial.lost > 250
