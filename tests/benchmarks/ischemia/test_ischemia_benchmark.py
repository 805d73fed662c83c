"""What the figures of ischaemia rest on: the area under the curve, marks, cases, and streams that are made longer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from st.st_heart import RATE, Heart

from benchmarks import packs
from benchmarks.ischemia import accuracy, cases, discrimination, sets, streams
from edge.leads import EIGHT_FROM_ELECTRODES, INDEPENDENT, LEAD
from edge.person import Person, Sex

SHARED = pytest.mark.skipif(not (packs.DEFAULT / "ludb.ecgz").is_file(), reason="no packed recordings in ../shared")


def test_the_area_under_the_curve_counts_a_tie_as_a_half():
    has = np.array([True, True, False, False])
    assert discrimination.auroc(has, np.array([0.9, 0.8, 0.2, 0.1])) == 1.0
    assert discrimination.auroc(has, np.array([0.1, 0.2, 0.8, 0.9])) == 0.0
    assert discrimination.auroc(has, np.full(4, 0.3)) == 0.5
    assert discrimination.auroc(has, np.array([0.9, 0.2, 0.2, 0.1])) == 0.875


def test_the_area_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(2)
    has, score = rng.random(200) < 0.3, np.round(rng.random(200), 1)
    cases_, others = score[has], score[~has]
    pairs = np.sign(cases_[:, None] - others[None])
    assert discrimination.auroc(has, score) == pytest.approx(((pairs + 1) / 2).mean())


def test_a_condition_with_few_cases_has_no_figure():
    few = [
        sets.Record(str(k), np.zeros((1, 12)), Person(), {**dict.fromkeys(sets.CONDITIONS, k < 9)}) for k in range(40)
    ]
    assert discrimination.of(few, [None] * 40) == {}


def test_a_lead_that_was_not_answered_counts_as_no_evidence():
    many = [
        sets.Record(str(k), np.zeros((1, 12)), Person(), {**dict.fromkeys(sets.CONDITIONS, k < 15)}) for k in range(40)
    ]
    figures = discrimination.of(many, [None] * 40)["mi"]
    assert (figures["auroc"], figures["unanswered"]) == (0.5, 40)


def test_marks_belong_to_the_beat_they_stand_beside():
    symbols = ["(", "p", ")", "(", "N", ")", "(", "t", ")", "(", "N", ")"]
    samples = [60, 70, 80, 90, 100, 110, 180, 200, 230, 890, 900, 912]
    found = accuracy._instants(symbols, samples, np.array([104]))
    assert found == {"p": [-44], "onset": [-14], "peak": [-4], "end": [6], "t": [126]}


def test_a_case_is_what_its_reader_wrote():
    lines = ("Stemi: anterior wall", "Stemi: septal", "Ischemia: inferior wall", "Complete left bundle branch block")
    record = sets.Record("24", np.zeros((1, 12)), Person(), {}, lines)
    assert cases.told(record) == {"stemi": ["anterior", "septal"], "ischemia": ["inferior"]}
    undefined = sets.Record("11", np.zeros((1, 12)), Person(), {}, ("Undefined ischemia/scar/supp.nstemi: apical",))
    assert cases.told(undefined) == {"ischemia or mi": ["apical"]}


def test_a_recording_made_longer_has_no_step_where_it_begins_anew():
    mv = Heart().mv(10, noise_mv=0.0)
    long = streams.longer(mv, 0.5)
    assert long.shape == (30 * RATE, 12)
    assert np.abs(np.diff(long, axis=0)).max() <= 1.02 * np.abs(np.diff(mv, axis=0)).max()


def test_a_turned_heart_obeys_einthoven_and_lies_otherwise():
    mv = np.tile(Heart().mv(10), (13, 1))
    turned = streams.turned(mv)
    assert np.abs(turned[:, LEAD["I"]] + turned[:, LEAD["III"]] - turned[:, LEAD["II"]]).max() < 1e-4
    first, second = (slice(0, 60 * RATE), slice(60 * RATE, 120 * RATE))
    assert np.abs(turned[first] - mv[first]).max() < 1e-5
    assert np.abs(turned[second] - mv[second]).max() > 0.1


def test_wander_has_the_size_that_was_asked_for_at_each_electrode():
    wander = np.sin(np.arange(400_000) / 500.0 * 2)  # a regular one, whose size is the same everywhere
    wander /= np.sqrt((wander**2).mean())
    moved = streams.moved(wander, 50_000, 300.0, seed=1)
    chest = moved[:, LEAD["V3"]]  # against Wilson's terminal: the electrode's own and a third of each limb's
    assert 0.2 < np.sqrt((chest**2).mean()) < 0.6
    assert np.abs(moved[:, LEAD["I"]] + moved[:, LEAD["III"]] - moved[:, LEAD["II"]]).max() < 1e-4
    assert EIGHT_FROM_ELECTRODES.shape[1] == len(INDEPENDENT)


@SHARED
def test_ludbs_records_come_with_age_sex_and_what_they_have():
    first = next(iter(sets.ludb(packs.DEFAULT)))
    assert first.mv.shape[1] == 12
    assert first.person.sex in (Sex.MALE, Sex.FEMALE)
    assert first.person.age_years > 0
    of = {record.name: record for record in sets.ludb(packs.DEFAULT)}
    assert of["33"].has["stemi"] is True
    assert "Stemi: anterior wall" in of["33"].told
    assert of["24"].has["lbbb"] is True


def test_the_results_are_shipped_with_their_page():
    results = Path(cases.__file__).parents[1] / "results"
    if not (results / "ischemia.json").exists():
        pytest.skip("python -m benchmarks ischemia has not been run")
    page = (results / "ischemia.md").read_text()
    for line in page.splitlines():
        if line.startswith("!["):
            assert (results / line.rsplit("(", 1)[1].rstrip(")")).is_file()
