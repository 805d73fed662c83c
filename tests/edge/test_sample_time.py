"""Patches whose clocks drift, behind lines that delay: simulated, so that the truth is known."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge.clock_fit import MAX_DRIFT, ClockFit
from edge.host_clock import UtcAnchor, now_ns
from edge.run_clock import TELL_AFTER_S, RunClock
from edge.sample_time import SampleTime
from edge.timeline import Chunk

MESSAGE_S = 0.02
BOOTED_S = 5000.0  # the host's clock when the patch's shows 0

Delay = Callable[[float, np.random.Generator], float]
DELAYS: dict[str, Delay] = {  # s, by the time of sending
    "even": lambda at_s, rng: rng.uniform(0, 0.05),
    "long tail": lambda at_s, rng: rng.exponential(0.05),
    "connection interval": lambda at_s, rng: 0.05 - at_s % 0.05 + rng.uniform(0, 0.002),
}


def heard(seconds: float, drift: float, delay: Delay, seed: int = 1) -> Iterator[tuple[float, float, float]]:
    """Of each message: the patch's clock, the host's when it was sent, and when it came."""
    rng = np.random.default_rng(seed)
    for k in range(round(seconds / MESSAGE_S)):
        sent_s = BOOTED_S + k * MESSAGE_S * (1 + drift)
        yield k * MESSAGE_S, sent_s, sent_s + delay(sent_s, rng)


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_after_a_minute_the_time_of_a_sample_is_known_to_milliseconds_and_never_runs_backwards(ppm, delay):
    time, before, worst_s = SampleTime(), 0.0, 0.0
    for clock_s, sent_s, came_s in heard(300, ppm * 1e-6, DELAYS[delay]):
        time.heard(clock_s, clock_s, came_s)
        if time.known:
            said = time.host_s(clock_s)
            assert said > before
            before = said
        if clock_s > 70:
            worst_s = max(worst_s, abs(said - sent_s))
    assert worst_s < 0.003
    assert time.drift_ppm == pytest.approx(ppm, abs=5)


def test_what_was_said_of_a_sample_is_said_again():
    time, said = SampleTime(), {}
    for clock_s, _, came_s in heard(120, 150e-6, DELAYS["even"]):
        time.heard(clock_s, clock_s, came_s)
        if time.known and round(clock_s / MESSAGE_S) % 50 == 0:
            said[clock_s] = time.host_s(clock_s)
    assert [time.host_s(clock_s) for clock_s in said] == list(said.values())


def test_a_line_that_is_slow_for_a_minute_moves_nothing():
    time, worst_s = SampleTime(), 0.0
    for clock_s, sent_s, came_s in heard(240, 100e-6, DELAYS["even"]):
        slow_s = 0.4 if 120 < clock_s < 180 else 0.0
        time.heard(clock_s, clock_s, came_s + slow_s)
        if clock_s > 70:
            worst_s = max(worst_s, abs(time.host_s(clock_s) - sent_s))
    assert worst_s < 0.003


def test_what_lay_in_a_buffer_at_the_start_does_not_put_the_time_off():
    time = SampleTime()
    for clock_s, sent_s, came_s in heard(20, 0, DELAYS["even"]):
        time.heard(clock_s, clock_s, max(came_s, BOOTED_S + 3.0))  # the port was opened 3 s late
        if clock_s > 15:
            assert time.host_s(clock_s) == pytest.approx(sent_s, abs=0.01)


def test_a_clock_beyond_what_is_believed_is_followed_all_the_same():
    time = SampleTime()
    for clock_s, sent_s, came_s in heard(120, 4 * MAX_DRIFT, DELAYS["even"]):
        time.heard(clock_s, clock_s, came_s)
        if clock_s > 70:
            assert time.host_s(clock_s) == pytest.approx(sent_s, abs=0.03)
    assert abs(time.drift_ppm) == pytest.approx(MAX_DRIFT * 1e6)


def test_samples_that_are_off_the_patchs_own_clock_are_placed_by_that_clock():
    """A converter's own oscillator: a second of the timeline is 1.02 s."""
    time, pace = SampleTime(), 1.02
    for clock_s, sent_s, came_s in heard(120, -100e-6, DELAYS["even"]):
        time.heard(clock_s / pace, clock_s, came_s)
        if clock_s > 70:
            assert time.host_s(clock_s / pace) == pytest.approx(sent_s, abs=0.003)


def test_after_a_reboot_the_time_goes_on_by_the_new_clock():
    time, before = SampleTime(), 0.0
    for clock_s, _, came_s in heard(60, 200e-6, DELAYS["even"]):
        time.heard(clock_s, clock_s, came_s)
    time.restart()
    for clock_s, sent_s, came_s in heard(60, -200e-6, DELAYS["even"], seed=2):
        line_s = 60 + 5 + clock_s  # what passed meanwhile is as long as the host's clock said
        time.heard(line_s, clock_s, came_s + 65)
        said = time.host_s(line_s)
        assert said > before
        before = said
        if clock_s > 20:
            assert said == pytest.approx(sent_s + 65, abs=0.005)


def test_a_fit_of_one_message_is_that_message():
    fit = ClockFit()
    assert not fit.known
    fit.heard(3.0, 10.0)
    fit.refit()
    assert (fit.host_s(3.0), fit.host_s(5.0)) == (10.0, 12.0)


# the host's clocks

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_utc_goes_on_from_where_it_was_read_whatever_the_wall_says():
    anchor = UtcAnchor(NOON, 100 * 10**9)
    assert anchor.utc(160.0) == after(60)
    assert anchor.check(after(10.02), 110 * 10**9) is None, "slewed"
    assert anchor.utc(160.0) == after(60)


def test_a_clock_that_was_set_is_taken_over_once_it_stays_so_and_is_told():
    anchor = UtcAnchor(NOON, 0)
    assert anchor.check(after(3610), 10 * 10**9) is None
    assert anchor.utc(20.0) == after(20)
    assert anchor.check(after(3620), 20 * 10**9) == pytest.approx(3600)
    assert anchor.utc(30.0) == after(3630)
    assert anchor.check(after(3630), 30 * 10**9) is None, "told once"


def test_a_clock_that_was_set_and_set_back_bends_nothing():
    anchor = UtcAnchor(NOON, 0)
    assert anchor.check(after(70), 10 * 10**9) is None
    assert anchor.check(after(20), 20 * 10**9) is None
    assert anchor.check(after(90), 30 * 10**9) is None
    assert anchor.utc(30.0) == after(30)


def test_a_night_asleep_is_time_that_passed(monkeypatch):
    """The counting clock is the one that goes on while the machine sleeps."""
    asked = []
    monkeypatch.setattr("time.clock_gettime_ns", lambda clock: asked.append(clock) or 7)
    assert now_ns() == 7
    import time

    assert asked == [time.CLOCK_BOOTTIME]


# a run's


def chunks(seconds: float, clock: bool) -> Iterator[Chunk]:
    """250 Hz, in messages of five samples, from index 1000 on."""
    at_ns, rng = now_ns(), np.random.default_rng(3)
    for k in range(round(seconds / MESSAGE_S)):
        came_ns = at_ns + round(((k + 1) * MESSAGE_S + rng.uniform(0, 0.05)) * 1e9)
        yield Chunk(1000 + 5 * k, np.zeros((5, 1), np.float32), round(k * MESSAGE_S * 1e6) if clock else 0, came_ns)


@pytest.mark.parametrize("clock", [True, False], ids=["its own clock", "no clock"])
def test_a_runs_samples_have_the_utc_at_which_they_were_taken(clock):
    run = RunClock(now_ns())
    assert run.utc(0) is None
    for chunk in chunks(40, clock):
        run.heard(chunk, 1000, 250.0)
    for sample in (0, 10_000, 19_000):
        said = run.utc(sample)
        assert said is not None
        assert (said - run.start_utc).total_seconds() == pytest.approx(sample / 500, abs=0.02)
    told = run.due()
    assert told is not None
    assert told["clock_set_s"] is None
    assert abs(told["drift_ppm"]) < 100
    assert run.due() is None, "not again for a while"


def test_a_run_began_when_its_source_said_so_and_not_when_all_was_ready():
    late_s = 1.5
    run = RunClock(now_ns() - round(late_s * 1e9))
    assert (datetime.now(UTC) - run.start_utc).total_seconds() == pytest.approx(late_s, abs=0.1)
    for chunk in chunks(10, clock=True):
        run.heard(chunk, 1000, 250.0)
    run.due()
    assert run.due() is None, "the wall's clock agrees"
    assert run._anchor.check(datetime.now(UTC), now_ns()) is None


def test_nothing_is_told_before_the_time_is_known():
    run = RunClock(now_ns())
    for chunk in chunks(TELL_AFTER_S - 1, clock=True):
        run.heard(chunk, 1000, 250.0)
    assert run.due() is None


def test_a_source_without_a_clock_says_nothing_of_the_time():
    run = RunClock(None)
    run.heard(Chunk(0, np.zeros((5, 1), np.float32)), 0, 250.0)
    assert (run.utc(0), run.due(), run.told()) == (None, None, None)


def test_a_clock_set_by_an_hour_moves_the_utc_by_an_hour_once_it_has_stayed_so_and_is_told(monkeypatch):
    run = RunClock(now_ns())
    for chunk in chunks(10, clock=True):
        run.heard(chunk, 1000, 250.0)
    run.due()
    before = run.utc(1000)

    class Set(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=1)

    monkeypatch.setattr("edge.run_clock.datetime", Set)
    assert run.due() is None
    assert run.utc(1000) == before
    told = run.due()
    assert told is not None
    assert told["clock_set_s"] == pytest.approx(3600, abs=0.1)
    after_it = run.utc(1000)
    assert before is not None
    assert after_it is not None
    assert (after_it - before).total_seconds() == pytest.approx(3600, abs=0.1)


def test_the_walls_clock_says_nothing_of_a_source_with_a_clock_of_its_own(monkeypatch):
    run = RunClock(0)  # a patch in software, whose signal's time is the clock
    for k in range(200):
        run.heard(Chunk(5 * k, np.zeros((5, 1), np.float32), 20_000 * k, round((k + 1) * 2e7)), 0, 250.0)
    monkeypatch.setattr(run._anchor, "check", lambda *_: pytest.fail("it was held against the wall's clock"))
    run.due()
