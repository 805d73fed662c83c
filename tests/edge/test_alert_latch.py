"""One alert's states, by hand: a latch that is told at each sample what holds, ten samples a second."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from edge.alert import Alert, Kind, Priority, State
from edge.alert_latch import Latch, Policy

S = 10  # samples a second
HOUR = 3600 * S


def latch(
    kind: Kind = Kind.TACHYCARDIA, *, after: int = 0, clear: int = 0, hold_off: int = 0, policy: Policy | None = None
) -> Latch:
    return Latch(kind, after, clear, hold_off, policy=policy or Policy())


def play(
    of: Latch, holding: Iterable[tuple[float, float]], until_s: float, priority: Priority | None = None
) -> list[Alert]:
    """What `of` tells while the condition holds from one moment to another (s), again and again."""
    spans = [(round(a * S), round(b * S)) for a, b in holding]
    found: list[Alert] = []
    for now in range(round(until_s * S)):
        holds = any(a <= now < b for a, b in spans)
        found += of.update(now, holds, not holds, {"rate_per_min": 130.0}, priority=priority)
    return found


def told(alerts: Iterable[Alert]) -> list[tuple[str, str, float]]:
    return [(alert.id.rsplit("-", 1)[1], str(alert.state), alert.sample / S) for alert in alerts]


# duration and hold-off


def test_a_condition_is_told_when_it_has_lasted_and_its_onset_is_where_it_began() -> None:
    (on,) = play(latch(after=5 * S), [(2, 20)], 10)
    assert (on.sample, on.onset) == (7 * S, 2 * S)


def test_a_condition_that_breaks_off_begins_anew() -> None:
    assert play(latch(after=5 * S), [(2, 6), (6.5, 11)], 11) == []


def test_an_alert_ends_when_the_condition_has_been_gone_for_long_enough_without_a_break() -> None:
    found = play(latch(clear=3 * S), [(1, 5), (7, 8)], 20)
    assert told(found) == [("1", "on", 1), ("1", "off", 11)]


def test_between_the_two_limits_an_alert_that_is_on_stays_and_none_begins() -> None:
    of = latch(clear=2 * S)
    assert of.update(0, False, False, {}) == []
    (on,) = of.update(1, True, False, {})
    for now in range(2, 100):
        assert of.update(now, False, False, {}) == []
    assert of.active == on


def test_no_alert_begins_in_the_hold_off_and_one_that_still_holds_begins_after_it() -> None:
    found = play(latch(hold_off=10 * S), [(1, 3), (5, 7), (9, 30)], 20)
    assert told(found) == [("1", "on", 1), ("1", "off", 3), ("2", "on", 13)]
    assert found[2].onset == 9 * S


# the limit on repeats


def test_only_so_many_are_told_in_an_hour_and_the_next_one_carries_the_count_of_the_others() -> None:
    of = latch(policy=Policy(repeats=3, hour=HOUR))
    found = play(of, [(60 * k, 60 * k + 10) for k in range(70)], 4200)
    on = [alert for alert in found if alert.state is State.ON]
    assert [alert.sample // (60 * S) for alert in on] == [0, 1, 2, 60, 61, 62]
    assert [alert.evidence.get("suppressed_count") for alert in on] == [None, None, None, 57, None, None]
    assert of.suppressed == 57 + 7


def test_every_alert_that_is_told_ends_and_no_other_one_does() -> None:
    found = play(latch(policy=Policy(repeats=3, hour=HOUR)), [(60 * k, 60 * k + 10) for k in range(70)], 4200)
    assert [alert.id for alert in found if alert.state is State.ON] == [
        alert.id for alert in found if alert.state is State.OFF
    ]


def test_one_beyond_the_limit_that_goes_on_is_told_as_soon_as_the_limit_allows_it() -> None:
    of = latch(policy=Policy(repeats=1, hour=HOUR))
    found = play(of, [(10, 20), (100, 5000)], 5000)
    assert told(found) == [("1", "on", 10), ("1", "off", 20), ("2", "on", 3610)]
    assert found[2].onset == 100 * S
    assert "suppressed_count" not in found[2].evidence, "it was late and not left out"
    assert of.suppressed == 0


@pytest.mark.parametrize("kind", [Kind.ASYSTOLE, Kind.VF, Kind.VT])
def test_high_priority_knows_no_limit(kind: Kind) -> None:
    found = play(latch(kind, policy=Policy(repeats=2, hour=HOUR)), [(60 * k, 60 * k + 10) for k in range(30)], 1800)
    assert len(found) == 60


def test_one_beyond_the_limit_is_told_when_it_becomes_one_of_high_priority() -> None:
    of = latch(policy=Policy(repeats=1, hour=HOUR))
    play(of, [(1, 2), (4, 100)], 10)
    assert of.silent
    (on,) = of.update(10 * S, True, False, {"rate_per_min": 190.0}, priority=Priority.HIGH)
    assert (on.priority, on.onset, on.evidence) == (Priority.HIGH, 4 * S, {"rate_per_min": 190.0})


def test_an_equipments_fault_beyond_the_limit_is_told_when_it_lasts() -> None:
    of = latch(Kind.ELECTRODE_OFF, policy=Policy(repeats=1, hour=HOUR, lasting=60 * S))
    found = play(of, [(1, 5), (10, 50), (100, 500)], 200)
    assert told(found) == [("1", "on", 1), ("1", "off", 5), ("3", "on", 160)]
    assert found[2].evidence["suppressed_count"] == 1


# priority by evidence


def test_the_evidence_may_raise_the_priority_of_an_alert_that_begins() -> None:
    (on,) = play(latch(), [(1, 5)], 3, Priority.HIGH)
    assert on.priority is Priority.HIGH


def test_an_alert_that_rises_is_told_again_under_its_name_and_never_falls() -> None:
    of = latch()
    (on,) = of.update(0, True, False, {"rate_per_min": 130.0})
    of.acknowledge(1)
    (higher,) = of.update(2, True, False, {"rate_per_min": 190.0}, priority=Priority.HIGH)
    assert (higher.id, higher.state, higher.priority) == (on.id, State.ON, Priority.HIGH), "to be seen anew"
    assert of.update(3, True, False, {"rate_per_min": 130.0}) == []
    assert of.update(4, True, False, {"rate_per_min": 130.0}, priority=Priority.LOW) == []
    (off,) = of.update(5, False, True, {"rate_per_min": 100.0})
    assert off.priority is Priority.HIGH


# acknowledgement and latching


LATCHES = Policy(latches_high=True)


def test_a_latched_alert_says_when_it_is_over_and_is_shown_until_it_is_acknowledged() -> None:
    of = latch(Kind.ASYSTOLE, policy=LATCHES)
    found = play(of, [(1, 5)], 60)
    assert told(found) == [("1", "on", 1), ("1", "off", 5)]
    assert of.active is None
    assert of.shown == found[1]
    (seen,) = of.acknowledge(60 * S)
    assert (seen.id, seen.state, seen.sample) == ("asystole-1", State.ACKNOWLEDGED, 60 * S)
    assert of.shown is None
    assert of.acknowledge(61 * S) == []


def test_what_was_acknowledged_while_it_was_on_is_done_with_when_it_is_over() -> None:
    of = latch(Kind.ASYSTOLE, policy=LATCHES)
    play(of, [(1, 100)], 5)
    assert len(of.acknowledge(5 * S)) == 1
    assert of.shown is not None
    of.end(6 * S, {})
    assert of.shown is None


def test_a_new_alert_takes_the_place_of_a_latched_one() -> None:
    of = latch(Kind.ASYSTOLE, policy=LATCHES)
    play(of, [(1, 5), (8, 100)], 10)
    assert of.shown is of.active
    (seen,) = of.acknowledge(10 * S)
    assert seen.id == "asystole-2"


@pytest.mark.parametrize(
    ("kind", "policy"),
    [(Kind.TACHYCARDIA, LATCHES), (Kind.ELECTRODE_OFF, LATCHES), (Kind.ASYSTOLE, Policy(latches_high=False))],
)
def test_what_is_not_high_or_not_the_wearers_or_not_to_latch_is_gone_when_it_is_over(
    kind: Kind, policy: Policy
) -> None:
    of = latch(kind, policy=policy)
    assert len(play(of, [(1, 5)], 10)) == 2
    assert of.shown is None
    assert of.acknowledge(10 * S) == []


def test_one_that_is_not_told_is_not_shown_and_cannot_be_acknowledged() -> None:
    of = latch(policy=Policy(repeats=1, hour=HOUR))
    play(of, [(1, 2), (4, 100)], 10)
    assert of.shown is None
    assert of.acknowledge(10 * S) == []


def test_no_change_comes_before_the_last_one() -> None:
    of = latch()
    of.update(0, True, False, {})
    (seen,) = of.acknowledge(50)  # the signal's end, which is ahead of what is known of the beats
    (off,) = of.update(40, False, True, {})
    assert (seen.sample, off.sample) == (50, 50)
