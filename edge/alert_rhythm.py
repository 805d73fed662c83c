"""What the rhythm says of the wearer: fibrillation, ventricular tachycardia, and ventricular ectopy."""

from __future__ import annotations

from collections.abc import Mapping

from edge.alert import Alert, Kind
from edge.alert_inputs import Classed, Input, Inputs, Signal
from edge.alert_latch import Latch
from edge.alert_settings import AlertSettings
from edge.blocks import Origin
from edge.rhythm.ectopy import COUPLET, Bigeminy, Burden, Run
from edge.rhythm.legible import Legible
from edge.rhythm.rhythm import Label
from edge.rhythm.rhythms import Span

SHAPED = 0.45  # quality from which beats have shapes: motion without any, and fibrillation, come to 0.37 at most
LASTING = {Label.VF: Kind.VF, Label.VT: Kind.VT, Label.AF: Kind.AF}


class RhythmRules:
    """VF, VT and AF for as long as they are found; runs, couplets and bigeminy as they come; the burden of an hour."""

    def __init__(self, leads: tuple[str, ...], rate: float, settings: AlertSettings) -> None:
        def samples(seconds: float) -> int:
            return round(seconds * rate)

        s = self._settings = settings
        self._rate = rate
        origin = dict.fromkeys(leads, Origin.MEASURED)
        clear, hold_off = samples(s.clear_s), samples(s.hold_off_s)
        self._lasting = {
            label: Latch(kind, 0, clear, 0 if kind is Kind.VF else hold_off, leads=origin)
            for label, kind in LASTING.items()
        }
        self._run = Latch(Kind.PVC_RUN, 0, clear, hold_off, leads=origin)
        self._couplet = Latch(Kind.COUPLET, 0, clear, hold_off, leads=origin)
        self._bigeminy = Latch(Kind.BIGEMINY, 0, clear, hold_off, leads=origin)
        self._often = Latch(Kind.PVC_BURDEN, 0, clear, hold_off, leads=origin)
        self.latches = [*self._lasting.values(), self._run, self._couplet, self._bigeminy, self._often]
        self._unknown = samples(s.unknown_s)
        self._burden = Burden(rate, s.pvc_burden_s)
        self._signal = Signal(leads, s.min_quality)
        self._shapes = Signal(leads, max(s.min_quality, SHAPED), weak_counts=False)
        self._legible = True  # by the last window
        self._on: dict[Label, Span] = {}
        self._running: Run | None = None
        self._pattern: Bigeminy | None = None
        self._unreadable_since: int | None = None
        self.inputs = Inputs()

    def tick(self, now: int) -> list[Alert]:
        couplets: list[Run] = []
        for item in self.inputs.until(now):
            self._take(item, couplets)
        found: list[Alert] = []
        for label, latch in self._lasting.items():
            span = self._on.get(label)
            holds = span is not None and (label is not Label.AF or self._beats_are_believed)
            found += latch.update(now, holds, span is None, *_of(span))
        found += self._ectopic(now, couplets)
        return found + self._unknowable(now)

    def _take(self, item: Input, couplets: list[Run]) -> None:
        self._signal.take(item)
        self._shapes.take(item)
        if isinstance(item, Run | Bigeminy | Classed) and not self._beats_are_believed:
            self._running = self._pattern = None  # what beats look like cannot be told from noise
            return
        match item:
            case Legible():
                self._legible = item.beats
            case Span():
                if item.on:
                    self._on[item.label] = item
                else:
                    self._on.pop(item.label, None)
            case Run():
                self._running = None if item.over else item
                if item.over and item.beats == COUPLET:
                    couplets.append(item)
            case Bigeminy():
                self._pattern = None if item.over else item
            case Classed():
                self._burden.push(item.beat)

    @property
    def _beats_are_believed(self) -> bool:
        return self._legible and self._shapes.since is not None

    def _ectopic(self, now: int, couplets: list[Run]) -> list[Alert]:
        s = self._settings
        found: list[Alert] = []
        run = self._running
        holds = run is not None and run.beats >= s.pvc_run_beats and Label.VT not in self._on
        numbers = {} if run is None else {"beats": float(run.beats), "rate_per_min": round(self._per_min(run), 1)}
        found += self._run.update(now, holds, run is None, numbers, run.start if run else None)
        onset = couplets[0].start if couplets else None
        numbers = {"rate_per_min": round(self._per_min(couplets[0]), 1)} if couplets else {}
        found += self._couplet.update(now, bool(couplets), not couplets, numbers, onset)
        pattern = self._pattern
        holds = pattern is not None and pattern.cycles >= s.bigeminy_cycles
        numbers = {} if pattern is None else {"cycles": float(pattern.cycles)}
        found += self._bigeminy.update(now, holds, pattern is None, numbers, pattern.start if pattern else None)
        return found + self._of_burden(now)

    def _of_burden(self, now: int) -> list[Alert]:
        s = self._settings
        beats, ventricular = self._burden.recent
        percent = 100.0 * ventricular / beats if beats else 0.0
        many = percent >= s.pvc_burden_percent and beats >= s.pvc_burden_least_beats
        numbers = {"pvc_percent": round(percent, 2), "beats": float(beats)}
        return self._often.update(now, many, percent < s.pvc_burden_off_percent, numbers)

    def _unknowable(self, now: int) -> list[Alert]:
        """What is on while nothing can be read is neither true nor false for long."""
        if self._signal.since is not None:
            self._unreadable_since = None
            return []
        since = self._unreadable_since = now if self._unreadable_since is None else self._unreadable_since
        if now - since < self._unknown:
            return []
        self._on.clear()
        unknown = {"unknown_s": round((now - since) / self._rate, 3)}
        return [alert for latch in self.latches if latch is not self._often for alert in latch.end(now, unknown)]

    def _per_min(self, run: Run) -> float:
        return run.rate_per_min(self._rate)


def _of(span: Span | None) -> tuple[Mapping[str, float], int | None]:
    return ({}, None) if span is None else (span.evidence or {}, span.onset)
