"""A recording of 24 hours opens in less than a second, whether or not there are tiles of it yet."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge.exports.run_record import RunRecord
from edge.leads import LEADS
from edge.recordings.annotations import AnnotationWriter
from edge.recordings.wfdb_compose import Shape, layout_header, master_header, segment_header
from edge.review import marks, tiles, trend
from edge.review.beats import read_beats
from edge.review.pyramid import WHOLE
from edge.review.recordings import list_recordings, open_named
from edge.review.window import COARSE_BINS, window

RATE, DAY = 500, 24 * 3600 * 500
SEGMENT = 6 * 3600 * RATE
OPEN_S = 1.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve leads of zeros, which take no room on the disk, and 100,000 beats."""
    folder = tmp_path_factory.mktemp("day")
    shape = Shape("day", float(RATE), LEADS, 16, (1000.0,) * 12)
    (folder / "day_layout.hea").write_text(layout_header(shape))
    zeros = np.zeros(12, np.int64)
    names = [f"day_{k:04d}" for k in range(1, 5)]
    for name in names:
        (folder / f"{name}.hea").write_text(segment_header(shape, name, SEGMENT, zeros, zeros))
        with (folder / f"{name}.dat").open("wb") as file:
            os.truncate(file.fileno(), SEGMENT * 24)
    began = datetime(2026, 3, 1, 21, tzinfo=UTC)
    (folder / "day.hea").write_text(master_header(shape, [(name, SEGMENT) for name in names], began))
    (folder / "day.json").write_text(json.dumps({"montage": "II,V1,V5", "device": "day"}))
    with AnnotationWriter(folder / "day.qrs") as file:
        for sample in range(0, DAY, 432):
            file.add(sample, "N")
    return folder


def opened(folder: Path) -> tuple[RunRecord, bool, float]:
    """What the page asks for when it opens a recording; is the strip of the whole exact; seconds."""
    began_s = time.perf_counter()
    assert list_recordings(folder).entries[0].duration_s == 86_400
    record = open_named(folder, "day")
    marks.alerts(record)
    marks.rhythms(record, 0, record.samples)
    by = trend.steps(record, 0, record.samples, 1440)
    rate = trend.rate_trend(read_beats(record), record.rate, by)
    assert np.nanmax(np.abs(rate.median - 500 * 60 / 432)) < 1e-9
    there = tiles.find_tiles(record)
    assert (window(record, there, DAY // 2, DAY // 2 + 4096, 4096).uv == 0).all()
    whole = window(record, there, 0, record.samples, 1280, ("II",))
    assert (whole.uv == 0).all()
    return record, whole.exact, time.perf_counter() - began_s


def test_it_opens_at_once_and_tiles_make_it_exact(folder):
    record, exact, took_s = opened(folder)
    assert not exact
    assert took_s < OPEN_S
    making = tiles.extend(record)
    next(making)
    making.close()
    part = window(record, tiles.find_tiles(record), 0, record.samples, 1280, ("II",))
    assert not part.exact
    assert len(part.uv) <= 2 * COARSE_BINS
    begun = tiles.find_tiles(record).done
    assert window(record, tiles.find_tiles(record), 0, begun, 30).exact


def test_with_tiles_it_opens_too_and_every_sample_is_in_the_picture(folder, monkeypatch):
    record = open_named(folder, "day")
    made_of_nothing(record)
    _, exact, took_s = opened(folder)
    assert exact
    assert took_s < OPEN_S


def made_of_nothing(record: RunRecord) -> None:
    """The tiles of zeros are zeros: written at once, instead of a minute's work for a slow core."""
    done = record.samples // WHOLE * WHOLE
    folder = tiles.tiles_folder(record)
    folder.mkdir(exist_ok=True)
    for factor in tiles.FACTORS:
        with (folder / f"{factor}.bin").open("wb") as file:
            os.truncate(file.fileno(), done // factor * 48)
    tiles._save(record, folder, done)
