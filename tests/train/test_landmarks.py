"""Beats and landmarks: found where cardiologists see them."""

from __future__ import annotations

import lzma
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from edge.leads import LEAD
from edge.synthetic import synthesise
from train.data.corpus import Corpus
from train.evaluate import against_marks, beats, features, landmarks
from train.evaluate.beats import BEFORE, LENGTH

DATA = Path(__file__).parents[3] / "shared" / "data"
LUDB_RECORDS = 12


def medians(mv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = beats.find(mv)
    return beats.median(beats.isoelectric(mv, found), found)[None], np.array([found.length])


@pytest.mark.parametrize("bpm", [50, 75, 110])
def test_the_beats_of_a_regular_heart_are_all_found_but_those_cut_by_the_ends(bpm: int):
    heart = synthesise("sinus", 10.0, seed=2, bpm=bpm, noise_uv=10)
    found = beats.find(heart.mv)
    assert abs(found.found - len(heart.beats)) <= 1
    assert len(found.at) >= len(heart.beats) - 3
    spacing = np.median(np.diff(found.at)) / np.median(np.diff(heart.beats))
    assert spacing == pytest.approx(1.0, abs=0.01)


def test_ectopic_beats_have_no_part_in_the_median_beat():
    heart = synthesise("pvc", 10.0, seed=3, bpm=70)
    ectopic = heart.beats[np.array(heart.classes) == "V"]
    found = beats.find(heart.mv)
    assert len(ectopic) > 0
    assert len(found.at) >= beats.MIN_BEATS
    assert np.abs(found.at[:, None] - ectopic).min() > 40


def test_wander_stays_out_of_the_median_beat():
    heart = synthesise("sinus", 10.0, seed=4, bpm=72).mv
    time = np.arange(len(heart))[:, None] / 500
    wander = 0.4 * np.sin(2 * np.pi * 0.28 * time + np.arange(12))
    clean, _ = medians(heart)
    found = beats.find(heart)
    wandering = beats.median(beats.isoelectric((heart + wander).astype(np.float32), found), found)
    st = BEFORE + 50
    assert np.abs(wandering - clean[0])[st - 5 : st + 5].max() < 0.03


def test_qrs_and_t_of_a_synthetic_beat_end_where_its_waves_do():
    heart = synthesise("sinus", 10.0, seed=5, bpm=60, noise_uv=5)
    beat, ends = medians(heart.mv)
    found = landmarks.together(beat, ends)
    # The waves are Gaussians: Q at -26 ms (sd 8), S at 28 ms (sd 10), T at 300 ms (sd 48) after R.
    onset, j, t_end = (2 * (int(x[0]) - BEFORE) for x in (found.onset, found.j, found.t_end))
    assert -26 - 4 * 8 < onset < -26 - 1.5 * 8
    assert 28 + 1.5 * 10 < j < 28 + 4 * 10
    assert 300 + 1.5 * 48 < t_end < 300 + 3 * 48


def test_a_beat_without_qrs_has_no_landmarks():
    nothing = np.zeros((2, LENGTH, 12), np.float32)
    nothing[1] += 1e-4 * np.random.default_rng(6).standard_normal((LENGTH, 12))
    ends = np.array([LENGTH, LENGTH])
    together = landmarks.together(nothing, ends)
    assert not together.found.any()
    assert not landmarks.each(nothing, ends, together).found.any()


def test_a_noisier_recording_of_the_same_heart_has_the_same_landmarks():
    quiet, loud = (
        landmarks.together(*medians(synthesise("sinus", 10.0, seed=7, bpm=65, noise_uv=noise).mv))
        for noise in (2.0, 40.0)
    )
    for name in ("onset", "j", "t_end"):
        assert abs(int(getattr(quiet, name)[0]) - int(getattr(loud, name)[0])) <= 10, name  # 20 ms


def test_slowing_a_wave_widens_qrs():
    heart = synthesise("sinus", 10.0, seed=8, bpm=60).mv
    slow = sosfiltfilt(butter(2, 12, fs=500, output="sos"), heart, axis=0).astype(np.float32)
    widths = [int((found := landmarks.together(*medians(mv))).j[0] - found.onset[0]) for mv in (heart, slow)]
    assert widths[1] > widths[0] + 5


@pytest.mark.skipif(not (DATA / "ludb.ecgz").exists(), reason="no shared recordings beside the checkout")
def test_the_landmarks_are_where_cardiologists_marked_them(tmp_path: Path):
    pytest.importorskip("wfdb")
    from benchmarks import packs

    records = [record for record, _ in zip(packs.reader(DATA).load("ludb"), range(LUDB_RECORDS), strict=False)]
    uv = np.stack([np.round(1000 * record.mv).astype(np.int16) for record in records])
    _unpack_marks({record.name for record in records}, tmp_path)
    found = against_marks.compare(Corpus(uv, [{"name": record.name} for record in records]), tmp_path)
    assert found["records"] >= LUDB_RECORDS - 1
    for name, limit_ms in (("onset", 15), ("j", 15), ("t_end", 20)):
        assert abs(found["each lead"][name]["median_ms"]) <= limit_ms, name
        assert abs(found["together"][f"{name}, of the median lead"]["median_ms"]) <= limit_ms, name


def _unpack_marks(names: set[str], to: Path) -> None:
    (to / "data").mkdir()
    for member, content in _members(DATA / "ludb.tar.xz"):
        path = Path(member)
        if path.parent.name == "data" and path.stem in names and path.suffix[1:].upper() in {k.upper() for k in LEAD}:
            (to / "data" / path.name).write_bytes(content)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    with lzma.open(path) as stream, tarfile.open(fileobj=stream) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                yield member.name, file.read()


def test_readings_of_a_beat_are_those_it_was_made_with():
    heart = synthesise("sinus", 10.0, seed=9, bpm=60).mv[None]
    read = features.read(heart, features.mark(heart), ("II", "V1", "V5"))
    inside = heart[0, 1000:-1000]
    for lead in ("I", "II", "V5", "V6"):
        assert read["r_uv"][0, LEAD[lead]] == pytest.approx(1000 * inside[:, LEAD[lead]].max(), rel=0.03)
    assert read["s_uv"][0, LEAD["V2"]] == pytest.approx(-1000 * inside[:, LEAD["V2"]].min(), rel=0.05)
    assert 20 < read["axis_deg"][0] < 80
