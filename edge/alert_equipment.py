"""What the signal says of the equipment."""

from __future__ import annotations

from edge.alert import Alert, Kind
from edge.alert_inputs import Battery, Fit, Input, Inputs, Lost, Signal
from edge.alert_latch import Latch
from edge.alert_settings import AlertSettings
from edge.blocks import Origin


class EquipmentRules:
    """Electrode off (a lead each), gap, poor signal, disconnected, battery, another heart than the one enrolled."""

    def __init__(self, leads: tuple[str, ...], rate: float, settings: AlertSettings) -> None:
        def samples(seconds: float) -> int:
            return round(seconds * rate)

        s = self._settings = settings
        self._rate = rate
        clear, hold_off = samples(s.equipment_clear_s), samples(s.hold_off_s)
        origin = dict.fromkeys(leads, Origin.MEASURED)
        off = samples(s.electrode_off_s)
        self._off = {
            lead: Latch(Kind.ELECTRODE_OFF, off, clear, 0, lead, leads={lead: Origin.MEASURED}) for lead in leads
        }
        self._gap = Latch(Kind.GAP, 0, clear, hold_off, leads=origin)
        self._poor = Latch(Kind.POOR_SIGNAL, samples(s.poor_signal_s), clear, hold_off, leads=origin)
        self._link = Latch(Kind.DISCONNECTED, 0, 0, 0, leads=origin)
        self._battery = Latch(Kind.BATTERY, 0, 0, hold_off)
        self._misfit = Latch(Kind.PATIENT_MISFIT, 0, 0, 0, leads=origin)
        self.latches = [*self._off.values(), self._gap, self._poor, self._link, self._battery, self._misfit]
        self._signal = Signal(leads, s.min_quality)
        self._percent: float | None = None
        self._fit: Fit | None = None
        self._lost: Lost | None = None  # the last loss, joined to the ones it touches
        self.inputs = Inputs()

    def tick(self, now: int) -> list[Alert]:
        for item in self.inputs.until(now):
            self._take(item)
        found: list[Alert] = []
        for lead, latch in self._off.items():
            off = lead in self._signal.off
            found += latch.update(now, off, not off, {})
        found += self._of_gap(now)
        readable = self._signal.readable
        found += self._poor.update(now, not readable, readable, {})
        found += self._link.update(now, not self._signal.connected, self._signal.connected, {})
        if self._percent is not None:
            s, evidence = self._settings, {"battery_percent": self._percent}
            low, charged = self._percent < s.battery_percent, self._percent > s.battery_off_percent
            found += self._battery.update(now, low, charged, evidence)
        if self._fit is not None:
            evidence = {"distance_limits": round(self._fit.distance, 3)}
            found += self._misfit.update(now, not self._fit.fits, self._fit.fits, evidence, self._fit.sample)
        return found

    def _take(self, item: Input) -> None:
        self._signal.take(item)
        if isinstance(item, Battery):
            self._percent = item.percent
        if isinstance(item, Fit):
            self._fit = item
        if isinstance(item, Lost):
            joined = self._lost is not None and item.start <= self._lost.end
            self._lost = Lost(self._lost.start, item.end) if joined and self._lost else item

    def _of_gap(self, now: int) -> list[Alert]:
        if self._lost is None:
            return []
        length_s = (self._lost.end - self._lost.start) / self._rate
        long = length_s >= self._settings.gap_s
        if long and now > self._lost.end and self._gap.active is None and not self._fresh(now):
            return []
        evidence = {"lost_s": round(length_s, 3)}
        return self._gap.update(now, long, now > self._lost.end, evidence, self._lost.start)

    def _fresh(self, now: int) -> bool:
        """Whether the last loss ended within this tick's reach: it is told once."""
        assert self._lost is not None
        return now - self._lost.end <= self._rate
