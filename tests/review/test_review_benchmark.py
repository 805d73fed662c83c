"""The benchmark measures a recording that the recorder wrote, and its table says what was measured."""

from __future__ import annotations

import numpy as np

from benchmarks import tables
from benchmarks.review import measure
from benchmarks.review_night import MINUTE, minutes, record_night
from benchmarks.review_tables import review
from edge.exports.run_record import MISSING, open_run
from edge.review.marks import alerts
from edge.review.tiles import tiles_folder


def test_a_short_night_is_measured_and_told(tmp_path):
    path = record_night(tmp_path, 0.4)
    figures = measure(path, 1)
    assert figures["hours"] == 0.4
    assert list(figures["windows"]) == ["10 s", "1 min", "10 min"]
    assert figures["windows"]["10 min"]["samples_a_bin"] == 128
    assert figures["tiles"]["mb"] > 0
    assert not tiles_folder(open_run(path)).exists(), "the recording is left as it was"
    rows = review(figures, tables.table)
    assert rows[2].startswith("| opened (0.4 h, 17 MB), no tiles yet; from the disk | ")


def test_the_night_is_what_its_plan_says(tmp_path):
    run = open_run(record_night(tmp_path, 0.4))
    plan = list(minutes(24))
    assert [minute.rhythm for minute in plan].count("af") == 3
    assert {str(one.told.kind) for one in alerts(run)[0]} == {"af", "couplet"}
    assert run.samples == 24 * MINUTE
    assert not np.any(run.counts(0, MINUTE) == MISSING)
