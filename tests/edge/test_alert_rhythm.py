"""What the rhythm raises: fibrillation and ventricular tachycardia while they last, ectopy as it comes."""

from __future__ import annotations

from edge.alerts import AlertEngine, AlertSettings, Kind, Priority, State
from edge.quality import Cause, Grade, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.ectopy import Ectopy
from edge.rhythm.legible import Legible
from edge.rhythm.rhythm import Label
from edge.rhythm.rhythms import Span

RATE = 500


def heard(kinds: str, rr_s: float = 0.5, start_s: float = 0.0) -> list:
    """Beats a letter, and what ectopy they make."""
    at = [round((start_s + rr_s * (k + 1)) * RATE) for k in range(len(kinds))]
    beats = [Beat(t, "II", kind, 1000 * rr_s if k else None) for k, (t, kind) in enumerate(zip(at, kinds, strict=True))]
    ectopy = Ectopy()
    return [*beats, *ectopy.push(beats), *ectopy.flush()]


def run(
    readings: list,
    seconds: float,
    settings: AlertSettings | None = None,
    unreadable_from_s: float = 1e9,
    score_then: float = 0.0,
) -> list:
    engine = AlertEngine(("II",), RATE, settings)
    for second in range(int(seconds)):
        fine = second < unreadable_from_s
        score, grade = (1.0, Grade.GOOD) if fine else (score_then, Grade.BAD)
        cause = Cause.NONE if fine else Cause.NOISE
        engine.push_quality(QualityReport(second * RATE, RATE, {"II": score}, {"II": grade}, {"II": cause}))
    engine.push_readings(readings)
    told = engine.advance(int(seconds * RATE), int(seconds * RATE), int(seconds * RATE)) + engine.flush()
    return [alert for alert in told if not alert.technical]


def kinds(alerts: list, state: State = State.ON) -> list[Kind]:
    return [alert.kind for alert in alerts if alert.state is state]


def test_ventricular_tachycardia_is_told_with_its_onset_and_ends_when_it_is_over():
    numbers = {"rate_per_min": 180.0}
    spans = [Span(20 * RATE, Label.VT, True, 17 * RATE, 0.9, numbers), Span(40 * RATE, Label.VT, False, 38 * RATE)]
    on, off = run(spans, 60)
    assert (on.kind, on.priority, on.onset, dict(on.evidence)) == (Kind.VT, Priority.HIGH, 17 * RATE, numbers)
    assert off.state is State.OFF
    assert off.sample >= 40 * RATE


def test_fibrillation_knows_no_hold_off():
    spans = []
    for start in (10, 25, 40):
        spans += [Span(start * RATE, Label.VF, True, start * RATE), Span((start + 5) * RATE, Label.VF, False, 0)]
    assert kinds(run(spans, 60)) == [Kind.VF] * 3


def test_atrial_fibrillation_is_of_medium_priority():
    (on,) = run([Span(40 * RATE, Label.AF, True, 10 * RATE, 0.95)], 60)
    assert (on.kind, on.priority) == (Kind.AF, Priority.MEDIUM)


def test_two_ventricular_beats_are_a_couplet_and_three_a_run():
    assert kinds(run(heard("NNNVVNNNN"), 30)) == [Kind.COUPLET]
    (on, _) = run(heard("NNNVVVNNNN"), 30)
    assert on.kind is Kind.PVC_RUN
    assert on.evidence["beats"] == 3


def test_a_run_within_a_tachycardia_is_told_as_the_tachycardia_alone():
    readings = [Span(1 * RATE, Label.VT, True, 1 * RATE), *heard("NNNVVVVVVNN")]
    assert kinds(run(readings, 30)) == [Kind.VT]


def test_bigeminy_is_told_once_while_it_lasts():
    told = run(heard("NNVNVNVNVNVNVNNNN"), 30)
    assert kinds(told) == [Kind.BIGEMINY]
    assert kinds(told, State.OFF) == [Kind.BIGEMINY]


def test_a_burden_is_told_when_enough_beats_were_seen():
    some = AlertSettings(pvc_burden_least_beats=100, bigeminy_cycles=50)
    assert kinds(run(heard("NNNV" * 40), 100, some)) == [Kind.PVC_BURDEN]
    assert kinds(run(heard("NNNV" * 20), 60, some)) == []


def test_what_cannot_be_seen_any_more_is_not_told_as_going_on():
    spans = [Span(20 * RATE, Label.AF, True, 10 * RATE)]
    _, off = run(spans, 90, unreadable_from_s=40)
    assert off.state is State.OFF
    assert off.evidence["unknown_s"] >= 10


def test_ectopy_and_atrial_fibrillation_are_not_told_from_a_signal_without_shapes():
    readings = [Span(12 * RATE, Label.AF, True, 2 * RATE), *heard("NNNVVVNVVNNVNVNVNVN", start_s=10)]
    assert run(readings, 40, unreadable_from_s=5, score_then=0.37) == []
    assert Kind.AF in kinds(run(readings, 40))


def test_fibrillation_has_no_shapes_and_is_told():
    spans = [Span(20 * RATE, Label.VF, True, 18 * RATE)]
    assert kinds(run(spans, 40, unreadable_from_s=18, score_then=0.37)) == [Kind.VF]


def test_alerts_are_the_same_however_the_readings_came():
    readings = sorted(
        [*heard("NNVNVNVNVVNNNVVVNNN" * 3), Span(20 * RATE, Label.VT, True, 18 * RATE)],
        key=lambda one: getattr(one, "told", one.sample if hasattr(one, "sample") else 0),
    )
    whole = run(readings, 40)
    engine = AlertEngine(("II",), RATE)
    for second in range(40):
        engine.push_quality(QualityReport(second * RATE, RATE, {"II": 1.0}, {"II": Grade.GOOD}, {"II": Cause.NONE}))
    pieces: list = []
    for tenth in range(400):
        to = (tenth + 1) * RATE // 10
        part = [one for one in readings if to - RATE // 10 <= getattr(one, "told", getattr(one, "sample", 0)) < to]
        engine.push_readings(part)
        pieces += engine.advance(to, to, to)
    pieces += engine.flush()
    assert [a for a in pieces if not a.technical] == whole


def test_ectopy_and_fibrillation_of_the_atria_need_beats_that_can_be_believed():
    af = Span(20 * RATE, Label.AF, True, 20 * RATE)
    for probability, told in ((0.9, {Kind.COUPLET, Kind.BIGEMINY, Kind.PVC_RUN, Kind.AF}), (0.3, set())):
        windows = [Legible(k * RATE, probability, probability, 0.0, 0.0) for k in range(1, 60)]
        readings = [*windows, *heard("NNVVNNVNVNVNVNNVVVVNN"), af]
        assert set(kinds(run(readings, 60))) == told
