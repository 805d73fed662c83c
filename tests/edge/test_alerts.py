from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields

import pytest

from edge.alert_settings import RANGES
from edge.alerts import Alert, AlertEngine, AlertSettings, Kind, Priority, State
from edge.blocks import Origin
from edge.errors import Reason, UsageError
from edge.quality import Cause, Grade, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.legible import Legible

RATE = 500
LEADS = ("II", "V5")


def rhythm(intervals_s: Iterable[float], first_s: float = 0.5, after_gap: bool = True) -> list[Beat]:
    """A beat at `first_s` and one after each interval."""
    at = first_s
    beats = [Beat(round(at * RATE), "II", rr_ms=None if after_gap else 800.0)]
    for interval in intervals_s:
        at += interval
        beats.append(Beat(round(at * RATE), "II", rr_ms=1000 * interval))
    return beats


def steady(per_min: float, seconds: float, first_s: float = 0.5) -> list[Beat]:
    return rhythm([60 / per_min] * int(seconds * per_min / 60), first_s)


def report(second: int, score: float, cause: Cause = Cause.NOISE) -> QualityReport:
    grade = Grade.GOOD if score >= 0.5 else Grade.BAD
    return QualityReport(
        second * RATE, RATE, dict.fromkeys(LEADS, score), dict.fromkeys(LEADS, grade), dict.fromkeys(LEADS, cause)
    )


def run(engine: AlertEngine, until_s: float, beats: Iterable[Beat] = ()) -> list[Alert]:
    engine.push_beats(beats)
    return engine.advance(round(until_s * RATE), round(until_s * RATE))


def changes(alerts: list[Alert]) -> list[tuple[str, str]]:
    return [(str(alert.kind), str(alert.state)) for alert in alerts]


# asystole and pause


def test_an_asystole_is_told_while_it_lasts() -> None:
    engine = AlertEngine(LEADS, RATE)
    beats = steady(60, 10)
    run(engine, 10.6, beats)
    assert run(engine, 10.5 + 3.9) == []
    (alert,) = run(engine, 10.5 + 4.2)
    assert (alert.kind, alert.priority, alert.state) == (Kind.ASYSTOLE, Priority.HIGH, State.ON)
    assert alert.onset == beats[-1].sample
    assert alert.evidence["silence_s"] == pytest.approx(4.0, abs=0.11)
    assert alert.leads == dict.fromkeys(LEADS, Origin.MEASURED)
    assert not alert.technical


@pytest.mark.parametrize(("lost_s", "told"), [(0.02, True), (0.5, False)])
def test_silence_goes_on_through_losses_too_short_to_hide_a_beat(lost_s: float, told: bool) -> None:
    engine = AlertEngine(LEADS, RATE)
    for k in range(20):
        engine.push_gap(round((10 + k) * RATE), round(lost_s * RATE))
    found = run(engine, 20, steady(60, 10))
    assert ("asystole" in {str(alert.kind) for alert in found}) == told


@pytest.mark.parametrize("silence_s", [3.0, 3.9, 3.99, 4.0, 4.02, 4.04, 4.08, 4.1, 5.0])
def test_no_silence_falls_between_pause_and_asystole(silence_s: float) -> None:
    engine = AlertEngine(LEADS, RATE)
    before = steady(60, 10)
    found = run(engine, 22, [*before, *rhythm([silence_s, *[1.0] * 10], before[-1].sample / RATE)[1:]])
    told = [str(alert.kind) for alert in found if alert.state is State.ON]
    assert told in (["pause"], ["asystole"])


def test_an_asystole_ends_when_beats_are_back_and_the_next_one_is_told_again() -> None:
    engine = AlertEngine(LEADS, RATE)
    beats = [*steady(60, 10), *steady(60, 10, first_s=16.5)]
    found = run(engine, 40, beats)
    assert changes(found) == [("asystole", "on"), ("asystole", "off"), ("asystole", "on")]
    assert [alert.id for alert in found] == ["asystole-1", "asystole-1", "asystole-2"]


def test_there_is_no_asystole_before_a_heart_was_seen() -> None:
    assert run(AlertEngine(LEADS, RATE), 60) == []


def test_a_pause_is_told_once_with_its_length() -> None:
    engine = AlertEngine(LEADS, RATE)
    beats = rhythm([0.8] * 10 + [3.4] + [0.8] * 20)
    found = run(engine, 25, beats)
    assert changes(found) == [("pause", "on"), ("pause", "off")]
    assert found[0].evidence == {"rr_s": 3.4}
    assert found[0].onset == round(8.5 * RATE)


def test_an_interval_just_short_of_a_pause_is_none() -> None:
    assert run(AlertEngine(LEADS, RATE), 22, rhythm([0.8] * 10 + [2.9] + [0.8] * 10)) == []


def test_no_second_pause_is_told_in_the_hold_off() -> None:
    intervals = ([0.8] * 15 + [3.4]) * 6  # a pause every 15 s
    engine = AlertEngine(LEADS, RATE, AlertSettings(hold_off_s=40))
    on = [alert.sample for alert in run(engine, 95, rhythm(intervals)) if alert.state is State.ON]
    assert len(on) == 2
    assert on[1] - on[0] >= 40 * RATE


# rate


def test_a_bradycardia_needs_to_last() -> None:
    engine = AlertEngine(LEADS, RATE)
    found = run(engine, 60, steady(40, 60))
    assert changes(found) == [("bradycardia", "on")]
    assert found[0].evidence == {"rate_per_min": pytest.approx(40, abs=0.5)}
    assert found[0].sample - found[0].onset >= 10 * RATE
    short = rhythm([0.8] * 10 + [1.5] * 6 + [0.8] * 20)
    assert run(AlertEngine(LEADS, RATE), 30, short) == []


def test_a_rate_that_sways_about_the_limit_is_one_alert() -> None:
    swaying = ([60 / 47] * 12 + [60 / 53] * 12) * 8
    found = run(AlertEngine(LEADS, RATE), 220, rhythm(swaying))
    assert changes(found) == [("bradycardia", "on")]


def test_a_tachycardia_comes_and_goes() -> None:
    beats = rhythm([60 / 140] * 60 + [60 / 80] * 40)
    found = run(AlertEngine(LEADS, RATE), 55, beats)
    assert changes(found) == [("tachycardia", "on"), ("tachycardia", "off")]
    assert found[1].evidence["rate_per_min"] < 110


def test_the_limits_can_be_set() -> None:
    settings = AlertSettings(tachycardia_per_min=150, tachycardia_off_per_min=140)
    assert run(AlertEngine(LEADS, RATE, settings), 40, steady(140, 40)) == []


# the gate


def test_a_silence_across_a_gap_is_no_asystole() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_gap(round(12 * RATE), RATE // 2)
    found = run(engine, 16.4, steady(60, 10))
    assert found == [], "3.9 s since the gap"
    assert changes(run(engine, 16.8)) == [("asystole", "on")], "4 s without a beat after the gap"


def test_an_interval_across_a_gap_is_no_pause() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_gap(round(10 * RATE), RATE // 2)
    beats = [*steady(75, 8), *rhythm([0.8] * 10, first_s=11.9)]
    assert run(engine, 22, beats) == []


def test_nothing_of_the_wearer_is_told_from_rubbish() -> None:
    engine = AlertEngine(LEADS, RATE)
    for second in range(60):
        engine.push_quality(report(second, 0.02))
    found = run(engine, 60, steady(170, 30))  # and then silence
    assert {alert.kind for alert in found} == {Kind.POOR_SIGNAL}


def test_one_readable_lead_is_enough() -> None:
    engine = AlertEngine(LEADS, RATE)
    for second in range(30):
        good = report(second, 0.9)
        engine.push_quality(
            QualityReport(good.start, RATE, {"II": 0.9, "V5": 0.0}, good.grades, {"II": Cause.NONE, "V5": Cause.LOST})
        )
    assert changes(run(engine, 30, steady(60, 20))) == [("asystole", "on")]


def test_a_lead_without_complexes_is_no_reason_to_doubt_an_asystole() -> None:
    engine = AlertEngine(LEADS, RATE)
    for second in range(30):
        engine.push_quality(report(second, 0.9 if second < 12 else 0.0, Cause.WEAK))
    assert ("asystole", "on") in changes(run(engine, 30, steady(60, 10)))


def test_a_silence_with_all_electrodes_off_is_told_of_the_electrodes_only() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_electrodes(round(10.7 * RATE), LEADS)
    found = run(engine, 40, steady(60, 10))
    assert {alert.kind for alert in found} == {Kind.ELECTRODE_OFF}
    assert {tuple(alert.leads) for alert in found} == {("II",), ("V5",)}


def test_an_alert_whose_signal_is_lost_ends_as_unknown() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_electrodes(round(35 * RATE), LEADS)
    found = [alert for alert in run(engine, 60, steady(140, 34)) if not alert.technical]
    assert changes(found) == [("tachycardia", "on"), ("tachycardia", "off")]
    assert found[1].evidence["unknown_s"] == pytest.approx(10, abs=0.2)


# equipment


def test_an_electrode_off_is_told_by_lead_and_ends() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_electrodes(5 * RATE, ["V5"])
    engine.push_electrodes(20 * RATE, [])
    found = run(engine, 30, steady(70, 30))
    assert changes(found) == [("electrode_off", "on"), ("electrode_off", "off")]
    assert all(alert.technical and alert.id == "electrode_off-V5-1" for alert in found)


def test_a_tug_at_the_cable_is_not_told() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_electrodes(5 * RATE, ["V5"])
    engine.push_electrodes(round(5.6 * RATE), [])
    assert run(engine, 20, steady(70, 20)) == []


def test_a_long_gap_in_pieces_is_one_alert_with_its_whole_length() -> None:
    engine = AlertEngine(LEADS, RATE)
    for second in range(5, 12):
        engine.push_gap(second * RATE, RATE)
    found = run(engine, 20, steady(70, 4))
    found += run(engine, 30, steady(70, 10, first_s=12.2))
    assert changes([alert for alert in found if alert.technical]) == [("gap", "on"), ("gap", "off")]
    assert found[0].onset == 5 * RATE
    assert next(alert for alert in found if alert.state is State.OFF).evidence == {"lost_s": 7.0}


def test_short_losses_are_not_told() -> None:
    engine = AlertEngine(LEADS, RATE)
    for second in range(5, 25):
        engine.push_gap(second * RATE, 50)
    assert run(engine, 30, steady(70, 30)) == []


def test_a_lost_link_is_told_at_once_and_its_return_too() -> None:
    engine = AlertEngine(LEADS, RATE)
    run(engine, 10)
    assert changes(engine.push_link(10 * RATE, False)) == [("disconnected", "on")]
    assert changes(engine.push_link(10 * RATE, True)) == [("disconnected", "off")]


def test_a_low_battery_is_told_once_until_it_was_charged() -> None:
    engine = AlertEngine(LEADS, RATE, AlertSettings(hold_off_s=0))
    for second, percent in enumerate([30, 14, 16, 14, 21, 14]):
        engine.push_battery(10 * RATE * second, percent)
    found = [alert for alert in run(engine, 60, steady(70, 60)) if alert.kind is Kind.BATTERY]
    assert changes(found) == [("battery", "on"), ("battery", "off"), ("battery", "on")]


def test_poor_signal_is_told_after_a_while_and_ends() -> None:
    engine = AlertEngine(LEADS, RATE)
    for second in range(30):
        engine.push_quality(report(second, 0.9 if second < 5 or second > 15 else 0.0))
    found = run(engine, 30, steady(70, 30))
    assert changes(found) == [("poor_signal", "on"), ("poor_signal", "off")]


# the engine


def test_the_alerts_do_not_depend_on_how_often_the_stream_advances() -> None:
    def feed(engine: AlertEngine, step_s: float) -> list[Alert]:
        beats = [*rhythm([0.8] * 10 + [3.4] + [0.8] * 10), *steady(140, 20, first_s=31), *steady(40, 30, first_s=60)]
        engine.push_gap(25 * RATE, 2 * RATE)
        engine.push_electrodes(55 * RATE, ["V5"])
        engine.push_beats(beats)
        found: list[Alert] = []
        for k in range(1, int(100 / step_s) + 1):
            found += engine.advance(round(k * step_s * RATE), round(k * step_s * RATE))
        return sorted(found, key=lambda alert: (alert.sample, alert.id))

    whole = feed(AlertEngine(LEADS, RATE), 100)
    assert len(whole) >= 8
    assert feed(AlertEngine(LEADS, RATE), 0.1) == whole
    assert feed(AlertEngine(LEADS, RATE), 0.37)[: len(whole)] == whole


def test_an_acknowledged_alert_stays_until_it_ends() -> None:
    engine = AlertEngine(LEADS, RATE)
    (on,) = run(engine, 20, steady(140, 20))
    (seen,) = engine.acknowledge(on.id)
    assert (seen.id, seen.state) == (on.id, State.ACKNOWLEDGED)
    assert engine.active == (seen,)
    assert engine.acknowledge(on.id) == []
    assert engine.acknowledge("asystole-7") == []


def test_all_that_is_to_be_seen_can_be_acknowledged_at_once() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_electrodes(0, ["V5"])
    run(engine, 30, steady(140, 20))
    before = engine.active
    seen = engine.acknowledge_all()
    assert {alert.id for alert in seen} == {alert.id for alert in before}
    assert len(seen) == 3
    assert engine.acknowledge_all() == []


@pytest.mark.parametrize("latch", [True, False])
def test_an_asystole_that_is_over_is_shown_until_it_is_acknowledged(latch: bool) -> None:
    engine = AlertEngine(LEADS, RATE, AlertSettings(latch_high=latch))
    found = run(engine, 40, [*steady(60, 10), *steady(60, 30, first_s=16.5)])
    assert changes(found) == [("asystole", "on"), ("asystole", "off")]
    assert [(alert.kind, alert.state) for alert in engine.active] == [(Kind.ASYSTOLE, State.OFF)] * latch
    assert changes(engine.acknowledge("asystole-1")) == [("asystole", "acknowledged")] * latch
    assert engine.active == ()


def test_pauses_are_told_so_often_an_hour_and_the_rest_are_counted() -> None:
    engine = AlertEngine(LEADS, RATE, AlertSettings(repeats_per_hour=2, hold_off_s=0))
    found = run(engine, 100, rhythm(([0.8] * 15 + [3.4]) * 6 + [0.8] * 10))
    assert [alert.id for alert in found if alert.state is State.ON] == ["pause-1", "pause-2"]
    assert engine.suppressed == {"pause": 4}


def test_the_most_urgent_alert_stands_first() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_electrodes(0, ["V5"])
    run(engine, 30, steady(140, 20))
    assert [alert.kind for alert in engine.active][:2] == [Kind.ASYSTOLE, Kind.TACHYCARDIA]


def test_an_alert_can_be_written_as_json() -> None:
    (alert,) = run(AlertEngine(LEADS, RATE), 20, steady(140, 20))
    fields = json.loads(json.dumps(alert.fields()))
    assert fields["kind"] == "tachycardia"
    assert fields["leads"] == {"II": "measured", "V5": "measured"}
    assert fields["strip"] is None


def test_the_end_of_the_stream_leaves_no_beat_unjudged() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_beats(rhythm([0.8] * 10 + [3.4]))
    engine.advance(12 * RATE)
    assert changes(engine.flush()) == [("pause", "on")]


# settings


def test_every_setting_has_a_range_or_is_a_flag() -> None:
    assert {*RANGES, "latch_high"} == {field.name for field in fields(AlertSettings)}


def test_settings_come_from_a_table() -> None:
    assert AlertSettings.from_table({"pause_s": 2.5}).pause_s == 2.5
    assert AlertSettings.from_table({}) == AlertSettings()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"pauses": 3}, "unknown key 'pauses'"),
        ({"pause_s": "long"}, "pause_s is 'long': it must be a number from 1.5 to 30"),
        ({"pause_s": True}, "pause_s is True: it must be a number"),
        ({"pause_s": float("nan")}, "pause_s is nan: it must be a number"),
        ({"pause_s": 5}, "pause_s is 5: it must be less than asystole_s"),
        ({"bradycardia_per_min": 60}, "bradycardia_per_min is 60: it must be less than bradycardia_off_per_min"),
        ({"af_off": 0.9}, "af_off is 0.9: it must be less than af_on (0.8)"),
        ({"af_s": 5}, "af_s is 5: it must be a number from 10 to 600"),
        ({"vt_beats": 5.5}, "vt_beats is 5.5: it must be a whole number from 3 to 100"),
        ({"vt_beats": 3, "pvc_run_beats": 4}, "pvc_run_beats is 4: it must be no more than vt_beats (3)"),
        ({"extreme_bradycardia_per_min": 51}, "it must be no more than bradycardia_per_min (50)"),
        ({"extreme_tachycardia_per_min": 115}, "tachycardia_per_min is 120.0: it must be no more than extreme_"),
        ({"pvc_burden_off_percent": 10}, "it must be less than pvc_burden_percent (10)"),
        ({"repeats_per_hour": 0}, "repeats_per_hour is 0: it must be a number from 1 to 3600"),
        ({"latch_high": 1}, "latch_high is 1: it must be true or false"),
        ([1, 2], "must be a table"),
    ],
)
def test_settings_that_make_no_sense_name_the_key_and_the_rule(table: object, says: str) -> None:
    with pytest.raises(UsageError, match=r"edge\.toml: alerts") as caught:
        AlertSettings.from_table(table, "edge.toml: alerts")
    assert says in str(caught.value)
    assert caught.value.reason is Reason.CONFIG


# what the waveform says of the silence


def window(second: int, legible: float = 1.0, vf: float = 0.0) -> Legible:
    return Legible(second * RATE, legible, legible, vf, 0.0)


def test_faint_beats_are_no_end_of_a_standstill() -> None:
    engine = AlertEngine(LEADS, RATE)
    faint = [Beat(round((11.5 + k) * RATE), "II", rr_ms=1000.0, strength=0.15) for k in range(8)]
    assert (Kind.ASYSTOLE, State.ON) in [(a.kind, a.state) for a in run(engine, 18.0, [*steady(60, 10), *faint])]


def test_what_fibrillates_is_neither_still_nor_pausing() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_readings([window(k, vf=0.9 if k >= 12 else 0.0) for k in range(1, 30)])
    told = run(engine, 29.0, [*steady(60, 10), Beat(15 * RATE, "II", rr_ms=4500.0)])
    assert not {Kind.ASYSTOLE, Kind.PAUSE} & {alert.kind for alert in told}


def test_a_standstill_after_a_fibrillation_is_told_four_seconds_later() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_readings([window(k, vf=0.9 if 12 <= k <= 18 else 0.0) for k in range(1, 30)])
    on = next(alert for alert in run(engine, 29.0, steady(60, 10)) if alert.kind is Kind.ASYSTOLE)
    assert on.sample / RATE == pytest.approx(22.0, abs=0.2)


@pytest.mark.parametrize("legible", [0.05, 0.9])
def test_from_what_motion_has_drawn_no_standstill_and_no_pause_is_told(legible: float) -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_readings([window(k, legible) for k in range(1, 30)])
    beats = [*steady(60, 10), Beat(14 * RATE, "II", rr_ms=3500.0), *steady(60, 6, 15.0)]
    told = {alert.kind for alert in run(engine, 29.0, beats)}
    assert ({Kind.ASYSTOLE, Kind.PAUSE} <= told) == (legible > 0.5)


def test_a_rate_in_motion_is_unknown_after_a_while() -> None:
    engine = AlertEngine(LEADS, RATE)
    engine.push_readings([window(k, 0.9 if k < 40 else 0.05) for k in range(1, 70)])
    told = [alert for alert in run(engine, 69.0, steady(40, 69)) if alert.kind is Kind.BRADYCARDIA]
    assert [alert.state for alert in told] == [State.ON, State.OFF]
    assert told[1].evidence["unknown_s"] == pytest.approx(10.0, abs=0.2)
