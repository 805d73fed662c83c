"""What an alert is: for the wearer, or, marked technical, for the equipment."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.blocks import Origin


class Kind(enum.StrEnum):
    """What is told of."""

    ASYSTOLE = "asystole"
    VF = "vf"
    VT = "vt"
    PAUSE = "pause"
    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"
    AF = "af"
    PVC_RUN = "pvc_run"
    COUPLET = "couplet"
    BIGEMINY = "bigeminy"
    PVC_BURDEN = "pvc_burden"
    ST_ELEVATION = "st_elevation"
    ST_DEPRESSION = "st_depression"
    MI = "mi"
    ELECTRODE_OFF = "electrode_off"
    GAP = "gap"
    POOR_SIGNAL = "poor_signal"
    DISCONNECTED = "disconnected"
    BATTERY = "battery"
    PATIENT_MISFIT = "patient_misfit"  # the heart is not the one that was enrolled: its correction steps aside


TECHNICAL = frozenset(
    {Kind.ELECTRODE_OFF, Kind.GAP, Kind.POOR_SIGNAL, Kind.DISCONNECTED, Kind.BATTERY, Kind.PATIENT_MISFIT}
)


class Priority(enum.StrEnum):
    """As IEC 60601-1-8 has them: immediate, prompt response, awareness."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return [*Priority].index(self)


PRIORITIES = {
    Kind.ASYSTOLE: Priority.HIGH,
    Kind.VF: Priority.HIGH,
    Kind.VT: Priority.HIGH,
    Kind.PAUSE: Priority.MEDIUM,
    Kind.BRADYCARDIA: Priority.MEDIUM,
    Kind.TACHYCARDIA: Priority.MEDIUM,
    Kind.AF: Priority.MEDIUM,
    Kind.PVC_RUN: Priority.MEDIUM,
    Kind.COUPLET: Priority.LOW,
    Kind.BIGEMINY: Priority.LOW,
    Kind.PVC_BURDEN: Priority.LOW,
    Kind.ST_ELEVATION: Priority.HIGH,
    Kind.ST_DEPRESSION: Priority.MEDIUM,
    Kind.MI: Priority.MEDIUM,
    Kind.ELECTRODE_OFF: Priority.MEDIUM,
    Kind.GAP: Priority.LOW,
    Kind.POOR_SIGNAL: Priority.LOW,
    Kind.DISCONNECTED: Priority.MEDIUM,
    Kind.BATTERY: Priority.LOW,
    Kind.PATIENT_MISFIT: Priority.MEDIUM,
}


class State(enum.StrEnum):
    """What an alert changed to. A latched one is acknowledged after its `off`, any other one before, or never."""

    ON = "on"  # told a second time, with the same id, where its priority rises
    OFF = "off"  # what it told of is over
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Alert:
    """One change of an alert's state; the same `id` from on to off."""

    id: str  # kind, lead if it is one lead's, and a number: "asystole-1", "electrode_off-V5-2"
    kind: Kind
    priority: Priority
    state: State
    sample: int  # timeline index at which the state changed
    onset: int  # timeline index at which what is told of began
    evidence: Mapping[str, float]  # numbers, the unit at the end of each name
    leads: Mapping[str, Origin] = field(default_factory=dict)  # what it rests on
    technical: bool = False  # about the equipment, not the wearer
    strip: str | None = None  # file that holds the signal around it

    def fields(self) -> dict[str, Any]:
        """What an event says of it, as JSON can hold it."""
        return {
            "id": self.id,
            "kind": str(self.kind),
            "priority": str(self.priority),
            "state": str(self.state),
            "onset": self.onset,
            "evidence": dict(self.evidence),
            "leads": {lead: str(origin) for lead, origin in self.leads.items()},
            "strip": self.strip,
        }
