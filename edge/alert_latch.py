"""One alert's memory: on after long enough, off after long enough, and quiet for a while after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.alert import PRIORITIES, TECHNICAL, Alert, Kind, State
from edge.blocks import Origin


@dataclass
class Latch:
    """An alert of one kind (and lead) that goes on and off; times in samples."""

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

    def update(
        self, now: int, holds: bool, gone: bool, evidence: Mapping[str, float], onset: int | None = None
    ) -> list[Alert]:
        """`holds`: beyond the limit that raises; `gone`: back beyond the one that clears (between them: neither).

        `onset` where it lies before the moment at which `holds` is first true.
        """
        if self.active is not None:
            self._since = None
            if not gone:
                self._clear_since = None
                return []
            self._clear_since = now if self._clear_since is None else self._clear_since
            return self.end(now, evidence) if now - self._clear_since >= self.clear else []
        if not holds:
            self._since = None
            return []
        self._since = now if self._since is None else self._since
        if now - self._since < self.after or (self._quiet_until is not None and now < self._quiet_until):
            return []
        return self._begin(now, self._since if onset is None else onset, evidence)

    def end(self, now: int, evidence: Mapping[str, float]) -> list[Alert]:
        """End the alert, if it is on."""
        if self.active is None:
            return []
        ended = self._changed(State.OFF, now, evidence)
        self.active = self._clear_since = None
        self._quiet_until = now + self.hold_off
        return [ended]

    def acknowledge(self, now: int) -> list[Alert]:
        """Somebody has seen it; it stays until it ends."""
        if self.active is None or self.active.state is State.ACKNOWLEDGED:
            return []
        self.active = self._changed(State.ACKNOWLEDGED, now, self.active.evidence)
        return [self.active]

    def _begin(self, now: int, onset: int, evidence: Mapping[str, float]) -> list[Alert]:
        self._count += 1
        name = f"{self.kind}-{self.lead}-{self._count}" if self.lead else f"{self.kind}-{self._count}"
        priority, technical = PRIORITIES[self.kind], self.kind in TECHNICAL
        self.active = Alert(
            name, self.kind, priority, State.ON, now, onset, dict(evidence), dict(self.leads), technical
        )
        self._since = None
        return [self.active]

    def _changed(self, state: State, now: int, evidence: Mapping[str, float]) -> Alert:
        on = self.active
        assert on is not None
        return Alert(
            on.id, on.kind, on.priority, state, now, on.onset, dict(evidence), on.leads, on.technical, on.strip
        )
