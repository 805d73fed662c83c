import pytest

from edge.alerts import Alert, State
from edge.bench.emergency import BEATING_S, OFF, SIGNAL_S, Emergency, Sent, delays, signal
from edge.bench.inputs import PATCH
from edge.pipeline import Pipeline
from edge.sources.items import Contact
from edge.sources.virtual import VirtualSource
from edge.timeline import Chunk
from edge.virtual import virtual_patch
from firmware_bridge.source import Recorded

RATE = 500


@pytest.fixture
def sent():
    """A source of 3 s whose samples went out ten at a time, 20 ms apart, the first ten at 50.02 s."""
    mv, _ = signal()
    at_s = iter(50.02 + 0.02 * k for k in range(150))
    source = Sent(Recorded(mv[:1500], 1000 * RATE), clock=lambda: next(at_s))
    for _ in range(150):
        source.take(10)
    return source


def told(kind, at_s, state="on"):
    return at_s, {"type": "alert", "kind": kind, "state": state}


def test_a_sample_was_sent_with_the_message_that_holds_it(sent):
    assert sent.at(0) == sent.at(9) == pytest.approx(50.02)
    assert sent.at(10) == pytest.approx(50.04)
    assert sent.at(1499) == pytest.approx(53.0)


def test_a_sample_that_was_never_sent_has_no_time(sent):
    assert sent.at(1500) is None


def test_the_source_passes_on_what_it_is_given():
    mv, _ = signal()
    ours, plain = Sent(Recorded(mv, 1000 * RATE)), Recorded(mv, 1000 * RATE)
    for count in (10, 7, 10_000):
        for a, b in zip(ours.take(count), plain.take(count), strict=True):
            assert (a == b).all()


def test_a_delay_is_from_the_onset_and_beyond_the_rules_own_waiting_time(sent):
    emergency = Emergency("asystole", onset=500, rule_s=1.0)  # sent at 51.02 s; fulfilled at 52.02 s
    (delay,) = delays([emergency], sent, [told("asystole", 52.27)])
    assert delay.total_ms == pytest.approx(1250)
    assert delay.beyond_ms == pytest.approx(250)
    assert delay.rule_s == 1.0


def test_the_first_telling_of_an_alert_counts_and_no_other_kind(sent):
    heard = [told("electrode_off", 51.5), told("asystole", 52.0, "off"), told("asystole", 52.27), told("asystole", 53)]
    (delay,) = delays([Emergency("asystole", 500, 1.0)], sent, heard)
    assert delay.total_ms == pytest.approx(1250)


def test_an_alert_that_never_came_has_no_delay(sent):
    (delay,) = delays([Emergency("asystole", 500, 1.0)], sent, [told("electrode_off", 52.0)])
    assert delay.total_ms is None
    assert delay.beyond_ms is None


def test_the_heart_beats_until_its_last_beat_and_never_again():
    mv, emergencies = signal()
    (last,) = [e.onset for e in emergencies if e.kind == "asystole"]
    assert len(mv) == round(SIGNAL_S * RATE)
    assert last < BEATING_S * RATE
    assert abs(mv[last - 25 : last + 25]).max() > 0.3  # mV: a QRS complex
    assert abs(mv[last + RATE :]).max() < 0.05  # from a second later on, when its T wave is over


def test_both_are_told_within_the_signal_and_not_before_their_rules_are_fulfilled():
    mv, emergencies = signal()
    pipeline, alerts = Pipeline(PATCH, RATE), []
    for item in VirtualSource(virtual_patch(mv, RATE, PATCH), [OFF]).play():
        match item:
            case Chunk():
                out = pipeline.push(item)
            case Contact():
                out = pipeline.contact(item.off)
            case _:
                continue
        alerts += [a for a in out if isinstance(a, Alert) and a.state is State.ON]
    for emergency in emergencies:
        (alert,) = [a for a in alerts if a.kind == emergency.kind]
        assert emergency.fulfilled <= alert.sample <= emergency.fulfilled + 0.2 * RATE  # the rules look every 0.1 s
