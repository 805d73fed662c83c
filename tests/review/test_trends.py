"""Heart rate and ST level over the hours, from what the recorder wrote."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sinks.a_run import BEGAN, STAMP, blocks, info, signal_mv

from edge.exports.run_record import RunRecord, open_run
from edge.review.beats import Beats, read_beats
from edge.review.trend import MAX_POINTS, Steps, rate_trend, read_st, st_trend, steps
from edge.sinks.recorder import Recorder


def told(sample: int, uv: float, origin: str = "measured") -> dict[str, object]:
    return STAMP.event("st", sample, {"leads": {"II": {"j60_uv": uv, "sd_uv": 12.0, "origin": origin}}})


def a_run(folder: Path, seconds: float, readings: list[dict[str, object]], later_s: float = 0.0) -> RunRecord:
    sink = Recorder(folder, raw=False)
    sink.start(info(start_utc=BEGAN + timedelta(seconds=later_s)))
    for block in blocks(signal_mv(seconds), 500):
        sink.twelve(block)
    for one in readings:
        sink.event(one)
    sink.close({})
    return open_run(folder / "bed_7")


def test_the_rate_of_a_step_is_the_median_of_its_beats(run, recorded):
    by = steps(run, 0, run.samples, 4)
    assert (by.first, by.samples, by.count) == (0, 5000, 4)
    rate = rate_trend(read_beats(run), run.rate, by)
    assert rate.median.tolist() == [75.0] * 4


def test_rates_are_those_of_a_slow_reckoning():
    rng = np.random.default_rng(4)
    samples = np.cumsum(rng.integers(50, 1800, 400))
    by = Steps(0, 5000, -(-(int(samples[-1]) + 1) // 5000))
    rate = rate_trend(Beats(samples, np.full(400, "N")), 500.0, by)
    rr_s = np.diff(samples) / 500
    for k in range(by.count):
        there = (samples[1:] // 5000 == k) & (rr_s >= 0.2) & (rr_s <= 3.0)
        expected = 60 / rr_s[there]
        got = rate.median[k], rate.least[k], rate.greatest[k]
        if len(expected):
            assert got == pytest.approx((np.median(expected), expected.min(), expected.max()))
        else:
            assert np.isnan(got).all()


def test_where_no_beat_was_told_there_is_no_rate(run):
    rate = rate_trend(Beats(np.zeros(0, np.int64), np.zeros(0, "<U1")), run.rate, steps(run, 0, run.samples, 9))
    assert np.isnan(rate.median).all()


@pytest.mark.parametrize("points", [0, 1, 7, 360, 10**9])
def test_a_trend_has_as_many_points_as_were_asked_for_at_most(run, points):
    by = steps(run, 0, 10**9, points)
    assert 1 <= by.count <= max(1, min(points, MAX_POINTS))
    assert by.first + by.count * by.samples >= run.samples


def test_st_is_kept_a_line_a_reading_on_the_records_timeline(tmp_path):
    run = a_run(tmp_path, 30.0, [told(1000, 50.0), told(6000, 70.0), told(7000, 90.0)])
    readings = read_st(run)
    trend = st_trend(readings, steps(run, 0, run.samples, 3))
    assert list(trend) == ["II"]
    assert trend["II"][:2].tolist() == [50.0, 80.0]
    assert np.isnan(trend["II"][2])
    assert readings.origin == {"II": "measured"}


def test_a_later_run_goes_on_where_the_recording_does(tmp_path):
    a_run(tmp_path, 10.0, [told(1000, 50.0)])
    run = a_run(tmp_path, 10.0, [told(1000, -20.0, "reconstructed")], later_s=20.0)
    readings = read_st(run)
    assert readings.j60["II"][0].tolist() == [1000, 11_000]
    assert readings.j60["II"][1].tolist() == [50.0, -20.0]
    assert readings.origin == {"II": "reconstructed"}, "the least certain that it ever was"


def test_a_line_that_was_cut_off_costs_itself_alone(tmp_path):
    run = a_run(tmp_path, 10.0, [told(1000, 50.0)])
    path = tmp_path / "bed_7_st.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    run = a_run(tmp_path, 10.0, [told(1000, -20.0)], later_s=20.0)
    assert read_st(run).j60["II"][1].tolist() == [-20.0]


@pytest.mark.parametrize(
    "line",
    [
        *("x", "[]", "{}", "\0", '{"sample": 1}', '{"sample": "a", "leads": {}}', '{"sample": 1, "leads": 5}'),
        *('{"sample": 1e400, "leads": {}}', '{"sample": 1e30, "leads": {"II": {"j60_uv": 1}}}'),
        *('{"sample": 1, "leads": {"II": {"j60_uv": "high"}}}', '{"sample": 1, "leads": {"II": {"j60_uv": NaN}}}'),
    ],
)
def test_lines_that_are_not_ours_are_passed_over(tmp_path, line):
    run = a_run(tmp_path, 10.0, [told(1000, 50.0)])
    with (tmp_path / "bed_7_st.jsonl").open("a") as file:
        file.write(f"{line}\n")
    assert read_st(run).j60["II"][1].tolist() == [50.0]


def test_a_run_without_readings_of_st_leaves_no_file(tmp_path):
    run = a_run(tmp_path, 5.0, [])
    assert read_st(run).j60 == {}
    assert not (tmp_path / "bed_7_st.jsonl").exists()


def test_a_day_of_st_is_a_megabyte_or_two(tmp_path):
    leads = {f"V{k}": {"j60_uv": -123.4, "sd_uv": 123.4, "origin": "reconstructed"} for k in range(12)}
    a_run(tmp_path, 1.0, [STAMP.event("st", 100, {"leads": leads})])
    line = (tmp_path / "bed_7_st.jsonl").read_text()
    assert json.loads(line)["sample"] == 100
    assert 1440 * len(line) < 2e6
