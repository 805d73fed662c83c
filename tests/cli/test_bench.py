from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Told, ended, ran

from edge.bench import measured
from edge.choice import choices_file
from edge.cli.bench import main

QUICK = ("--duration", "1", "--threads", "1", "--no-stream")


@pytest.fixture
def edge_bench(capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """edge-bench in this process; whatever a test asks of it, no mistake of a user's may look like a bug."""

    return functools.partial(ran, main, capfd)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where choices are kept."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return choices_file()


@pytest.fixture
def no_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


def process(*arguments: object, **options: object) -> subprocess.Popen[str]:
    streams: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "edge.cli.bench", *map(str, arguments)]
    return subprocess.Popen(command, **{**streams, **options})  # type: ignore[call-overload, no-any-return]


def test_an_alert_goes_the_whole_way_and_everything_is_in_one_json_object(edge_bench, home):
    told = edge_bench("--duration", "1", "--threads", "1", "--json")
    assert told.code == 0
    found = json.loads(told.out)
    assert found["interrupted"] is False
    assert {"litert-float32"} <= {t["variant"] for t in found["windows"]}
    assert all(t["windows"] > 0 for t in found["windows"])
    stream = found["stream"]
    assert stream["failed"] is None
    assert {a["kind"] for a in stream["alerts"]} == {"electrode_off", "asystole"}
    for alert in stream["alerts"]:
        assert alert["beyond_ms"] > 0
        assert alert["total_ms"] > 1000 * alert["rule_s"]
    assert stream["twelve_leads_p50_ms"] > 0
    assert not home.exists(), "nothing is chosen unasked"


def test_the_table_is_on_standard_output_and_progress_nowhere_but_on_a_terminal(edge_bench, no_onnx):
    told = edge_bench(*QUICK)
    assert told.code == 0
    assert "p95 ms" in told.out
    assert "Suits this board: litert-" in told.out
    assert "\r" not in told.out + told.err


def test_an_engine_that_is_missing_is_told_in_one_line_and_left_out(edge_bench, no_onnx):
    told = edge_bench(*QUICK, "--json")
    assert told.code == 0
    (line,) = told.err.splitlines()
    assert line.startswith("edge-bench: onnx-float32")
    assert "pip install onnxruntime" in line
    found = json.loads(told.out)
    assert {t["engine"] for t in found["windows"]} == {"litert"}
    assert found["left_out"][0]["reason"] == "no engine"


def test_without_any_engine_it_ends_with_3_and_the_way_out(edge_bench, no_onnx, monkeypatch):
    for module in ("ai_edge_litert", "ai_edge_litert.interpreter", "tflite_runtime", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    told = edge_bench(*QUICK)
    assert told.code == 3
    assert "pip install ai-edge-litert" in told.err
    assert told.out == ""


def test_what_is_shared_is_one_line_without_names_and_paths(edge_bench):
    told = edge_bench(*QUICK, "--share")
    assert told.code == 0
    assert told.out.count("\n") == 1
    told_but_the_board = {key: value for key, value in json.loads(told.out).items() if key != "board"}
    assert "/" not in json.dumps(told_but_the_board)  # a system's name may hold one: GNU/Linux


def test_edge_run_uses_what_was_selected_and_says_where_it_comes_from(edge_bench, edge_run, home, no_onnx):
    told = edge_bench("--duration", "1", "--threads", "2", "--no-stream", "--select", "--json")
    assert told.code == 0
    assert str(home) in told.err
    best = json.loads(told.out)["best"]
    explained = edge_run("--port", "/dev/nowhere", "--explain")
    (engine,) = [line for line in explained.out.splitlines() if line.startswith("engine")]
    assert f"{best['variant'].replace('-', ', ', 1)}, 2 thread(s)" in engine
    assert "edge-bench chose it for this board" in engine
    assert explained.err == ""


def test_a_choice_is_left_out_where_the_command_line_names_anything(edge_run, home):
    home.parent.mkdir(parents=True)
    home.write_text("{")
    for named in (("--engine", "litert"), ("--variant", "float32"), ("--threads", "1")):
        told = edge_run("--port", "/dev/nowhere", "--explain", *named)
        assert "edge-bench" not in told.out + told.err


@pytest.mark.parametrize("source", [("--port", "/dev/nowhere"), ("--demo",)])
def test_a_damaged_choice_is_one_line_and_edge_run_goes_on_without(edge_run, home, source):
    home.parent.mkdir(parents=True)
    home.write_text("{")
    told = edge_run(*source, "--explain")
    assert told.code == 0
    (line,) = told.err.splitlines()
    assert line.startswith("edge-run: ")
    assert str(home) in line
    assert "edge-bench --select" in line
    assert "1 thread(s)" in told.out


def test_the_events_tell_what_was_used(edge_run, home, records):
    from edge.bundle import open_bundle
    from edge.choice import Choice, save_choice

    save_choice(open_bundle().identity, Choice("litert-float32", 2, "2026-01-31"))
    told = edge_run("--replay", records / "three", "--speed", "max", "--events", "-")
    start = json.loads(told.out.splitlines()[0])
    assert start["engine"] == "litert float32"
    assert start["configuration"]["threads"] == 2


def test_a_choice_that_cannot_be_kept_ends_with_6_before_anything_is_measured(edge_bench, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(measured, "take_turns", None)
    told = edge_bench("--select")
    assert told.code == 6
    assert str(tmp_path / "file") in told.err
    assert told.out == ""


def test_a_choice_that_could_not_be_written_in_the_end_leaves_the_figures(edge_bench, home, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    told = edge_bench(*QUICK, "--select", "--json")
    assert told.code == 6
    assert json.loads(told.out)["best"]
    assert "No space left" in told.err


def stopped(monkeypatch, step):
    """As if Ctrl-C came in this step of the measurement."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(measured, step, interrupted)


@pytest.mark.parametrize("step", ["inputs", "load_all", "take_turns"])
def test_stopped_among_the_windows_it_tells_what_it_has_and_saves_no_choice(edge_bench, home, monkeypatch, step):
    stopped(monkeypatch, step)
    told = edge_bench(*QUICK, "--select")
    assert told.code == 0
    assert "Stopped before the end." in told.out
    assert "no choice is saved" in told.err
    assert not home.exists()


@pytest.mark.parametrize("step", ["memory", "stream"])
def test_stopped_after_the_windows_the_choice_stands(edge_bench, home, monkeypatch, step):
    stopped(monkeypatch, step)
    told = edge_bench("--duration", "1", "--threads", "1", "--select")
    assert told.code == 0
    assert "Stopped before the end." in told.out
    assert "Suits this board" in told.out
    assert home.exists()


def test_stopped_json_says_so(edge_bench, monkeypatch):
    stopped(monkeypatch, "memory")
    assert json.loads(edge_bench(*QUICK, "--json").out)["interrupted"] is True


def test_a_picture_is_drawn_where_it_is_asked_for(edge_bench, tmp_path):
    pytest.importorskip("matplotlib", reason="the chart is drawn with matplotlib")
    told = edge_bench(*QUICK, "--png", tmp_path / "bench.png")
    assert told.code == 0, told.err
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_without_figures_is_not_drawn(edge_bench, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="the chart is drawn with matplotlib")
    stopped(monkeypatch, "load_all")
    told = edge_bench(*QUICK, "--png", tmp_path / "bench.png")
    assert told.code == 0
    assert "nothing is drawn" in told.err
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_a_picture_is_refused_at_once_with_the_way_out(edge_bench, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    told = edge_bench(*QUICK, "--png", tmp_path / "bench.png")
    assert told.code == 2
    assert "pip install 'edge-ecg[demo]'" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--bundle", "/nowhere"), 3, "/nowhere is no bundle"),
        (("--bundle", ""), 2, "--bundle"),
        (("--threads", "0"), 2, "1 to 64"),
        (("--threads", "1,1"), 2, "each once"),
        (("--threads", "1,"), 2, "--threads"),
        (("--threads", "two"), 2, "'two'"),
        (("--duration", "0"), 2, "1 to 600"),
        (("--duration", "nan"), 2, "1 to 600"),
        (("--duration", "long"), 2, "'long'"),
        (("--json", "--share"), 2, "--share"),
        (("--fast",), 2, "--help"),
        (("bundle",), 2, "--help"),
        (("--png", "/"), 6, "folder"),
        (("--png", "/nowhere/bench.png"), 6, "/nowhere"),
    ],
)
def test_what_cannot_be_is_told_with_its_rule_and_nothing_is_measured(edge_bench, arguments, code, words):
    told = edge_bench(*arguments)
    assert told.code == code
    assert words in told.err
    assert told.err.startswith("edge-bench: ")
    assert told.out == ""


def test_a_reader_that_goes_away_is_no_failure_and_the_choice_is_saved(home):
    read, write = os.pipe()
    os.close(read)
    running = process(*QUICK, "--select", stdout=write)
    os.close(write)
    assert ended(running).code == 0
    assert home.exists()


def test_the_help_says_that_this_is_no_medical_device(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "Not a medical device" in capsys.readouterr().out
