"""The stage in the pipeline: from samples to readings, scores and alerts."""

from __future__ import annotations

import numpy as np
import pytest
from however_cut import pieces
from st.st_heart import RATE, Heart
from st.test_levels import read

from benchmarks.silent import Silent
from edge.alerts import Alert, AlertSettings, Kind, State
from edge.bundle import open_bundle
from edge.ischemia import SCORES
from edge.leads import LEAD, LEADS
from edge.person import Person, Sex
from edge.pipeline import Pipeline, PipelineSettings
from edge.rhythm.scores import CONDITIONS
from edge.st.position import BACK, LEFT, SHIFT, Position
from edge.st.reading import Sign, StReading
from edge.st.running import Running

FEW = ("I", "II", "V2", "V3")  # measured leads that cost less time than twelve
ANTERIOR = {"V1": 0.2, "V2": 0.4, "V3": 0.45, "V4": 0.3}


@pytest.fixture(scope="module")
def bundle():
    return open_bundle()


def through(bundle, mv, *, leads=LEADS, edges=None, engine=None, **settings):
    pipeline = Pipeline(
        leads, RATE, bundle=bundle, engine=engine or Silent(bundle), settings=PipelineSettings(**settings)
    )
    out = []
    columns = [LEAD[lead] for lead in leads]
    for part in pieces(edges or [*range(0, len(mv), 100), len(mv)]):
        out += pipeline.push(mv[part][:, columns])
    return pipeline, out + pipeline.flush()


def readings(out):
    return [one for one in out if isinstance(one, StReading)]


def test_twelve_measured_leads_give_scores_after_ten_seconds(bundle):
    pipeline, out = through(bundle, Heart(st_mv=ANTERIOR).mv(10))
    assert readings(out)
    assert set(pipeline.scores()) == set(CONDITIONS)
    scores = pipeline.ischemia.scores()
    assert scores["stemi"] > 0.9
    assert scores["normal"] < 0.1
    assert through(bundle, Heart().mv(10))[0].ischemia.scores()["stemi"] < 0.1


def test_without_signal_there_is_no_answer(bundle):
    pipeline, out = through(bundle, np.full((5000, 12), np.nan, np.float32))
    assert readings(out) == []
    scores = pipeline.ischemia.scores()
    assert set(scores) == set(SCORES)
    assert set(scores.values()) == {None}


def test_a_few_beats_are_no_answer(bundle):
    assert through(bundle, Heart().mv(3))[0].ischemia.scores()["mi"] is None


def test_readings_are_the_same_however_the_stream_is_cut(bundle):
    mv = np.concatenate([Heart().mv(15), Heart(st_mv=ANTERIOR).mv(15)])
    cuts = [0, *np.sort(np.random.default_rng(1).integers(1, len(mv), 70)).tolist(), len(mv)]
    soon = AlertSettings(st_s=5)
    (_, whole), (_, cut) = (through(bundle, mv, edges=edges, alerts=soon) for edges in ([0, len(mv)], cuts))
    assert [one.sample for one in readings(cut)] == [one.sample for one in readings(whole)]
    for a, b in zip(readings(cut), readings(whole), strict=True):
        assert a.scores == b.scores
        assert a.findings == b.findings
    told = [[one for one in out if isinstance(one, Alert)] for out in (whole, cut)]
    assert told[0] == told[1]
    assert any(alert.kind is Kind.ST_ELEVATION for alert in told[0])


def test_elevation_that_comes_is_told_and_measured_from_the_runs_beginning(bundle):
    mv = np.concatenate([Heart().mv(140), Heart(st_mv=ANTERIOR).mv(90, seed=2)])
    _, out = through(bundle, mv, leads=FEW)
    on = [one for one in out if isinstance(one, Alert) and one.kind is Kind.ST_ELEVATION]
    assert [one.state for one in on] == [State.ON]
    assert 200 <= on[0].sample / RATE <= 222
    assert on[0].evidence["st_V3_change_uv"] == pytest.approx(450, abs=80)


def test_a_healthy_heart_raises_nothing_of_the_kind(bundle):
    mv = Heart().mv(180, noise_mv=0.02)
    t = np.arange(len(mv)) / RATE
    mv += 0.3 * np.sin(2 * np.pi * 0.25 * t)[:, None].astype(np.float32)
    _, out = through(bundle, mv, leads=FEW)
    assert not [one for one in out if isinstance(one, Alert) and not one.technical]


def test_age_and_sex_reach_the_thresholds(bundle):
    mv = Heart(st_mv={"V2": 0.19, "V3": 0.19}).mv(10)
    found = {}
    for name, person in (("woman", Person(50, Sex.FEMALE)), ("young man", Person(25, Sex.MALE))):
        found[name] = through(bundle, mv, person=person)[0].ischemia.scores()["stemi"]
    assert found["woman"] > 0.6 > 0.4 > found["young man"]


def test_the_patch_alone_gives_scores_too(bundle):
    engine = bundle.load(bundle.choose("litert"))
    pipeline, out = through(bundle, Heart().mv(12), leads=("II", "V1", "V5"), engine=engine)
    assert {str(origin) for origin in readings(out)[-1].levels.average.origin} == {"measured", "reconstructed"}
    assert pipeline.ischemia.scores()["mi_anterior"] is not None


def test_a_turn_of_the_body_lowers_what_st_says_until_qrs_is_as_it_was():
    straight = read(Heart())
    turned = read(Heart(r_mv={"I": 0.3, "II": 1.4, "V5": 0.7, "V6": 0.4}))
    position = Position()
    steady = [position.push(levels) for levels in [straight] * 4 + [turned] * 4 + [straight] * 3]
    assert steady[:4] == [1.0] * 4
    assert LEFT in steady[4:6]
    assert steady[6] == steady[7] == LEFT
    assert steady[-1] == 1.0
    assert BACK < SHIFT


def test_qrs_that_changes_slowly_is_no_turn():
    position = Position()
    amplitudes = np.linspace(1.2, 0.8, 24)  # over two minutes
    assert {position.push(read(Heart(r_mv={"V5": a, "V6": a}))) for a in amplitudes} == {1.0}


def test_a_turned_body_is_said_and_costs_confidence(bundle):
    from edge.st.reading import interpret

    levels = read(Heart(st_mv=ANTERIOR))
    steady, turned = (interpret(levels, Person(), None, factor) for factor in (1.0, LEFT))
    assert turned.turned
    assert not steady.turned
    up = [one.findings[Sign.ELEVATION].confidence for one in (steady, turned)]
    assert up[1] == pytest.approx(LEFT * up[0])


def test_one_reading_of_many_does_not_make_a_score():
    highest, usual = Running(highest=True), Running(highest=False)
    for k in range(20):
        for one in (highest, usual):
            one.push(0.9 if k == 7 else 0.1)
    assert highest.value == pytest.approx(0.1)
    assert usual.value == pytest.approx(0.1)


def test_a_quarter_of_a_minute_makes_the_highest_score_and_not_the_median():
    highest, usual = Running(highest=True), Running(highest=False)
    for k in range(20):
        for one in (highest, usual):
            one.push(0.9 if 7 <= k < 10 else 0.1)
    assert highest.value == pytest.approx(0.9)
    assert usual.value == pytest.approx(0.1, abs=0.002)


def test_without_any_reading_there_is_no_score():
    assert Running(highest=True).value is None
