"""What the view shows of a run; the runner keeps it up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PRIORITIES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert as the view needs it."""

    kind: str  # "bradycardia", "electrode off"
    priority: str = "medium"  # one of PRIORITIES
    technical: bool = False  # about the equipment, not the wearer
    since_s: float = 0.0  # recording time of its onset
    id: str = ""  # by which it is acknowledged

    @property
    def rank(self) -> tuple[int, bool, float]:
        """Sorts the most urgent first."""
        priority = PRIORITIES.index(self.priority) if self.priority in PRIORITIES else len(PRIORITIES)
        return priority, self.technical, self.since_s


@dataclass(slots=True)
class ViewState:
    """A run, as of now. Every field may be changed between two updates."""

    device: str = ""
    source: str = ""  # "/dev/ttyACM0", "replay rec.dcm"
    montage: tuple[str, ...] = ()  # measured leads
    rate_hz: float = 500.0  # the device's
    bundle: str = ""
    engine: str = ""  # with its variant: "litert int8"
    speed: float = 1.0  # of a replay against real time; inf: as fast as it goes
    elapsed_s: float = 0.0  # recording time
    total_s: float | None = None  # None: live, without an end
    heart_rate_bpm: float | None = None
    rhythm: str = ""  # "sinus", "af"; nothing before it is known
    last_beat_s: float | None = None  # recording time
    quality: Mapping[str, float] = field(default_factory=dict)  # per measured lead, 0 (unusable) to 1
    electrodes_off: frozenset[str] = frozenset()  # measured leads with an electrode off
    samples: int = 0  # received, per lead
    lost: Mapping[str, int] = field(default_factory=dict)  # samples, by cause
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    battery_percent: float | None = None
    alerts: tuple[ActiveAlert, ...] = ()
    reconnecting: bool = False
    stopped: bool = False  # somebody asked for the end
