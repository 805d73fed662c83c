"""From findings to alerts: everything that is told, told once, on the timeline and without a clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from edge.alert import Alert, Kind, Priority, State
from edge.alert_equipment import EquipmentRules
from edge.alert_inputs import Battery, Classed, ElectrodesOff, Fit, Input, Link, LossBegins, Lost
from edge.alert_ischemia import IschemiaRules
from edge.alert_latch import Latch, Policy
from edge.alert_rhythm import RhythmRules
from edge.alert_rules import WearerRules
from edge.alert_settings import AlertSettings
from edge.quality import QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.ectopy import Bigeminy, Run
from edge.rhythm.legible import Legible
from edge.rhythm.rhythms import Span
from edge.st.reading import StReading

__all__ = ["Alert", "AlertEngine", "AlertSettings", "Kind", "Priority", "State"]

TICK_S = 0.1  # how often the rules look: finer than any of their times
HIDES_A_BEAT_S = 0.05  # a shorter loss hides no QRS complex (80 ms or more), so silence is counted through it
HOUR_S = 3600.0  # in which so many of a kind are told
LASTING_S = 60.0  # an equipment's fault that lasts this long is no flicker: it is told however often it was
BEATS_LAG_S = 1.0  # beats are taken as known this long after, where the caller does not say: twice a detector's delay


class AlertEngine:
    """Takes beats, quality, gaps and the equipment's state in; puts `Alert`s out, in order of time.

    Inputs carry their place on the timeline; `advance` says how far the stream has come and how far beats are known.
    Everything up to there must have been pushed. What comes later than that still counts, from the next tick on.
    """

    def __init__(self, leads: tuple[str, ...], rate: float = 500.0, settings: AlertSettings | None = None) -> None:
        self.settings = settings or AlertSettings()
        self._tick = round(TICK_S * rate)
        self._hides_a_beat = round(HIDES_A_BEAT_S * rate)
        self._lag = round(BEATS_LAG_S * rate)
        self._wearer = WearerRules(leads, rate, self.settings)
        self._rhythm = RhythmRules(leads, rate, self.settings)
        self._ischemia = IschemiaRules(rate, self.settings)
        self._equipment = EquipmentRules(leads, rate, self.settings)
        repeats, latches_high = int(self.settings.repeats_per_hour), self.settings.latch_high
        policy = Policy(repeats, round(HOUR_S * rate), round(LASTING_S * rate), latches_high)
        for latch in self._latches:
            latch.policy = policy
        self._wearer_at = self._rhythm_at = self._equipment_at = 0
        self._end = 0

    @property
    def active(self) -> tuple[Alert, ...]:
        """What is on now, the most urgent first; then, in state `off`, what is over and waits to be acknowledged."""
        shown = [alert for latch in self._latches if (alert := latch.shown) is not None]
        return tuple(sorted(shown, key=lambda a: (a.priority.rank, a.technical, a.state is State.OFF, a.onset)))

    @property
    def suppressed(self) -> dict[str, int]:
        """How many of each kind were not told, or are not yet, being beyond the limit on repeats."""
        counts: Counter[str] = Counter()
        for latch in self._latches:
            counts[str(latch.kind)] += latch.suppressed + latch.silent
        return {kind: count for kind, count in counts.items() if count}

    @property
    def _latches(self) -> list[Latch]:
        rules = (self._wearer, self._rhythm, self._ischemia, self._equipment)
        return [latch for of in rules for latch in of.latches]

    def push_beats(self, beats: Iterable[Beat]) -> list[Alert]:
        self._wearer.inputs.add(beats)
        return []

    def push_readings(self, readings: Iterable[object]) -> list[Alert]:
        """What the interpreter tells: beats with their classes, ectopy, and rhythms that begin and end."""
        readings = list(readings)
        self._wearer.inputs.add(one for one in readings if isinstance(one, Legible))
        kept = (Classed(one) if isinstance(one, Beat) else one for one in readings)
        self._rhythm.inputs.add(one for one in kept if isinstance(one, Classed | Span | Run | Bigeminy | Legible))
        return []

    def push_st(self, readings: Iterable[StReading], horizon: int) -> list[Alert]:
        """What ST and Q say; every reading up to `horizon` has been pushed."""
        return self._ischemia.push(readings, horizon)

    def push_quality(self, report: QualityReport) -> list[Alert]:
        return self._both(report)

    def push_gap(self, start: int, samples: int) -> list[Alert]:
        """`samples` from index `start` on are lost."""
        lost = Lost(start, start + samples)
        self._equipment.inputs.add([lost])
        if samples > self._hides_a_beat:
            for rules in (self._wearer, self._rhythm):
                rules.inputs.add([LossBegins(start), lost])
        return []

    def push_electrodes(self, sample: int, off: Collection[str]) -> list[Alert]:
        """From `sample` on the leads in `off`, and no others, miss an electrode."""
        return self._both(ElectrodesOff(sample, frozenset(off)))

    def push_link(self, sample: int, connected: bool) -> list[Alert]:
        """The link to the patch went or came; told at once, since no sample may follow to tell it by."""
        self._both(Link(sample, connected))
        return self._equip(max(sample, self._equipment_at) + self._tick)

    def push_battery(self, sample: int, percent: float) -> list[Alert]:
        self._equipment.inputs.add([Battery(sample, percent)])
        return []

    def push_fit(self, sample: int, fits: bool, distance: float) -> list[Alert]:
        """From `sample` on the heart looks like the enrolled one, or not; its distance as a share of the limit."""
        self._equipment.inputs.add([Fit(sample, fits, distance)])
        return []

    def acknowledge(self, alert_id: str) -> list[Alert]:
        """Somebody has seen the alert `alert_id`; one that is not in `active` is ignored."""
        for latch in self._latches:
            if latch.shown is not None and latch.shown.id == alert_id:
                return latch.acknowledge(self._end)
        return []

    def acknowledge_all(self) -> list[Alert]:
        """Somebody has seen all that is in `active`."""
        return [alert for latch in self._latches for alert in latch.acknowledge(self._end)]

    def advance(self, to_sample: int, beats_to: int | None = None, readings_to: int | None = None) -> list[Alert]:
        """The stream has come to `to_sample`; no beat before `beats_to`, no reading before `readings_to` will come."""
        self._end = max(self._end, to_sample)
        known = to_sample - self._lag if beats_to is None else min(beats_to, to_sample)
        found = self._equip(to_sample) + self._judge(known)
        return found + self._interpret(min(known if readings_to is None else readings_to, to_sample))

    def flush(self) -> list[Alert]:
        """The end of the stream: everything has been pushed. What is on stays on."""
        return self._equip(self._end) + self._judge(self._end) + self._interpret(self._end + 1)

    def _both(self, item: Input) -> list[Alert]:
        for rules in (self._wearer, self._rhythm, self._equipment):
            rules.inputs.add([item])
        return []

    def _equip(self, to_sample: int) -> list[Alert]:
        found: list[Alert] = []
        while self._equipment_at + self._tick <= to_sample:
            self._equipment_at += self._tick
            found += self._equipment.tick(self._equipment_at)
        return found

    def _judge(self, to_sample: int) -> list[Alert]:
        found: list[Alert] = []
        while self._wearer_at + self._tick <= to_sample:
            self._wearer_at += self._tick
            found += self._wearer.tick(self._wearer_at)
        return found

    def _interpret(self, to_sample: int) -> list[Alert]:
        found: list[Alert] = []
        while self._rhythm_at + self._tick < to_sample:  # a reading at `to_sample` may still come
            self._rhythm_at += self._tick
            found += self._rhythm.tick(self._rhythm_at)
        return found
