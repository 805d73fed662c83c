"""ST elevation, ST depression and Q waves as alerts: only when sure, only when they last, never from a guess."""

from __future__ import annotations

from dataclasses import replace

import pytest
from st.st_heart import Heart, origins
from st.test_levels import read

from edge.alerts import AlertEngine, AlertSettings, Kind, Priority, State
from edge.blocks import Origin
from edge.person import Person
from edge.st.levels import Levels
from edge.st.own import OwnSt, Source
from edge.st.reading import interpret

RATE = 500
ANTERIOR = {"V2": 0.35, "V3": 0.4, "V4": 0.3}


@pytest.fixture(scope="module")
def usual() -> Levels:
    return read(Heart())


@pytest.fixture(scope="module")
def elevated() -> Levels:
    return read(Heart(st_mv=ANTERIOR))


def run(
    *stretches: tuple[Levels | None, float], settings: AlertSettings | None = None, own: OwnSt | None = None
) -> list:
    """Readings every five seconds: of these levels for so long, one stretch after the other; None: no reading."""
    engine = AlertEngine(("II", "V1", "V5"), RATE, settings)
    told, at_s = [], 0.0
    for levels, seconds in stretches:
        for _ in range(round(seconds / 5)):
            at_s += 5.0
            readings = []
            if levels is not None:
                now = replace(levels, average=replace(levels.average, sample=round(at_s * RATE)))
                readings = [interpret(now, Person(), own)]
            told += engine.push_st(readings, round(at_s * RATE))
    return told + engine.flush()


def test_st_elevation_is_told_when_it_has_lasted_a_minute(usual, elevated):
    (on,) = run((usual, 60), (elevated, 120))
    assert (on.kind, on.priority, on.state) == (Kind.ST_ELEVATION, Priority.HIGH, State.ON)
    assert on.onset == 65 * RATE
    assert on.sample == pytest.approx(125 * RATE, abs=RATE)


def test_what_lasts_less_than_a_minute_is_not_told(usual, elevated):
    assert run((usual, 60), (elevated, 50), (usual, 120)) == []


def test_it_ends_when_it_has_been_gone_for_a_minute(usual, elevated):
    on, off = run((elevated, 120), (usual, 120))
    assert off.state is State.OFF
    assert off.sample == pytest.approx(185 * RATE, abs=RATE)
    assert off.id == on.id


def test_the_evidence_names_each_lead_its_level_its_uncertainty_and_its_origin(elevated):
    (on,) = run((elevated, 120))
    assert on.evidence["st_V3_uv"] == pytest.approx(400, abs=60)
    assert 10 < on.evidence["st_V3_sd_uv"] < 50
    assert on.leads == dict.fromkeys(("V2", "V3", "V4"), Origin.MEASURED)


def test_a_lead_reconstructed_blind_raises_nothing():
    blind = read(Heart(st_mv={"V2": 0.5, "V3": 0.6}), origin=origins("II", "V1", "V5"))
    assert run((blind, 300)) == []


def test_with_a_measured_lead_beside_it_a_reconstructed_one_may():
    measured = {"V1": 0.3, "V2": 0.5, "V3": 0.5}
    (on,) = run((read(Heart(st_mv=measured), origin=origins("II", "V1", "V5")), 120))
    assert on.leads["V1"] is Origin.MEASURED
    assert on.leads["V2"] is Origin.RECONSTRUCTED


def test_two_readings_that_are_missing_change_nothing(elevated):
    assert len(run((elevated, 30), (None, 10), (elevated, 40))) == 1


def test_what_cannot_be_read_any_more_ends_as_unknown(elevated):
    on, off = run((elevated, 120), (None, 60))
    assert off.evidence["unknown_s"] > 20
    assert off.id == on.id


def test_a_long_silence_before_any_reading_raises_nothing():
    assert run((None, 120)) == []


def test_st_depression_is_of_medium_priority():
    low = read(Heart(st_mv={"V4": -0.15, "V5": -0.15}, t_mv={"V4": 0.05, "V5": 0.05}))
    told = {alert.kind: alert.priority for alert in run((low, 120))}
    assert told[Kind.ST_DEPRESSION] is Priority.MEDIUM


def test_q_waves_alone_are_of_low_priority_and_with_st_of_medium():
    old = Heart(q_mv={"II": 0.5, "I": -0.1}, q_sd_s=0.009)
    (on,) = [alert for alert in run((read(old), 120)) if alert.kind is Kind.MI]
    assert on.priority is Priority.LOW
    assert any(name.startswith("q_") for name in on.evidence)
    fresh = replace(old, st_mv={"II": 0.35, "I": 0.05})
    told = [alert for alert in run((read(fresh), 120)) if alert.kind is Kind.MI]
    assert told[0].priority is Priority.MEDIUM


def test_the_thresholds_are_settings(elevated):
    assert run((elevated, 120), settings=AlertSettings(st_s=150)) == []
    (on,) = run((elevated, 30), settings=AlertSettings(st_s=10))
    assert on.sample == 15 * RATE


@pytest.mark.parametrize(("v5_mv", "kind"), [(0.25, Kind.ST_ELEVATION), (-0.2, Kind.ST_DEPRESSION)])
def test_st_that_has_moved_in_one_measured_lead_is_of_medium_priority(usual, v5_mv, kind):
    moved = read(Heart(st_mv={"V5": v5_mv}, t_mv={"V5": 0.1}), origin=origins("II", "V1", "V5"))
    before = read(Heart(t_mv={"V5": 0.1}))
    own = OwnSt(before.st_j_mv, before.st_j60_mv, Source.RUNNING)
    (on,) = run((moved, 120), own=own)
    assert (on.kind, on.priority) == (kind, Priority.MEDIUM)
    assert on.leads == {"V5": Origin.MEASURED}
    assert on.evidence["st_V5_change_uv"] == pytest.approx(1000 * v5_mv, abs=40)
    assert run((moved, 120)) == []  # without a baseline it is one lead, and no neighbour
