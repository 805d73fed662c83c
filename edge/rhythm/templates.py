"""The shapes a patient's beats have in one lead: running templates, and which of them is the normal one.

A beat joins the template it is most like, or founds one. The normal template is the one with most beats, narrow before
wide and unhurried before premature, so that a ventricular rhythm does not become the norm by lasting.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edge.rhythm.shape_window import QRS, REACH, Floats, Shape, centred, likeness, shifted

MOST = 10  # templates a lead: sinus, two or three ectopic foci, fusions, the rest is noise
JOINS = 0.88  # likeness from which a beat belongs to a template
SIZE_COST = 0.15  # of likeness, for a factor of e in size
MERGES = 0.96  # likeness of two templates that are one
FOLLOW = 1 / 20  # of a new beat in its template
REMEMBERED = 600.0  # beats: a template's count fades to a third
NARROW_MS = 25.0  # a template wider by this needs e times as many beats to be the norm
ESTABLISHED = 3.0  # beats: with fewer a template sets no standard of width
HURRIED, HURRY_COST = 0.9, 5.0  # of the usual R-R: a template earlier than that on average is no norm


@dataclass(slots=True, eq=False)
class Template:
    """One shape and what is known of the beats that have it."""

    beat: Floats  # LENGTH, mV; NaN where unknown
    shape: Shape
    norm_mv: float
    count: float = 0.0  # beats, fading
    before: float = 1.0  # mean R-R before its beats, of the usual
    after: float = 1.0  # and after
    seen: int = 0  # beats
    timed: int = 0  # beats with a known interval before
    unit: Floats = field(default_factory=lambda: np.zeros(QRS.stop - QRS.start))

    @classmethod
    def of(cls, beat: Floats) -> Template:
        made = cls(beat.copy(), Shape.of(beat), 0.0)
        made.changed()
        return made

    def changed(self) -> None:
        qrs = centred(self.beat[QRS])
        self.norm_mv = float(np.sqrt(qrs @ qrs)) + 1e-9
        self.unit = qrs / self.norm_mv
        self.shape = Shape.of(self.beat)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a beat belongs, and how it compares with the normal template as it was before."""

    template: Template
    normal: Template
    likeness: float  # with its own template before it joined
    beat: Floats  # LENGTH, aligned to the normal template
    correlation: float  # of the QRS complex with the normal one
    norm_mv: float  # of the QRS complex


class Templates:
    """One lead's templates; at most MOST of them."""

    def __init__(self) -> None:
        self.all: list[Template] = []
        self.seen = 0

    def take(self, cut: Floats, before: float, after: float) -> Match:
        """Put a beat (as `Cutter.cut` gives it) where it belongs; R-R before and after it in units of the usual."""
        self.seen += 1
        if not self.all:
            self._found(cut)
        found, shifts, norms = likeness(cut, self._units)
        sizes = np.array([t.norm_mv for t in self.all])
        alike = found - SIZE_COST * np.abs(np.log(norms / sizes))
        at = int(alike.argmax())
        normal = self.normal
        k = next(i for i, t in enumerate(self.all) if t is normal)
        match_beat, match_corr, match_norm = shifted(cut, int(shifts[k])), float(found[k]), float(norms[k])
        own = self.all[at]
        if alike[at] >= JOINS:
            self._join(own, shifted(cut, int(shifts[at])))
        else:
            own = self._found(cut)
        self._count(own, before, after)
        own = self._merged(own)
        return Match(own, normal, float(alike[at]), match_beat, match_corr, match_norm)

    @property
    def normal(self) -> Template:
        known = [t for t in self.all if t.seen >= ESTABLISHED] or self.all
        narrowest = min(t.shape.width_ms for t in known)

        def standing(t: Template) -> float:
            wide = max(t.shape.width_ms - narrowest, 0.0) / NARROW_MS
            hurry = max(HURRIED - t.before, 0.0) * HURRY_COST
            return float(np.log(t.count + 1e-6)) - wide - hurry

        return max(known, key=standing)

    @property
    def total(self) -> float:
        return sum(t.count for t in self.all)

    def _found(self, cut: Floats) -> Template:
        if len(self.all) >= MOST:
            normal = self.normal
            self.all.remove(min((t for t in self.all if t is not normal), key=lambda t: t.count))
        made = Template.of(shifted(cut, REACH))
        self.all.append(made)
        self._stack()
        return made

    def _join(self, own: Template, beat: Floats) -> None:
        follow = max(1 / (own.seen + 1), FOLLOW)
        known, new = np.isfinite(own.beat), np.isfinite(beat)
        step = np.where(new & known, follow * (beat - own.beat), 0.0)
        own.beat = np.where(known, own.beat + step, beat)
        own.changed()
        self._stack()

    def _count(self, own: Template, before: float, after: float) -> None:
        for t in self.all:
            t.count *= 1 - 1 / REMEMBERED
        own.count += 1.0
        own.seen += 1
        if np.isfinite(before):
            own.timed += 1
            own.before += max(1 / own.timed, FOLLOW) * (before - own.before)
            if np.isfinite(after):
                own.after += max(1 / own.timed, FOLLOW) * (after - own.after)

    def _merged(self, own: Template) -> Template:
        """Two templates that have become one."""
        for other in self.all:
            if other is own or abs(np.log(other.norm_mv / own.norm_mv)) > 0.3:
                continue
            if float(other.unit @ own.unit) < MERGES:
                continue
            kept, gone = (other, own) if other.count >= own.count else (own, other)
            share = gone.count / (kept.count + gone.count)
            kept.before += share * (gone.before - kept.before)
            kept.after += share * (gone.after - kept.after)
            kept.count += gone.count
            kept.seen += gone.seen
            kept.timed += gone.timed
            self.all = [t for t in self.all if t is not gone]
            self._stack()
            return kept
        return own

    def _stack(self) -> None:
        self._units: npt.NDArray[np.float64] = np.stack([t.unit for t in self.all])
