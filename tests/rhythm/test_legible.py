"""What can be read: hearts that beat, stop or fibrillate; not what motion draws."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edge.alerts import Kind, State
from edge.blocks import Block
from edge.errors import InputError
from edge.monitor import Monitor
from edge.rhythm import trees
from edge.rhythm.legible import FEATURES, Legibility, Legible
from edge.rhythm.rhythm import Label, Rhythm
from edge.synthetic import synthesise

RATE = 500
LEADS = ("II", "V1")
COLUMNS = (1, 6)
DRAWN = {Kind.ASYSTOLE, Kind.VF, Kind.VT, Kind.PVC_RUN, Kind.COUPLET, Kind.BIGEMINY, Kind.PAUSE}
SHARED = Path(__file__).parents[2].parent / "shared" / "data"
needs_noise = pytest.mark.skipif(
    not (SHARED / "nstdb.ecgz").exists(), reason="no shared recordings beside the checkout"
)


def heart(rhythm: str, seconds: float, seed: int = 1) -> npt.NDArray[np.float32]:
    return np.asarray(synthesise(rhythm, seconds, float(RATE), noise_uv=10.0, seed=seed).mv[:, COLUMNS], np.float32)


def motion(first_s: float, seconds: float, mv: float) -> npt.NDArray[np.float32]:
    """Electrode motion as the MIT-BIH Noise Stress Test Database recorded it, `mv` as a root mean square."""
    load = runpy.run_path(str(SHARED / "ecgdata.py"))["load"]
    one = next(record for record in load("nstdb") if record.name == "em")
    counts = one.adc[round(first_s * one.rate) : round((first_s + seconds) * one.rate)].astype(float)
    at = np.arange(round(seconds * RATE)) * one.rate / RATE
    waves = np.column_stack([np.interp(at, np.arange(len(counts)), lead - lead.mean()) for lead in counts.T])
    return np.asarray(mv * waves / waves.std(axis=0), np.float32)


def heard(mv: npt.NDArray[np.float32]) -> list:
    monitor = Monitor(LEADS)
    found: list = []
    for first in range(0, len(mv), RATE):
        part = mv[first : first + RATE]
        found += monitor.push(Block(first, RATE, LEADS, part, np.isfinite(part)))
        found += monitor.judge(first + len(part))
    return [*found, *monitor.flush(len(mv)), *monitor.alerts.flush()]


def windows(found: list, from_s: float, to_s: float) -> npt.NDArray[np.float64]:
    return np.array([w.probability for w in found if isinstance(w, Legible) and from_s <= w.sample / RATE <= to_s])


@pytest.mark.parametrize("rhythm", ["sinus", "af", "pvc", "asystole", "vt"])
def test_a_heart_can_be_read_whatever_it_does(rhythm: str):
    found = heard(heart(rhythm, 60))
    assert np.median(windows(found, 15, 60)) > 0.5


@needs_noise
def test_motion_over_a_heart_cannot_be_read_and_is_told_as_unknown():
    mv = heart("sinus", 120)
    mv[30 * RATE : 100 * RATE] += motion(60, 70, 1.0)
    found = heard(mv)
    assert np.median(windows(found, 10, 30)) > 0.8
    assert np.median(windows(found, 36, 100)) < 0.2
    told = [(r.label, r.start / RATE) for r in found if isinstance(r, Rhythm)]
    assert any(label is Label.UNKNOWN and 30 < at < 60 for label, at in told)
    assert told[-1][0] is Label.SINUS


@needs_noise
def test_little_of_what_motion_draws_becomes_an_alert():
    mv = heart("sinus", 330)
    mv[30 * RATE :] += motion(60, 300, 1.0)
    told = [a.kind for a in heard(mv) if getattr(a, "state", None) is State.ON and not a.technical]
    assert len([kind for kind in told if kind in DRAWN]) <= 3  # in five minutes; nineteen, were all of it believed


def test_trees_over_other_features_are_refused():
    leaf = {"class": 0, "feature": [0], "threshold": [0], "nan_left": [0], "left": [0], "right": [0], "value": [0]}
    table = {"format": 1, "features": FEATURES[1:], "classes": ["noise", "heart"], "base": [0.0], "trees": [leaf]}
    with pytest.raises(InputError, match="other features"):
        Legibility(trees.Boosted(table))
