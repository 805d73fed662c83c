"""When an alert is raised and when it ends: one frozen table, checked as it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from edge.errors import Reason, UsageError


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Thresholds for the wearer's and the equipment's alerts."""

    asystole_s: float = 4.0  # without a beat (PhysioNet/CinC Challenge 2015: no QRS for at least four seconds)
    pause_s: float = 3.0  # an R-R interval at least this long (ACC/AHA/HRS 2018 on bradycardia: more than 3 s)
    bradycardia_per_min: float = 50.0  # below (ACC/AHA/HRS 2018: sinus bradycardia is below 50)
    bradycardia_off_per_min: float = 55.0  # ends above: a rate that sways about the limit is one alert
    tachycardia_per_min: float = 120.0  # above: beyond what sinus rhythm at rest reaches (100), short of exercise
    tachycardia_off_per_min: float = 110.0  # ends below
    sustained_s: float = 10.0  # how long a rate must be beyond its limit
    clear_s: float = 5.0  # how long it must be back for the alert to end
    hold_off_s: float = 30.0  # after an alert ends, none of its kind within; asystole knows no hold-off
    unknown_s: float = 10.0  # an alert whose signal is lost for this long ends as unknown
    min_quality: float = 0.1  # a lead below this score carries no alert for the wearer
    electrode_off_s: float = 1.0  # an electrode off for this long is told: shorter is a tug at the cable
    gap_s: float = 1.0  # a loss this long is told: a beat may be missing
    poor_signal_s: float = 5.0  # no lead readable for this long
    equipment_clear_s: float = 3.0  # an equipment's fault must be gone for this long
    battery_percent: float = 15.0  # below
    battery_off_percent: float = 20.0  # ends above: on the charger

    def __post_init__(self) -> None:
        for key, (low, high) in RANGES.items():
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise _refused(key, value, f"a number from {low:g} to {high:g}")
        for key, other in RISING:
            if not getattr(self, key) < getattr(self, other):
                raise _refused(key, getattr(self, key), f"less than {other} ({getattr(self, other):g})")

    @classmethod
    def from_table(cls, table: Any, where: str = "alerts") -> AlertSettings:
        """Settings from a table of a configuration file; `where` begins each message. Raises UsageError."""
        if not isinstance(table, Mapping):
            raise UsageError(f"{where} is {table!r}: it must be a table of settings", Reason.CONFIG)
        known = {f.name for f in fields(cls)}
        for key in table:
            if key not in known:
                raise UsageError(f"{where}: unknown key {key!r}; the keys are {', '.join(RANGES)}", Reason.CONFIG)
        try:
            return cls(**table)
        except UsageError as error:
            raise UsageError(f"{where}: {error}", Reason.CONFIG) from None


RANGES: dict[str, tuple[float, float]] = {
    "asystole_s": (2, 30),
    "pause_s": (1.5, 30),
    "bradycardia_per_min": (20, 100),
    "bradycardia_off_per_min": (20, 110),
    "tachycardia_per_min": (60, 300),
    "tachycardia_off_per_min": (50, 300),
    "sustained_s": (0, 600),
    "clear_s": (0, 600),
    "hold_off_s": (0, 86_400),
    "unknown_s": (1, 600),
    "min_quality": (0, 1),
    "electrode_off_s": (0, 600),
    "gap_s": (0.02, 600),
    "poor_signal_s": (0, 600),
    "equipment_clear_s": (0, 600),
    "battery_percent": (0, 100),
    "battery_off_percent": (0, 100),
}
RISING = (
    ("pause_s", "asystole_s"),
    ("bradycardia_per_min", "bradycardia_off_per_min"),
    ("bradycardia_off_per_min", "tachycardia_off_per_min"),
    ("tachycardia_off_per_min", "tachycardia_per_min"),
    ("battery_percent", "battery_off_percent"),
)


def _refused(key: str, value: Any, rule: str) -> UsageError:
    return UsageError(f"{key} is {value!r}: it must be {rule}", Reason.CONFIG)
