"""False alerts by kind where nothing of it is, a day, with exact intervals; and how soon true ones come.

An alert is false where the reference shows nothing of its kind within `REACH_S` of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.ec57 import rhythms
from benchmarks.ec57.annotations import Annotations
from benchmarks.rhythm.road import Told
from edge.bundle import RATE

REACH_S = 10.0  # to either side of an event: an alert in it is of that event
DAY_H = 24.0
CONFIDENCE = 0.95
FAST_PER_MIN, SLOW_PER_MIN = 120.0, 50.0  # the product's limits
RATE_SLACK_PER_MIN = 5.0  # a rate so near the limit is no false alert
RATE_BEATS = 8
PAUSE_S, ASYSTOLE_S = 2.9, 3.9  # the product's limits are 3 and 4: R may be placed a little apart

Spans = list[tuple[float, float]]  # s


@dataclass
class AlertCount:
    """Over any number of recordings."""

    hours: float = 0.0
    false: Counter[str] = field(default_factory=Counter)
    true: Counter[str] = field(default_factory=Counter)
    delays_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    falsely: list[tuple[str, str, float]] = field(default_factory=list)  # record, kind, s

    def add(self, name: str, told: Told, events: dict[str, Spans]) -> None:
        self.hours += told.hours
        for alert in told.began:
            kind, at, onset = str(alert.kind), alert.sample / RATE, alert.onset / RATE
            near = [a for a, b in events.get(kind, []) if onset <= b + REACH_S and at >= a - REACH_S]
            if near:
                self.true[kind] += 1
                self.delays_s[kind].append(at - min(near, key=lambda begun: abs(begun - onset)))
            else:
                self.false[kind] += 1
                self.falsely.append((name, kind, round(onset, 1)))

    def as_json(self) -> dict[str, Any]:
        return {
            "hours": round(self.hours, 3),
            "kinds": {kind: self._of(kind) for kind in sorted({*self.false, *self.true})},
            "false_per_day": round(sum(self.false.values()) * DAY_H / self.hours, 2) if self.hours else None,
            "falsely": [list(entry) for entry in self.falsely[:200]],
        }

    def _of(self, kind: str) -> dict[str, Any]:
        low, high = poisson_interval(self.false[kind])
        delays = [delay for delay in self.delays_s[kind] if delay >= 0]
        day = DAY_H / self.hours
        return {
            "true": self.true[kind],
            "false": self.false[kind],
            "false_per_day": round(self.false[kind] * day, 2),
            "false_per_day_95": [round(low * day, 2), round(high * day, 2)],
            "delay_s_median": round(float(np.median(delays)), 1) if delays else None,
            "delay_s_longest": round(max(delays), 1) if delays else None,
        }


def poisson_interval(count: int) -> tuple[float, float]:
    """Exact interval of a count (Garwood 1936)."""
    from scipy.stats import chi2

    tail = (1 - CONFIDENCE) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2


def events(reference: Annotations) -> dict[str, Spans]:
    """What the reference's beats and rhythms show of each kind of alert."""
    lasts_s = rhythms.duration_s(reference)
    marked = {
        kind: rhythms.of(reference, rhythms.RHYTHMS[name], lasts_s)
        for kind, name in (("af", "af+afl"), ("vf", "vf"), ("vt", "vt"), ("asystole", "asystole"))
    }
    found = marked | _of_beats(reference, marked["vf"])
    found["vt"] = sorted(found["vt"] + marked["vf"] + [r for r in found["pvc_run"] if r[2] >= 5])[:]
    found["vf"] = sorted(marked["vf"] + marked["vt"])
    return {kind: [(span[0], span[1]) for span in spans] for kind, spans in found.items()}


def _of_beats(reference: Annotations, flutter: Spans) -> dict[str, Any]:
    from benchmarks.ec57.classes import EC57

    beats = [(s / reference.rate, EC57[symbol]) for s, symbol, _, _ in reference if symbol in EC57]
    at = np.array([t for t, _ in beats])
    kinds = "".join(kind for _, kind in beats)
    rr = np.diff(at)
    still = [(a, a + d) for a, d in zip(at, rr, strict=False) if d >= PAUSE_S]
    # flutter has no beats marked, and is not still
    still = [(a, b) for a, b in still if not any(first < b and a < last for first, last in flutter)]
    found: dict[str, Any] = {"pause": still, "asystole": [(a, b) for a, b in still if b - a >= ASYSTOLE_S]}
    found["pvc_run"] = _runs(at, kinds, 3)
    found["couplet"] = _runs(at, kinds, 2)
    found["bigeminy"] = _patterns(at, kinds)
    share = kinds.count("V") / max(len(kinds), 1)
    found["pvc_burden"] = [(float(at[0]), float(at[-1]))] if len(at) and share >= 0.09 else []
    rates = [60 / float(np.median(rr[max(0, k - RATE_BEATS) : k + 1])) for k in range(len(rr))]
    fast, slow = FAST_PER_MIN - RATE_SLACK_PER_MIN, SLOW_PER_MIN + RATE_SLACK_PER_MIN
    found["tachycardia"] = [(t, t) for t, r in zip(at[1:], rates, strict=True) if r > fast]
    found["bradycardia"] = [(t, t) for t, r in zip(at[1:], rates, strict=True) if r < slow]
    return found


def _runs(at: Any, kinds: str, fewest: int) -> list[tuple[float, float, int]]:
    runs, first = [], None
    for k, kind in enumerate(kinds + "N"):
        if kind in "VF" and first is None:
            first = k
        elif kind not in "VF" and first is not None:
            if k - first >= fewest:
                runs.append((float(at[first]), float(at[k - 1]), k - first))
            first = None
    return runs


def _patterns(at: Any, kinds: str) -> Spans:
    """Two or more cycles of a ventricular and another beat."""
    spans: Spans = []
    for k in range(len(kinds) - 3):
        if kinds[k] in "VF" and kinds[k + 1] not in "VF" and kinds[k + 2] in "VF" and kinds[k + 3] not in "VF":
            spans.append((float(at[k]), float(at[k + 3])))
    return spans
