"""One alert's memory: on after long enough, off after long enough, quiet for a while after, and not told too often."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edge.alert import PRIORITIES, TECHNICAL, Alert, Kind, Priority, State
from edge.blocks import Origin


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for alerts of every kind; times in samples."""

    repeats: int | None = None  # so many of a kind are told in an `hour`, high priority apart; None: all
    hour: int = 0
    lasting: int = 0  # an equipment's fault that lasts this long is told in spite of the limit
    latches_high: bool = False  # one of high priority for the wearer stays visible until it is acknowledged


@dataclass
class Latch:
    """An alert of one kind (and lead) that goes on and off; times in samples.

    One beyond the limit on repeats is `silent`: it runs as any other, and if it is still on when the limit allows it,
    or when it becomes one of high priority, it is told then. If it ends before, it is counted, and the next one that is
    told carries the count.
    """

    kind: Kind
    after: int  # the condition must have lasted
    clear: int  # it must have been gone
    hold_off: int  # after an end, no new one within
    lead: str = ""
    active: Alert | None = None
    _count: int = 0
    _since: int | None = None  # the condition holds since
    _clear_since: int | None = None
    _quiet_until: int | None = None
    leads: Mapping[str, Origin] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    silent: bool = False  # the active one has not been told
    latched: Alert | None = None  # over and not acknowledged; the next one that begins takes its place
    suppressed: int = 0  # ended untold, in all
    _untold: int = 0  # since one was told
    _told: deque[int] = field(default_factory=deque)  # when, within the last hour

    def update(
        self,
        now: int,
        holds: bool,
        gone: bool,
        evidence: Mapping[str, float],
        onset: int | None = None,
        priority: Priority | None = None,
    ) -> list[Alert]:
        """`holds`: beyond the limit that raises; `gone`: back beyond the one that clears (between them: neither).

        `onset` where it lies before the moment at which `holds` is first true; `priority` where the evidence makes it
        another than the kind's. While the alert is on it may rise, and is told again; it never falls.
        """
        if self.active is not None:
            self._since = None
            if not gone:
                self._clear_since = None
                return self._goes_on(now, evidence, priority if holds else None)
            self._clear_since = now if self._clear_since is None else self._clear_since
            return self.end(now, evidence) if now - self._clear_since >= self.clear else []
        if not holds:
            self._since = None
            return []
        self._since = now if self._since is None else self._since
        if now - self._since < self.after or (self._quiet_until is not None and now < self._quiet_until):
            return []
        return self._begin(now, self._since if onset is None else onset, evidence, priority)

    def end(self, now: int, evidence: Mapping[str, float]) -> list[Alert]:
        """End the alert, if it is on."""
        if self.active is None:
            return []
        ended = _changed(self.active, State.OFF, now, evidence)
        silent, seen = self.silent, self.active.state is State.ACKNOWLEDGED
        self.active = self._clear_since = None
        self.silent = False
        self._quiet_until = now + self.hold_off
        if silent:
            self._untold += 1
            self.suppressed += 1
            return []
        if self.policy.latches_high and ended.priority is Priority.HIGH and not ended.technical and not seen:
            self.latched = ended
        return [ended]

    @property
    def shown(self) -> Alert | None:
        """What a person should see: what is on, or else what is over and was not acknowledged."""
        return self.latched if self.active is None or self.silent else self.active

    def acknowledge(self, now: int) -> list[Alert]:
        """Somebody has seen it; it stays until it ends, and one that is over is done with."""
        seen = self.shown
        if seen is None or seen.state is State.ACKNOWLEDGED:
            return []
        told = _changed(seen, State.ACKNOWLEDGED, now, seen.evidence)
        if seen is self.latched:
            self.latched = None
        else:
            self.active = told
        return [told]

    def _begin(
        self, now: int, onset: int, evidence: Mapping[str, float], priority: Priority | None = None
    ) -> list[Alert]:
        self._count += 1
        name = f"{self.kind}-{self.lead}-{self._count}" if self.lead else f"{self.kind}-{self._count}"
        priority, technical = priority or PRIORITIES[self.kind], self.kind in TECHNICAL
        self.active = Alert(
            name, self.kind, priority, State.ON, now, onset, dict(evidence), dict(self.leads), technical
        )
        self._since = None
        self.silent = not self._may_tell(now, self.active)
        return [] if self.silent else [self._tell(self.active)]

    def _goes_on(self, now: int, evidence: Mapping[str, float], priority: Priority | None) -> list[Alert]:
        on = self.active
        assert on is not None
        rises = priority is not None and priority.rank < on.priority.rank
        if rises and priority is not None:
            on = self.active = replace(on, priority=priority)
        if not (self._may_tell(now, on) if self.silent else rises):
            return []
        return [self._tell(_changed(on, State.ON, now, evidence or on.evidence))]

    def _may_tell(self, now: int, alert: Alert) -> bool:
        """Whether one more that is not told yet may be."""
        repeats = self.policy.repeats
        if repeats is None or alert.priority is Priority.HIGH:
            return True
        while self._told and now - self._told[0] >= self.policy.hour:
            self._told.popleft()
        lasting = self.silent and alert.technical and now - alert.sample >= self.policy.lasting
        return lasting or len(self._told) < repeats

    def _tell(self, alert: Alert) -> Alert:
        """`alert`, told now, with the count of those that were not."""
        if alert.priority is not Priority.HIGH and self.policy.repeats is not None:
            self._told.append(alert.sample)
        if self._untold:
            alert = replace(alert, evidence={**alert.evidence, "suppressed_count": self._untold})
        self._untold = 0
        self.silent = False
        self.active, self.latched = alert, None
        return alert


def _changed(alert: Alert, state: State, now: int, evidence: Mapping[str, float]) -> Alert:
    """Never before its last change: an acknowledgement comes as of the signal's end, where beats are not known yet."""
    return replace(alert, state=state, sample=max(now, alert.sample), evidence=dict(evidence))
