"""Stage: twelve leads and classed beats in; every five seconds the average beat of the last ten out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from edge.blocks import Origin, TwelveLeads
from edge.leads import LEADS
from edge.quality import QualityReport
from edge.rhythm.beat import Beat
from edge.st.beat import AFTER, BEFORE, RATE, AverageBeat, Floats

STEP_S = 5.0  # between averages: an alert that waits a minute sees a dozen
WINDOW_S = 10.0  # of beats: noise falls to a third, and a change of ST shows within it
FEWEST = 4  # beats: of fewer the spread is a guess
KINDS = "NS"  # classes whose ventricles are excited as usual
ALIKE = 0.90  # correlation of QRS over the measured leads: what is less alike is left out
REACH = 20  # samples that R may be placed off (another lead's, or the other half of an RR' complex)
QRS = slice(BEFORE - 50, BEFORE + 60)  # rows by which beats are compared
MIN_QUALITY = 0.3  # of a second in a lead: ST is not read from worse (a rhythm may be)
BAD_SHARE = 0.34  # of the seconds: a lead with more of them bad is left out, with all that rests on it
MOST_HAVE = 0.6  # of the beats of the best lead: a lead with fewer is left out, rather than the beats it lacks
MOST_BEATS = 60  # of ten seconds at 360 a minute
RANK = (Origin.MEASURED, Origin.DERIVED, Origin.RECONSTRUCTED, Origin.UNAVAILABLE)
Flags = npt.NDArray[np.bool_]


class Averager:
    """Twelve leads as they come, beats once their class is known; averages at multiples of STEP_S on the timeline."""

    def __init__(self) -> None:
        self._step, self._window = round(STEP_S * RATE), round(WINDOW_S * RATE)
        self._pieces: deque[TwelveLeads] = deque()
        self._beats: deque[Beat] = deque()
        self._reports: deque[QualityReport] = deque()
        self._next = self._step
        self._end = self._known = 0  # of the leads; of the beats
        self.horizon = 0  # every average up to here has been put

    @property
    def delay_samples(self) -> int:
        """Beyond that of the leads and the beats: until the step is full."""
        return self._step

    def set_quality(self, report: QualityReport) -> None:
        self._reports.append(report)

    def push(self, blocks: Iterable[TwelveLeads], beats: Iterable[Beat], horizon: int) -> list[AverageBeat]:
        """`horizon`: no beat before it will come any more."""
        for block in blocks:
            self._keep(block)
            self._end = block.end
        self._beats.extend(beat for beat in beats if beat.kind in KINDS)
        self._known = max(self._known, horizon)
        found: list[AverageBeat] = []
        while self._next <= min(self._end, self._known):
            found += self._at(self._next)
            self.horizon = self._next
            self._next += self._step
            self._forget(self._next - self._window - BEFORE - REACH)
        return found

    def flush(self) -> list[AverageBeat]:
        """The last, shorter step."""
        if self._end <= self.horizon:
            return []
        found = self._at(self._end)
        self.horizon = self._end
        return found

    def _keep(self, block: TwelveLeads) -> None:
        """Stretches of nothing as one: no beat is told of while they last, and they may last for hours."""
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last.end == block.start and _blank(last) and _blank(block):
            nothing = np.broadcast_to(np.float32(np.nan), (block.end - last.start, len(LEADS)))
            self._pieces[-1] = replace(last, mv=nothing, sd=nothing)
        else:
            self._pieces.append(block)

    def _forget(self, before: int) -> None:
        while self._pieces and self._pieces[0].end <= before:
            self._pieces.popleft()
        while self._reports and self._reports[0].end <= before:
            self._reports.popleft()
        while self._beats and self._beats[0].sample < before + BEFORE + REACH:
            self._beats.popleft()

    def _at(self, end: int) -> list[AverageBeat]:
        first = end - self._window
        at = np.array([beat.sample for beat in self._beats], np.int64)
        rr = [beat.rr_ms for beat in self._beats if beat.rr_ms is not None]
        pieces = [piece for piece in self._pieces if piece.end > first - BEFORE - REACH and piece.start < end]
        if len(at) < FEWEST or not rr or not pieces:
            return []
        oldest = max(pieces[0].start, first - BEFORE - REACH)
        whole = (at >= max(first, oldest + BEFORE + REACH)) & (at + AFTER + REACH <= end)
        at = at[whole][-MOST_BEATS:]
        if len(at) < FEWEST:
            return []
        mv, sd, origin = _joined(pieces, oldest, end)
        stretch = Stretch(oldest, mv, sd, origin, all(piece.enrolled for piece in pieces))
        made = averaged(stretch, at, self._good(at, origin), float(np.median(rr)))
        return [] if made is None else [made]

    def _good(self, at: npt.NDArray[np.int64], origin: Sequence[Origin]) -> Flags:
        """By quality: which beats count in which leads (K x 12)."""
        good = np.ones((len(at), len(LEADS)), bool)
        if not self._reports:
            return good
        ends = np.array([report.end for report in self._reports])
        starts = np.array([report.start for report in self._reports])
        near = (ends > at[0] - BEFORE) & (starts < at[-1] + AFTER)
        touches = (ends > at[:, None] - BEFORE) & (starts < at[:, None] + AFTER)  # K x reports
        rests = [k for k, o in enumerate(origin) if o in (Origin.RECONSTRUCTED, Origin.DERIVED)]
        for name in self._reports[-1].score:
            poor = np.array([report.score.get(name, 0.0) < MIN_QUALITY for report in self._reports])
            columns = [LEADS.index(name)] if name in LEADS else []
            if (poor & near).sum() > BAD_SHARE * near.sum():
                good[:, columns + rests] = False
            else:
                good[np.ix_((touches & poor).any(axis=1), columns + rests)] = False
        return good


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of twelve leads, and the least that each was in it."""

    start: int  # timeline index of row 0
    mv: Floats  # n x 12
    sd: Floats
    origin: tuple[Origin, ...]
    enrolled: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.mv)


def averaged(
    of: Stretch, at: npt.NDArray[np.int64], good: Flags, rr_ms: float, fewest: int = FEWEST
) -> AverageBeat | None:
    """The beats with R at `at` (each with BEFORE, AFTER and REACH of room) that are alike; None of fewer than `fewest`.

    good: which of them count in which leads (K x 12).
    """
    cut = of.mv[(at - of.start)[:, None] + np.arange(-BEFORE - REACH, AFTER + REACH)]  # K x samples x 12
    kept, leads = _kept(np.isfinite(cut).all(axis=1) & good, fewest)
    if not leads.any() or kept.sum() < fewest:
        return None
    origin = tuple(o if ok else Origin.UNAVAILABLE for o, ok in zip(of.origin, leads, strict=True))
    measured = np.array([o is Origin.MEASURED for o in origin])
    shifts, alike = _aligned(cut[kept][:, :, measured if measured.any() else leads])
    if alike.sum() < fewest:
        return None
    at = (at[kept] + shifts - REACH)[alike]
    rows = (at - of.start)[:, None] + np.arange(-BEFORE, AFTER)
    beats = np.where(leads, of.mv[rows], np.nan)
    spread = np.sqrt(np.square(of.sd[rows]).mean(axis=0))
    return AverageBeat(of.end, at, beats, spread, origin, rr_ms, of.enrolled)


def _blank(piece: TwelveLeads) -> bool:
    return all(origin is Origin.UNAVAILABLE for origin in piece.origin)


def _joined(pieces: Sequence[TwelveLeads], first: int, last: int) -> tuple[Floats, Floats, tuple[Origin, ...]]:
    """mV and sd (n x 12) from timeline index `first` up to `last`, and each lead's least origin where it is there."""
    parts = [(piece, slice(max(first - piece.start, 0), last - piece.start)) for piece in pieces]
    mv, sd = (np.concatenate([getattr(p, name)[s] for p, s in parts]).astype(np.float64) for name in ("mv", "sd"))
    origin = []
    for lead in zip(*(piece.origin for piece in pieces), strict=True):
        there = [o for o in lead if o is not Origin.UNAVAILABLE]
        origin.append(max(there, key=RANK.index, default=Origin.UNAVAILABLE))
    return mv, np.nan_to_num(sd), tuple(origin)


def _kept(fit: Flags, fewest: int) -> tuple[Flags, Flags]:
    """Beats and leads of `fit` (K x 12) such that every beat is there in every lead.

    Leads that have many; of those, the ones with fewest go as long as there are too few beats that all have.
    """
    share = fit.sum(axis=0)
    leads = np.flatnonzero(share >= max(fewest, MOST_HAVE * share.max()))
    leads = leads[np.argsort(-share[leads], kind="stable")]
    while len(leads) > 1 and fit[:, leads].all(axis=1).sum() < max(fewest, MOST_HAVE * share[leads[0]]):
        leads = leads[:-1]
    kept: Flags = np.zeros(fit.shape[1], np.bool_)
    kept[leads] = True
    return np.asarray(fit[:, kept].all(axis=1)), kept


def _aligned(cut: Floats) -> tuple[npt.NDArray[np.int64], Flags]:
    """Shift (0 to 2 REACH) at which each beat's QRS is most like the usual one, and whether it is like enough."""
    about = cut[:, QRS.start : QRS.stop + 2 * REACH]
    size = QRS.stop - QRS.start
    windows = sliding_window_view(about, size, axis=1)  # K x shifts x leads x samples
    windows = windows - windows.mean(axis=-1, keepdims=True)
    norms = np.sqrt(np.square(windows).sum(axis=(2, 3))) + 1e-9
    shifts = np.full(len(cut), REACH)
    rows = np.arange(len(cut))
    for _ in range(2):  # the first template is blurred by what it aligns
        template = np.median(windows[rows, shifts], axis=0)
        template -= template.mean(axis=-1, keepdims=True)
        likeness = np.einsum("ksln,ln->ks", windows, template) / norms / (np.linalg.norm(template) + 1e-9)
        shifts = likeness.argmax(axis=1)
    return shifts, likeness.max(axis=1) >= ALIKE
