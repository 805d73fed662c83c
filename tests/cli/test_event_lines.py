from __future__ import annotations

import json
from datetime import datetime

import pytest
from command_line import ended, port, process

from edge.rhythm.scores import CONDITIONS

SCORES = (
    *("af", "mi", "stemi", "ischemia", "mi_anterior", "mi_anterolateral", "mi_anteroseptal", "mi_inferior"),
    *("mi_lateral", "mi_septal", "vt", "pvc", "brady", "tachy", "pause", "lbbb", "rbbb", "avb1", "lvh", "normal"),
)
EVERY = {"type", "t", "sample", "utc"}
MORE = {
    "start": {"device", "montage", "rate", "bundle", "engine", "delay_ms", "version", "configuration"},
    "beat": {"lead", "class", "rr_ms"},
    "rhythm": {"label", "confidence", "evidence", "told_after_s"},
    "technical": {"id", "kind", "priority", "state", "onset", "evidence", "leads", "strip"},
    "alert": {"id", "kind", "priority", "state", "onset", "evidence", "leads", "strip"},
    "gap": {"samples", "cause"},
    "st": {"leads"},
    "classification": {"from_sample", "reconstructed", "said", "probability"},
    "health": {"samples", "latency_ms", "cpu_percent", "rss_mb", "battery"},
    "summary": {"duration_s", "samples", "beats", "alerts", "latency_ms", "scores"},
}


@pytest.fixture(scope="module")
def told(records):
    """What a replay of three leads of a record prints."""
    arguments = ("--replay", records / "twelve", "--channels", "II,V1,V5", "--speed", "max", "--events", "-")
    return ended(process(*arguments))


@pytest.fixture(scope="module")
def events(told):
    return [json.loads(line) for line in told.out.splitlines()]  # every line, or this fails


def test_standard_output_is_events_and_nothing_else(told, events):
    assert told.code == 0
    assert told.err == ""
    assert events[0]["type"] == "start"
    assert events[-1]["type"] == "summary"
    assert "beat" in {event["type"] for event in events}


def test_health_is_told_in_between(edge_run, records, tmp_path, monkeypatch):
    monkeypatch.setattr("edge.runner.HEALTH_S", 0.2)
    edge_run("--replay", records / "three", "--speed", 10, "--events", tmp_path / "events", "--view", "none")
    lines = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    health = [line for line in lines if line["type"] == "health"]
    assert health
    assert all(set(line) >= EVERY | MORE["health"] for line in health)
    assert health[0]["samples"]["in"] > 0
    assert health[0]["rss_mb"] > 10


def test_every_event_has_the_keys_of_its_type_and_the_same_clock(events):
    began = datetime.fromisoformat(events[0]["utc"])
    for event in events:
        assert set(event) >= EVERY | MORE[event["type"]]
        assert event["t"] == pytest.approx(event["sample"] / 500, abs=0.001)
        utc = datetime.fromisoformat(event["utc"])
        assert (utc - began).total_seconds() == pytest.approx(event["t"], abs=0.002)


def test_beats_are_where_they_are(events, heart):
    found = [event["sample"] for event in events if event["type"] == "beat"]
    assert len(found) >= len(heart.beats) - 2  # the last may be too near the end, and the first be learnt from
    assert all(abs(heart.beats - sample).min() <= 10 for sample in found)


def test_the_summary_has_every_score_as_a_share_or_null(events):
    scores = events[-1]["scores"]
    assert tuple(scores) == SCORES == CONDITIONS
    assert all(score is None or 0 <= score <= 1 for score in scores.values())
    assert scores["brady"] is not None


def test_samples_in_are_samples_out(events):
    samples = events[-1]["samples"]
    assert samples["in"] == samples["out"] == 3000
    assert sum(samples["lost"].values()) == 0
    assert events[-1]["twelve_leads"]["samples"] == 3000


def test_what_ends_before_it_began_writes_no_line(edge_run):
    with port() as path:
        pass  # and is gone
    told = edge_run("--port", path + "0", "--events", "-")
    assert told.code == 4
    assert told.out == ""
