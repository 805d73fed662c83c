"""An alert is true where the reference shows its kind near by, and false where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ec57.annotations import Annotations
from benchmarks.rhythm.false_alerts import AlertCount, events, poisson_interval
from benchmarks.rhythm.road import Told
from edge.alert import Alert, Kind, Priority, State
from edge.rhythm.emergency import Emergency
from edge.rhythm.rhythm import Label, Rhythm

RATE = 500


def reference(kinds: str, rr_s: float = 0.8, rhythms: dict[float, str] | None = None) -> Annotations:
    at = [(round((k + 1) * rr_s * 360), kind, "") for k, kind in enumerate(kinds)]
    at += [(round(t * 360), "+", label) for t, label in (rhythms or {}).items()]
    at.sort()
    columns = list(zip(*at, strict=True))
    return Annotations(360, np.array(columns[0]), list(columns[1]), list(columns[2]), length=at[-1][0] + 360)


def alert(kind: Kind, at_s: float, state: State = State.ON, number: int = 1) -> Alert:
    at = round(at_s * RATE)
    return Alert(f"{kind}-{number}", kind, Priority.HIGH, state, at, at - RATE, {})


def counted(alerts: list[Alert], marks: Annotations, hours: float = 1.0) -> AlertCount:
    count = AlertCount()
    count.add("100", Told(round(hours * 3600 * RATE), alerts=alerts), events(marks))
    return count


def test_a_run_of_ventricular_beats_makes_its_alert_true_and_nothing_else():
    marks = reference("N" * 20 + "VVVV" + "N" * 40)  # the run from 16.8 s on
    count = counted([alert(Kind.PVC_RUN, 20.0), alert(Kind.PVC_RUN, 45.0, number=2), alert(Kind.AF, 20.0)], marks)
    assert count.true == {"pvc_run": 1}
    assert count.false == {"pvc_run": 1, "af": 1}
    assert count.delays_s["pvc_run"] == [pytest.approx(20.0 - 16.8)]


def test_five_ventricular_beats_are_a_tachycardia_and_four_are_none():
    assert events(reference("N" * 9 + "VVVVV" + "N" * 9))["vt"]
    assert not events(reference("N" * 9 + "VVVV" + "N" * 9))["vt"]


def test_rhythm_labels_are_events_until_the_next_one():
    marks = reference("N" * 100, rhythms={10.0: "(AFIB", 50.0: "(N"})
    assert events(marks)["af"] == [(pytest.approx(10, abs=0.01), pytest.approx(50, abs=0.01))]


def test_an_interval_of_three_seconds_is_a_pause():
    marks = Annotations(360, np.array([360, 720, 720 + 1080, 2200]), list("NNNN"), length=2600)
    assert len(events(marks)["pause"]) == 1


def test_flutter_without_marked_beats_is_no_standstill():
    at, symbols = [360, 720, 800, 3500, 3600, 4000], ["N", "N", "[", "]", "N", "N"]
    marks = Annotations(360, np.array(at), symbols, length=4400)
    assert events(marks)["asystole"] == []
    assert len(events(marks)["vf"]) == 1


def test_an_alert_that_is_told_again_counts_once():
    again = [alert(Kind.AF, 20.0), alert(Kind.AF, 25.0), alert(Kind.AF, 30.0, State.OFF)]
    assert sum(counted(again, reference("N" * 60)).false.values()) == 1


def test_false_alerts_a_day_come_with_garwoods_interval():
    assert poisson_interval(0) == (0.0, pytest.approx(3.689, abs=0.001))  # -ln(0.025)
    low, high = poisson_interval(10)
    assert (low, high) == (pytest.approx(4.795, abs=0.001), pytest.approx(18.390, abs=0.001))  # Garwood 1936, table
    figures = counted([alert(Kind.AF, 20.0)], reference("N" * 60), hours=2.0).as_json()
    assert figures["kinds"]["af"]["false_per_day"] == 12.0


def test_an_emergency_counts_in_the_last_seconds_if_it_was_on_in_them():
    def told(*changes: tuple[float, bool]) -> Told:
        return Told(90 * RATE, emergencies=[Emergency("vt", on, round(t * RATE), 0) for t, on in changes])

    assert told((80, True)).on_within("vt", 16)
    assert told((40, True)).on_within("vt", 16)
    assert not told((40, True), (60, False)).on_within("vt", 16)
    assert told((40, True), (80, False)).on_within("vt", 16)
    assert not told((80, True)).on_within("vf", 16)


def test_the_share_of_the_unknown_is_of_the_time_asked_for():
    spans = [Rhythm(0, Label.SINUS, 1.0), Rhythm(50 * RATE, Label.UNKNOWN, 1.0), Rhythm(75 * RATE, Label.SINUS, 1.0)]
    told = Told(100 * RATE, rhythms=spans)
    assert told.unknown_share() == 0.25
    assert told.unknown_share(50, 100) == 0.5
