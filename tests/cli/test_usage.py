from __future__ import annotations

import pytest

REPLAY = ("--replay", "rec")
PORT = ("--port", "/dev/ttyUSB0")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("no source", "--port", "--replay", "--demo")),
        ((*REPLAY, *PORT), ("--port", "--replay", "exclude")),
        ((*REPLAY, "--demo"), ("--replay", "--demo", "exclude")),
        ((*REPLAY, "--no-raw"), ("--no-raw", "--record")),
        ((*PORT, "--speed", "2"), ("--speed", "--replay")),
        ((*REPLAY, "--baud", "9600"), ("--baud", "--port")),
        ((*REPLAY, "--give-up", "5"), ("--give-up", "--port")),
        (("--demo", "--channels", "II"), ("--channels", "--demo")),
        ((*REPLAY, "--events", "-", "--view", "live"), ("--events -", "--view live")),
        ((*REPLAY, "--events", "-", "--view", "plain"), ("--events -", "--view plain")),
        ((*REPLAY, "--events", "out", "--summary", "./out"), ("--events", "--summary", "same file")),
    ],
)
def test_options_that_contradict_each_other_are_named_and_end_with_2(edge_run, arguments, words):
    told = edge_run(*arguments)
    assert told.code == 2
    assert all(word in told.err for word in words)
    assert told.out == ""


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("--speed", "0", "0.01"),
        ("--speed", "nan", "0.01"),
        ("--speed", "fast", "max"),
        ("--hop", "5", "0.1 to 2"),
        ("--threads", "0", "1 to 64"),
        ("--threads", "1.5", "whole number"),
        ("--mains", "55", "50, 60 or off"),
        ("--duration", "-1", "more than 0"),
        ("--duration", "inf", "more than 0"),
        ("--baud", "0", "1200 to"),
        ("--channels", "II,II", "each once"),
        ("--channels", "II,MLII", "each once"),
        ("--channels", ",", "lead names"),
        ("--bundle", "", "folder"),
        ("--events", "", "file"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_its_rule(edge_run, option, value, rule):
    told = edge_run(*REPLAY, option, value)
    assert told.code == 2
    assert option in told.err
    assert rule in told.err


@pytest.mark.parametrize("arguments", [("--replay",), ("rec.hea",), (*REPLAY, "--fast"), ("--rep", "rec")])
def test_what_is_no_option_is_told_and_the_help_named(edge_run, arguments):
    told = edge_run(*arguments)
    assert told.code == 2
    assert "--help" in told.err


def test_a_port_takes_the_names_of_leads_only(edge_run):
    told = edge_run(*PORT, "--channels", "II,V9")
    assert told.code == 2
    assert "'V9'" in told.err
    assert "V6" in told.err  # what there is to choose from


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hopp = 1", ("'hopp'", "the keys are", "hop")),
        ("hop = 'slow'", ("hop is 'slow'", "0.1 to 2")),
        ("threads = true", ("threads", "1 to 64")),
        ("view = 3", ("view is 3", "plain")),
        ("[alerts]\npause_s = 100", ("alerts", "pause_s is 100", "1.5 to 30")),
        ("[alerts]\npauze_s = 3", ("alerts", "'pauze_s'", "pause_s")),
        ("hop = = 1", ("no TOML", "line 1")),
    ],
)
def test_a_configuration_that_makes_no_sense_is_told_with_its_file_key_and_rule(edge_run, tmp_path, text, words):
    config = tmp_path / "edge.toml"
    config.write_text(text)
    told = edge_run(*REPLAY, "--config", config)
    assert told.code == 2
    assert str(config) in told.err
    assert all(word in told.err for word in words)


def test_a_configuration_that_is_not_there_is_a_mistake_of_use(edge_run, tmp_path):
    told = edge_run(*REPLAY, "--config", tmp_path / "none.toml")
    assert told.code == 2
    assert "none.toml" in told.err


def test_a_port_on_the_command_line_leaves_the_files_replay_options_behind(edge_run, tmp_path):
    config = tmp_path / "edge.toml"
    config.write_text("replay = 'rec'\nspeed = 'max'\n")
    told = edge_run("--port", tmp_path / "nowhere", "--config", config)
    assert told.code == 4  # it came to the port


def test_explain_tells_each_stage_and_opens_nothing(edge_run):
    told = edge_run("--port", "/dev/nowhere", "--explain")
    assert told.code == 0
    assert "twelve leads" in told.out
    assert told.err == ""  # nor does the engine greet


def test_explaining_the_demo_does_not_run_it(edge_run):
    told = edge_run("--demo", "--explain")
    assert told.code == 0
    assert "delay of each stage" in told.out
    assert "truth" not in told.out
