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
    extreme_bradycardia_per_min: float = 40.0  # below: of high priority (CinC 2015: below 40)
    tachycardia_per_min: float = 120.0  # above: beyond what sinus rhythm at rest reaches (100), short of exercise
    tachycardia_off_per_min: float = 110.0  # ends below
    # Above: of high priority. CinC 2015 has 140, of patients in bed; whoever climbs stairs reaches that. 180 is the
    # greatest rate to be expected at 40 years (Tanaka 2001: 208 less 0.7 a year), so hardly a sinus rhythm's for long.
    extreme_tachycardia_per_min: float = 180.0
    sustained_s: float = 10.0  # how long a rate must be beyond its limit
    clear_s: float = 5.0  # how long it must be back for the alert to end
    hold_off_s: float = 30.0  # after an alert ends, none of its kind within; asystole knows no hold-off
    unknown_s: float = 10.0  # an alert whose signal is lost for this long ends as unknown
    min_quality: float = 0.1  # a lead below this score carries no alert for the wearer

    af_s: float = 30.0  # of evidence (ESC 2020: an episode of at least 30 s is diagnostic)
    af_on: float = 0.8  # its probability, from here on
    af_off: float = 0.5  # ends below: as likely as not
    vt_beats: int = 5  # ventricular beats in a row (CinC 2015: five or more ...
    vt_per_min: float = 100.0  # ... at more than 100 a minute)
    vf_s: float = 3.0  # of fibrillating signal: longer than a burst of movement, shorter than a faint takes (5 to 10 s)
    pvc_run_beats: int = 3  # ventricular beats in a row, too few or too slow for a tachycardia
    bigeminy_cycles: int = 3  # of a normal and a ventricular beat (as the annotators of the MIT-BIH database had it)
    pvc_burden_percent: float = 10.0  # of all beats: from there on a cardiomyopathy threatens (Baman 2010: 10 % and up)
    pvc_burden_off_percent: float = 8.0  # ends below: a share that sways about the limit is one alert
    pvc_burden_s: float = 3600.0  # over which it is counted: it changes from hour to hour
    pvc_burden_least_beats: int = 300  # five minutes of them: of fewer, a share says little

    # How sure a finding must be (0 to 1). One that rests on leads that were reconstructed blind never gets beyond 0.5,
    # so it is told of in the scores and raises nothing.
    st_on: float = 0.7  # ST elevation and depression: as likely as not is not enough to wake somebody
    st_off: float = 0.4  # ends below
    st_s: float = 60.0  # of it: an episode of ischaemia lasts at least a minute (Drew and Krucoff 1999)
    st_clear_s: float = 60.0  # how long it must be gone: likewise, between two episodes
    mi_on: float = 0.8  # Q waves, which do not come and go
    mi_off: float = 0.4  # ends below

    electrode_off_s: float = 1.0  # an electrode off for this long is told: shorter is a tug at the cable
    gap_s: float = 1.0  # a loss this long is told: a beat may be missing
    poor_signal_s: float = 5.0  # no lead readable for this long
    equipment_clear_s: float = 3.0  # an equipment's fault must be gone for this long
    battery_percent: float = 15.0  # below
    battery_off_percent: float = 20.0  # ends above: on the charger

    # Told of one kind (of one lead's electrode) in an hour; what is beyond is counted. High priority knows no limit.
    repeats_per_hour: int = 6  # one in ten minutes: who is told more often stops to listen
    # One of high priority for the wearer stays in view when it is over, until it is acknowledged, as a bedside
    # monitor's does (IEC 60601-1-8: latching): nobody may have been there. Its `off` is told all the same.
    latch_high: bool = True

    def __post_init__(self) -> None:
        for key, (low, high) in RANGES.items():
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise _refused(key, value, f"a number from {low:g} to {high:g}")
            if key in WHOLE and value != int(value):
                raise _refused(key, value, f"a whole number from {low:g} to {high:g}")
        if not isinstance(self.latch_high, bool):
            raise _refused("latch_high", self.latch_high, "true or false")
        for key, other in RISING:
            if not getattr(self, key) < getattr(self, other):
                raise _refused(key, getattr(self, key), f"less than {other} ({getattr(self, other):g})")
        for key, other in NEVER_ABOVE:
            if not getattr(self, key) <= getattr(self, other):
                raise _refused(key, getattr(self, key), f"no more than {other} ({getattr(self, other):g})")

    @classmethod
    def from_table(cls, table: Any, where: str = "alerts") -> AlertSettings:
        """Settings from a table of a configuration file; `where` begins each message. Raises UsageError."""
        if not isinstance(table, Mapping):
            raise UsageError(f"{where} is {table!r}: it must be a table of settings", Reason.CONFIG)
        known = [f.name for f in fields(cls)]
        for key in table:
            if key not in known:
                raise UsageError(f"{where}: unknown key {key!r}; the keys are {', '.join(known)}", Reason.CONFIG)
        try:
            return cls(**table)
        except UsageError as error:
            raise UsageError(f"{where}: {error}", Reason.CONFIG) from None


RANGES: dict[str, tuple[float, float]] = {
    "asystole_s": (2, 30),
    "pause_s": (1.5, 30),
    "bradycardia_per_min": (20, 100),
    "bradycardia_off_per_min": (20, 110),
    "extreme_bradycardia_per_min": (10, 100),
    "tachycardia_per_min": (60, 300),
    "tachycardia_off_per_min": (50, 300),
    "extreme_tachycardia_per_min": (60, 400),
    "sustained_s": (0, 600),
    "clear_s": (0, 600),
    "hold_off_s": (0, 86_400),
    "unknown_s": (1, 600),
    "min_quality": (0, 1),
    "af_s": (10, 600),  # ten seconds of R-R intervals are the least that a probability can be made of
    "af_on": (0.01, 1),
    "af_off": (0, 0.99),
    "vt_beats": (3, 100),  # three are the field's least
    "vt_per_min": (60, 250),
    "vf_s": (1, 30),
    "pvc_run_beats": (3, 100),  # two are a couplet
    "bigeminy_cycles": (2, 100),
    "pvc_burden_percent": (0.1, 100),
    "pvc_burden_off_percent": (0, 100),
    "pvc_burden_s": (60, 86_400),
    "pvc_burden_least_beats": (10, 100_000),
    "st_on": (0.01, 1),
    "st_off": (0, 0.99),
    "st_s": (5, 3600),  # readings come every five seconds
    "st_clear_s": (0, 3600),
    "mi_on": (0.01, 1),
    "mi_off": (0, 0.99),
    "electrode_off_s": (0, 600),
    "gap_s": (0.02, 600),
    "poor_signal_s": (0, 600),
    "equipment_clear_s": (0, 600),
    "battery_percent": (0, 100),
    "battery_off_percent": (0, 100),
    "repeats_per_hour": (1, 3600),
}
WHOLE = frozenset({"vt_beats", "pvc_run_beats", "bigeminy_cycles", "pvc_burden_least_beats", "repeats_per_hour"})
RISING = (
    ("pause_s", "asystole_s"),
    ("bradycardia_per_min", "bradycardia_off_per_min"),
    ("bradycardia_off_per_min", "tachycardia_off_per_min"),
    ("tachycardia_off_per_min", "tachycardia_per_min"),
    ("af_off", "af_on"),
    ("st_off", "st_on"),
    ("mi_off", "mi_on"),
    ("pvc_burden_off_percent", "pvc_burden_percent"),
    ("battery_percent", "battery_off_percent"),
)
NEVER_ABOVE = (
    ("extreme_bradycardia_per_min", "bradycardia_per_min"),
    ("tachycardia_per_min", "extreme_tachycardia_per_min"),
    ("pvc_run_beats", "vt_beats"),
)


def _refused(key: str, value: Any, rule: str) -> UsageError:
    return UsageError(f"{key} is {value!r}: it must be {rule}", Reason.CONFIG)
