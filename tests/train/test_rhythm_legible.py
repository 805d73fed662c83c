"""What teaches legibility: noise at a ratio, windows by their wrong beats, and trees that do not depend on order."""

from __future__ import annotations

import numpy as np
import pytest

from edge.rhythm.beat import Beat
from edge.rhythm.legible import FEATURES, Legibility
from edge.rhythm.trees import Boosted
from train.rhythm import legible
from train.rhythm.legible import NO, OPEN, YES, Lesson
from train.rhythm.noise import added, qrs_height
from train.rhythm.recordings import hear

RATE = 500


def spikes(seconds: float, rr_s: float = 0.8) -> tuple[np.ndarray, list[int]]:
    """A lead of narrow complexes of 1 mV, and where they are."""
    t = np.arange(round(seconds * RATE)) / RATE
    at = np.arange(0.5, seconds - 0.5, rr_s)
    x = sum(np.exp(-(((t - a) / 0.012) ** 2) / 2) for a in at)
    return np.asarray(x)[:, None], [round(a * RATE) for a in at]


def lesson(name: str, label: int, seed: int) -> Lesson:
    """Windows that lie apart in one feature."""
    x = np.random.default_rng(seed).normal(size=(60, len(FEATURES)))
    x[:, 0] += 4.0 * label
    return Lesson(name, "x", x, np.full(60, label))


@pytest.mark.parametrize("db", [6.0, -6.0])
def test_noise_has_the_power_that_the_ratio_says(db: float):
    x, at = spikes(20)
    height = qrs_height(x[:, 0], at, RATE)
    assert height == pytest.approx(1.0, abs=0.02)
    noise = np.random.default_rng(1).normal(3.0, 7.0, (len(x), 2))
    noisy = added(x, noise, 5 * RATE, db, [height])
    assert np.array_equal(noisy[: 5 * RATE], x[: 5 * RATE])
    power = ((noisy - x)[5 * RATE :] ** 2).mean()
    assert 10 * np.log10(height**2 / 8 / power) == pytest.approx(db, abs=0.01)


def test_a_window_is_legible_where_its_beats_are_right_and_is_not_where_two_are_wrong():
    x, at = spikes(40)
    x += np.random.default_rng(5).normal(0, 0.01, x.shape)  # a lead that stands still is not asked
    whole = hear("x", ("II",), float(RATE), x)
    beats = np.array(at, float)
    right = legible._of_found("mitdb/x", "none 0", whole, beats, 10.0)
    assert set(right.labels) == {YES}
    half = legible._of_found("mitdb/x", "none 0", whole, beats[::2], 10.0)  # every second one was none
    assert set(half.labels) == {NO}
    one = np.delete(beats, len(beats) // 2)
    assert {YES, OPEN} == set(legible._of_found("mitdb/x", "none 0", whole, one, 10.0).labels)
    assert isinstance(whole.beats[0], Beat)


def test_the_trees_do_not_depend_on_the_order_of_lessons():
    lessons = [lesson("a/1", YES, 1), lesson("a/2", NO, 2), lesson("b/1", YES, 3), lesson("b/2", NO, 4)]
    assert legible.fit(lessons) == legible.fit(lessons[::-1])


def test_what_was_fitted_is_what_the_device_reads():
    lessons = [lesson("a/1", YES, 1), lesson("a/2", NO, 2)]
    trees = Boosted(legible.fit(lessons))
    Legibility(trees)
    judged = [trees.probabilities(row)[1] > 0.5 for one in lessons for row in one.x]
    assert np.mean(np.array(judged) == np.repeat([True, False], 60)) > 0.95


def test_what_is_kept_is_what_was_measured(tmp_path, monkeypatch):
    (tmp_path / "r.hea").write_text("r 1 500 0\n")
    monkeypatch.setattr(legible, "lessons", lambda pack, path, noises: [lesson(f"{pack}/{path.stem}", YES, 1)])
    (first,) = legible.gathered({"vfdb": tmp_path}, tmp_path / "cache")
    monkeypatch.setattr(legible, "lessons", lambda *_: pytest.fail("measured again"))
    (again,) = legible.gathered({"vfdb": tmp_path}, tmp_path / "cache")
    assert (again.name, again.kind) == (first.name, first.kind)
    assert np.array_equal(again.x, first.x)
