"""What the virtual patch sends for the end-to-end figures: a heart that stops, and an electrode that comes off.

And what the figures are: when the patch had sent the sample at which a rule's condition was fulfilled is known to the
message, and so is when the alert came out.
"""

from __future__ import annotations

import bisect
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edge.alert_settings import AlertSettings
from edge.bench.inputs import NOISE_UV, PATCH
from edge.blocks import Signal
from edge.bundle import RATE
from edge.events import Event
from edge.leads import LEAD
from edge.synthetic import synthesise
from edge.synthetic_rhythms import ASYSTOLE_AT_S
from firmware_bridge.faults import Off
from firmware_bridge.source import Bits, Millivolts, Source

SIGNAL_S = 10.6  # a run tells of its health after 10 s: its processor time and memory are in there
BEATING_S = 4.5  # the last beat comes before; by then the detector has learnt the heart
OFF = Off(electrode="V5", at_s=6.0, for_s=60.0)


@dataclass(frozen=True, slots=True)
class Emergency:
    """What is to be told of: an alert's kind, and the samples of the patch that count."""

    kind: str
    onset: int  # the last beat; the first sample without the electrode
    rule_s: float  # the rule's own waiting time

    @property
    def fulfilled(self) -> int:
        """The sample at which the rule's condition holds."""
        return self.onset + round(self.rule_s * RATE)


@dataclass(frozen=True, slots=True)
class Delay:
    """From the patch's sending of a sample to the alert's line; None where no alert came."""

    kind: str
    rule_s: float
    total_ms: float | None  # from the onset
    beyond_ms: float | None  # from the sample at which the rule's condition was fulfilled


def signal() -> tuple[Signal, list[Emergency]]:
    """What the patch samples (n x 3, mV, 500 Hz), and what should be told of it."""
    heart = synthesise("asystole", ASYSTOLE_AT_S + SIGNAL_S, RATE, noise_uv=NOISE_UV)
    first = round((ASYSTOLE_AT_S - BEATING_S) * RATE)
    mv = heart.mv[first : first + round(SIGNAL_S * RATE), [LEAD[name] for name in PATCH]]
    beats = heart.beats - first
    last = int(beats[beats < BEATING_S * RATE][-1])
    rules = AlertSettings()
    off = round(OFF.at_s * RATE)
    emergencies = [
        Emergency("electrode_off", off, rules.electrode_off_s),
        Emergency("asystole", last, rules.asystole_s),
    ]
    return np.ascontiguousarray(mv), emergencies


class Sent:
    """Source: passes `source` on, and knows when each sample was taken; the patch sends it in the same moment."""

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate_mhz = source.rate_mhz
        self._source, self._clock = source, clock
        self._ends: list[int] = []
        self._at_s: list[float] = []

    def take(self, samples: int, /) -> tuple[Millivolts, Bits]:
        mv, off = self._source.take(samples)
        self._ends.append((self._ends[-1] if self._ends else 0) + len(mv))
        self._at_s.append(self._clock())
        return mv, off

    def at_rate(self, rate_mhz: int, /) -> Source | None:
        return None

    def at(self, sample: int) -> float | None:
        """When the message with `sample` was sent (the clock's seconds), None where it was not."""
        place = bisect.bisect_right(self._ends, sample)
        return self._at_s[place] if place < len(self._ends) else None


def delays(emergencies: Sequence[Emergency], sent: Sent, heard: Iterable[tuple[float, Event]]) -> list[Delay]:
    """`heard`: the run's events, each with the time of the same clock at which it came out."""
    told: dict[str, float] = {}
    for at_s, event in heard:
        if event.get("state") == "on":
            told.setdefault(str(event.get("kind")), at_s)
    return [_delay(emergency, sent, told.get(emergency.kind)) for emergency in emergencies]


def _delay(emergency: Emergency, sent: Sent, told_s: float | None) -> Delay:
    def since(sample: int) -> float | None:
        sent_s = sent.at(sample)
        return None if told_s is None or sent_s is None else round(1000 * (told_s - sent_s), 1)

    return Delay(emergency.kind, emergency.rule_s, since(emergency.onset), since(emergency.fulfilled))
