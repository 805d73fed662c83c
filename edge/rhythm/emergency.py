"""The five emergencies of rhythm, from beats and the waveform's evidence: when each begins and when it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.rhythm import legible
from edge.rhythm.beat import Beat
from edge.rhythm.rate import SHORTEST_RR_MS
from edge.rhythm.ventricular import VentricularEvidence

KINDS = ("asystole", "vf", "vt", "extreme_bradycardia", "extreme_tachycardia")


@dataclass(frozen=True, slots=True)
class EmergencySettings:
    """Definitions of PhysioNet/CinC Challenge 2015, and how sure the waveform must be."""

    asystole_s: float = 4.0  # without a QRS complex
    slow_per_min: float = 40.0  # below, over `slow_beats`
    slow_beats: int = 5
    fast_per_min: float = 140.0  # above, over `fast_beats`
    fast_beats: int = 17
    run_beats: int = 5  # ventricular beats in a row
    run_per_min: float = 100.0  # above
    vt_on: float = 0.5  # probability at which the waveform says tachycardia
    vt_share: float = 0.5  # of a window's beats must be ventricular by their class, for the waveform to be believed
    vt_in_a_row: int = 3  # of them (EC57's shortest run): couplets with other beats between them are none ...
    vt_sure: float = 0.85  # ... unless the waveform is this sure, since classes err in a tachycardia
    vf_on: float = 0.7  # likewise fibrillation: higher, since it must hold in fewer features
    vf_windows: int = 2  # one after the other: five seconds of signal
    still_on: float = 0.5  # nothing steeper than a P wave
    off: float = 0.3  # probability below which the waveform speaks against what is on
    clear_s: float = 3.0  # without evidence, before what is on ends
    lost_s: float = 10.0  # without a lead that can be read, before what is on is given up
    unknown_s: float = 10.0  # without readable signal, before what is on ends as unknown


@dataclass(frozen=True, slots=True)
class Emergency:
    """A change: `kind` began or ended."""

    kind: str
    on: bool
    sample: int  # where on the timeline this is told
    onset: int  # where it began
    evidence: Mapping[str, float] = field(default_factory=dict)


Found = tuple[int, dict[str, float]]  # onset and numbers


class Emergencies:
    """Beats and evidence in, changes out. Looks once for every piece of evidence, at its end.

    All beats before that end must have been pushed by then; later ones may be. Where no lead can be read, or
    only what motion has drawn, nothing begins, and what is on ends only after a while.
    """

    def __init__(self, settings: EmergencySettings | None = None, rate: float = 500.0) -> None:
        self.settings = settings or EmergencySettings()
        self._rate = rate
        self._pending: deque[Beat] = deque()
        self._last_sure: int | None = None
        self._beats: deque[Beat] = deque(maxlen=max(self.settings.fast_beats, self.settings.slow_beats))
        self._readable_from: int | None = None
        self._vf_windows = 0
        self._on: dict[str, tuple[int, int]] = {}  # kind: onset, last evidence

    @property
    def active(self) -> tuple[str, ...]:
        return tuple(kind for kind in KINDS if kind in self._on)

    def push(self, beats: Iterable[Beat], evidence: Sequence[VentricularEvidence]) -> list[Emergency]:
        self._pending.extend(beats)
        return [change for one in evidence for change in self._look(one)]

    def _look(self, one: VentricularEvidence) -> list[Emergency]:
        if one.vf is None or one.vt is None:
            self._readable_from, self._vf_windows = None, 0
            self._gather(one.end)
            return self._changes(one, {}, self.settings.unknown_s)
        if self._readable_from is None:
            self._readable_from = one.start
        found = self._gather(one.end)
        if one.legible is not None and one.legible < legible.EMERGENCY:  # motion looks like any of them
            self._vf_windows = 0
            return self._changes(one, {}, self.settings.unknown_s)
        for kind, what in (("asystole", self._asystole(one)), ("vf", self._vf(one)), ("vt", self._vt(one))):
            if what is not None:
                found[kind] = what
        if "vf" in found or "vf" in self._on:
            found.pop("asystole", None)  # what fibrillates is not still
        return self._changes(one, found, self.settings.clear_s)

    def _gather(self, end: int) -> dict[str, Found]:
        """Take the beats before `end` in; what their intervals and classes show."""
        found: dict[str, Found] = {}
        while self._pending and self._pending[0].sample < end:
            self._beats.append(self._pending.popleft())
            if self._beats[-1].breaks_silence:
                self._last_sure = self._beats[-1].sample
            found |= self._of_beats()
        return found

    def _of_beats(self) -> dict[str, Found]:
        s, found = self.settings, {}
        slow, fast, run = (self._rate_of(n) for n in (s.slow_beats, s.fast_beats, s.run_beats))
        if slow is not None and slow < s.slow_per_min:
            found["extreme_bradycardia"] = (self._beats[-s.slow_beats].sample, {"rate_per_min": slow})
        if fast is not None and fast > s.fast_per_min:
            found["extreme_tachycardia"] = (self._beats[-s.fast_beats].sample, {"rate_per_min": fast})
        last = list(self._beats)[-s.run_beats :]
        if run is not None and run > s.run_per_min and all(beat.kind == "V" for beat in last):
            found["vt"] = (last[0].sample, {"rate_per_min": run, "ventricular_beats": float(s.run_beats)})
        return found

    def _rate_of(self, count: int) -> float | None:
        """Beats a minute over the last `count`; None where there are fewer, or an interval is unknown."""
        if len(self._beats) < count:
            return None
        rr_ms = [beat.rr_ms for beat in list(self._beats)[-count + 1 :]]
        known = [rr for rr in rr_ms if rr is not None and rr >= SHORTEST_RR_MS]
        return 60_000 / float(np.mean(known)) if len(known) == count - 1 else None

    def _asystole(self, one: VentricularEvidence) -> Found | None:
        s = self.settings
        from_ = self._readable_from if self._readable_from is not None else one.start
        last = self._last_sure
        silence_s = 0.0 if last is None else (one.end - max(last, from_)) / self._rate
        if silence_s >= s.asystole_s and last is not None:
            return max(last, from_), {"silence_s": silence_s}
        if one.still is not None and one.still >= s.still_on and one.end - one.start >= s.asystole_s * self._rate:
            return one.start, {"still": one.still}
        return None

    def _vf(self, one: VentricularEvidence) -> Found | None:
        vf = one.vf or 0.0
        self._vf_windows = self._vf_windows + 1 if vf >= self.settings.vf_on else 0
        if self._vf_windows < self.settings.vf_windows and not ("vf" in self._on and vf >= self.settings.off):
            return None
        return one.start - round((self._vf_windows - 1) * self._rate), {"vf": vf, "dominant_hz": _number(one)}

    def _vt(self, one: VentricularEvidence) -> Found | None:
        vt = one.vt or 0.0
        if vt < (self.settings.off if "vt" in self._on else self.settings.vt_on):
            return None
        kinds = "".join(beat.kind for beat in self._beats if one.start <= beat.sample < one.end and beat.kind != "Q")
        if kinds and kinds.count("V") < self.settings.vt_share * len(kinds):
            return None  # a fast rhythm of the patient's own, or of an aberrant conduction
        if _interrupted(kinds, self.settings.vt_in_a_row) and vt < self.settings.vt_sure:
            return None
        return one.start, {"vt": vt, "rate_per_min": one.evidence.get("run_rate", 0.0)}

    def _changes(self, one: VentricularEvidence, found: Mapping[str, Found], wait_s: float) -> list[Emergency]:
        changes: list[Emergency] = []
        for kind in KINDS:
            if kind in found:
                onset, numbers = found[kind]
                if kind not in self._on:
                    changes.append(Emergency(kind, True, one.end, onset, numbers))
                self._on[kind] = (self._on.get(kind, (onset, 0))[0], one.end)
            elif kind in self._on and one.end - self._on[kind][1] >= wait_s * self._rate:
                changes.append(Emergency(kind, False, one.end, self._on.pop(kind)[0]))
        return changes


def _interrupted(kinds: str, in_a_row: int) -> bool:
    """Whether ventricular beats have others between them, and nowhere so many in a row."""
    return "V" * in_a_row not in kinds and kinds.strip("NSF").strip("V") != "" and "V" in kinds


def _number(one: VentricularEvidence) -> float:
    return one.evidence.get("dominant_hz", 0.0)
