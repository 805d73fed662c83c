"""Tiles are a function of the recording on disk: however they were made, and noticed where they are not its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from exports.recorded import record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import OutputError, Reason
from edge.exports.run_record import RunRecord, open_run
from edge.review import tiles as of_tiles
from edge.review.pyramid import FACTORS, WHOLE, from_samples
from edge.review.tiles import extend, find_tiles, forget, tiles_folder


@pytest.fixture
def night(run: RunRecord, tmp_path: Path) -> RunRecord:
    """A recording of one's own, to be spoilt."""
    shutil.copytree(run.header_path.parent, tmp_path / "night")
    return open_run(tmp_path / "night" / run.name)


def made(run: RunRecord) -> dict[str, bytes]:
    for _ in extend(run):
        pass
    return files(run)


def files(run: RunRecord) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(tiles_folder(run).glob("*"))}


def shorter(run: RunRecord, samples: int) -> RunRecord:
    """As it was on disk when so much had been recorded."""
    segments, at = [], 0
    for name, length in run.segments:
        if at < samples:
            segments.append((name, min(length, samples - at)))
        at += length
    return replace(run, samples=samples, segments=tuple(segments))


def test_every_level_holds_the_least_and_greatest_of_the_recordings_samples(night):
    made(night)
    tiles = find_tiles(night)
    assert tiles.done == night.samples // WHOLE * WHOLE > 0
    for factor in FACTORS:
        bins = tiles.done // factor
        assert np.array_equal(tiles.pairs(factor, 0, bins), from_samples(night.counts(0, tiles.done), factor))
        assert np.array_equal(tiles.pairs(factor, bins // 2, bins), tiles.pairs(factor, 0, bins)[bins // 2 :])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 20_000), max_size=6))
def test_tiles_that_grew_while_recording_are_those_made_at_once(night, ends):
    at_once = made(night)
    forget(night)
    for end in sorted(ends):
        made(shorter(night, end))
    assert made(night) == at_once


def test_what_is_there_is_not_made_again(night, monkeypatch):
    made(night)
    monkeypatch.setattr(of_tiles, "_append", None)
    assert list(extend(night)) == [1.0]


def test_making_that_is_stopped_goes_on_where_it_was(night, monkeypatch):
    at_once = made(night)
    forget(night)
    monkeypatch.setattr(of_tiles, "PIECE_SAMPLES", WHOLE)
    making = extend(night)
    first = next(making)
    making.close()
    assert 0 < first < 1
    assert find_tiles(night).done == WHOLE
    assert made(night) == at_once


def test_bins_written_before_a_kill_could_say_so_are_written_again(night, monkeypatch):
    at_once = made(night)
    state = tiles_folder(night) / "state.json"
    state.unlink()
    assert find_tiles(night).done == 0
    assert made(night) == at_once


@pytest.mark.parametrize("factor", FACTORS)
def test_a_truncated_file_is_noticed_and_made_again(night, factor):
    at_once = made(night)
    path = tiles_folder(night) / f"{factor}.bin"
    path.write_bytes(path.read_bytes()[:-1])
    assert find_tiles(night).done == 0
    assert made(night) == at_once


@pytest.mark.parametrize("state", ["", "[]", "{}", '{"done": 4096}', '{"done": "x"}', "\0\0"])
def test_a_state_that_means_nothing_is_noticed(night, state):
    at_once = made(night)
    (tiles_folder(night) / "state.json").write_text(state)
    assert find_tiles(night).done == 0
    assert made(night) == at_once


def test_tiles_of_another_recording_of_that_name_are_stale(night, tmp_path):
    made(night)
    other = open_run(record(tmp_path / "other", 40.0, gap_s=(9.0, 12.0)).path)
    shutil.copytree(tiles_folder(night), tiles_folder(other))
    assert find_tiles(other).done == 0
    made(other)
    assert np.array_equal(find_tiles(other).pairs(64, 0, 64), from_samples(other.counts(0, 4096), 64))


def test_a_recording_that_was_cut_is_not_shown_longer_than_it_is(night):
    made(night)
    assert find_tiles(shorter(night, WHOLE)).done == 0


def test_two_do_not_make_the_same_tiles(night, monkeypatch):
    monkeypatch.setattr(of_tiles, "PIECE_SAMPLES", WHOLE)
    making = extend(night)
    next(making)
    with pytest.raises(OutputError, match="another program is making") as told:
        next(extend(night))
    assert told.value.reason is Reason.BUSY
    making.close()
    made(night)


def test_a_folder_that_cannot_be_written_is_told(night):
    tiles_folder(night).write_text("in the way")
    with pytest.raises(OutputError, match="part of that path is a file"):
        made(night)


def test_the_state_says_which_recording_it_is_of(night):
    made(night)
    state = json.loads((tiles_folder(night) / "state.json").read_text())
    assert state["done"] == 16384
    assert state["factors"] == list(FACTORS)
