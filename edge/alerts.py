"""From findings to alerts: everything that is told, told once, on the timeline and without a clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from edge.alert import Alert, Kind, Priority, State
from edge.alert_rules import Battery, ElectrodesOff, EquipmentRules, Fit, Input, Link, LossBegins, Lost, WearerRules
from edge.alert_settings import AlertSettings
from edge.quality import QualityReport
from edge.rhythm.beat import Beat

__all__ = ["Alert", "AlertEngine", "AlertSettings", "Kind", "Priority", "State"]

TICK_S = 0.1  # how often the rules look: finer than any of their times
HIDES_A_BEAT_S = 0.05  # a shorter loss hides no QRS complex (80 ms or more), so silence is counted through it
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
        self._equipment = EquipmentRules(leads, rate, self.settings)
        self._wearer_at = self._equipment_at = 0
        self._end = 0

    @property
    def active(self) -> tuple[Alert, ...]:
        """What is on now, the most urgent first."""
        latches = [*self._wearer.latches, *self._equipment.latches]
        on = [latch.active for latch in latches if latch.active is not None]
        urgency = [*Priority]
        return tuple(sorted(on, key=lambda alert: (urgency.index(alert.priority), alert.technical, alert.onset)))

    def push_beats(self, beats: Iterable[Beat]) -> list[Alert]:
        self._wearer.inputs.add(beats)
        return []

    def push_quality(self, report: QualityReport) -> list[Alert]:
        return self._both(report)

    def push_gap(self, start: int, samples: int) -> list[Alert]:
        """`samples` from index `start` on are lost."""
        lost = Lost(start, start + samples)
        self._equipment.inputs.add([lost])
        if samples > self._hides_a_beat:
            self._wearer.inputs.add([LossBegins(start), lost])
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
        """Somebody has seen the alert `alert_id`; an unknown or ended one is ignored."""
        for latch in (*self._wearer.latches, *self._equipment.latches):
            if latch.active is not None and latch.active.id == alert_id:
                return latch.acknowledge(self._end)
        return []

    def advance(self, to_sample: int, beats_to: int | None = None) -> list[Alert]:
        """The stream has come to `to_sample`; no beat before `beats_to` will be pushed any more."""
        self._end = max(self._end, to_sample)
        known = to_sample - self._lag if beats_to is None else min(beats_to, to_sample)
        return self._equip(to_sample) + self._judge(known)

    def flush(self) -> list[Alert]:
        """The end of the stream: every beat has been pushed. What is on stays on."""
        return self._equip(self._end) + self._judge(self._end)

    def _both(self, item: Input) -> list[Alert]:
        self._wearer.inputs.add([item])
        self._equipment.inputs.add([item])
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
