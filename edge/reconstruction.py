"""From measured leads to twelve: windows, network, overlap-add, the patient's correction, physics."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from edge.blocks import Block, Origin, TwelveLeads
from edge.bundle import Bundle
from edge.correction import Correction
from edge.engines import Engine
from edge.leads import LEAD, LEADS
from edge.montage import Montage
from edge.projection import Projection
from edge.windows import Float64s, OverlapAdd, Settled, Window, Windows

LEADS_IN, SPREAD = slice(0, 8), slice(8, 16)  # columns of what is joined: the eight leads, their variances,
WHOLE, BASIS = 16, slice(17, None)  # the share of windows that had every lead of the montage, the basis


class Reconstruct:
    """Stage: blocks of measured leads in, twelve leads out, every sample of the timeline accounted for.

    Where no window could be inferred, measured and derived leads are still there; the others are unavailable. A
    patient's correction is applied where every lead of the montage was there in every window, while `corrects`.
    """

    def __init__(
        self,
        montage: Montage,
        bundle: Bundle,
        engine: Engine,
        hop: int,
        correction: Correction | None = None,
        on_estimate: Callable[[Float64s, np.ndarray], None] | None = None,
    ) -> None:
        """on_estimate: is told the joined values and where they are known, before any correction (an enrolment's)."""
        self.montage, self.bundle, self.engine = montage, bundle, engine
        self.windows = Windows(bundle.window, hop)
        self.delay_samples = bundle.window
        self.inferred = 0  # windows
        self.corrects = correction is not None  # may be changed between two blocks
        self.corrected = 0  # samples out
        self._on_estimate = on_estimate
        self._with_basis = correction is not None or on_estimate is not None  # else nobody reads it
        self._correction = correction
        self._measured = [montage.names.index(lead) for lead in correction.features.measured] if correction else []
        self._projection = Projection(montage)
        self._joined = OverlapAdd(bundle.window, 17 + (bundle.basis if self._with_basis else 0))
        self._held: Block | None = None
        self._input = np.zeros((24, bundle.window), np.float32)

    def push(self, block: Block, /) -> list[TwelveLeads]:
        if self._held is None:
            self._held = block
            self._joined.start = block.start
        else:
            mv, valid = np.concatenate([self._held.mv, block.mv]), np.concatenate([self._held.valid, block.valid])
            self._held = Block(self._held.start, block.rate, block.leads, mv, valid)
        return self._work(lambda: self.windows.push(block))

    def flush(self) -> list[TwelveLeads]:
        return self._work(self.windows.flush)

    def _work(self, cut: Callable[[], list[Window | Settled]]) -> list[TwelveLeads]:
        out: list[TwelveLeads] = []
        for item in cut():
            if isinstance(item, Window):
                self._infer(item)
            elif item.end > self._joined.start:
                out += self._emit(item.end)
        return out

    def _infer(self, window: Window) -> None:
        given = self.montage.given(window.present)
        if not given:
            return
        x = self._input
        x[:] = 0
        for name in given:
            x[12 + LEAD[name]] = 1
            if name in self.montage.names:
                x[LEAD[name]] = window.mv[:, self.montage.names.index(name)]
        indirect = [name for name in given if name not in self.montage.names]
        if indirect:
            x[[LEAD[name] for name in indirect]] = self._determine(window, indirect)
        leads, log_variance, *basis = self.engine.infer(x)
        scale = self.bundle.sd_scale(given)
        whole = np.full((1, len(window.mv)), bool(window.present.all()))
        values = np.concatenate(
            [leads, np.exp(log_variance) * (scale**2)[:, None], whole, *(basis if self._with_basis else ())]
        )
        self._joined.add(window.start, values.T.astype(np.float64))
        self.inferred += 1

    def _determine(self, window: Window, leads: list[str]) -> np.ndarray:
        """Standard leads that follow exactly from channels that are none (leads x window)."""
        valid = tuple(bool(v) for v in window.present)
        n = len(window.mv)
        blank = np.zeros((n, 8)), np.ones((n, 8)), np.eye(8)
        twelve, _ = self._projection.apply(*blank, window.mv.astype(np.float64), valid)
        return twelve[:, [LEAD[name] for name in leads]].T

    def _emit(self, end: int) -> list[TwelveLeads]:
        assert self._held is not None
        start = self._joined.start
        values, known = self._joined.settle(end)
        block = self._held.cut(start, end)
        self._held = self._held.cut(end, self._held.end)
        if self._on_estimate:
            self._on_estimate(values, known)
        whole = values[:, WHOLE] == 1.0
        kind = np.concatenate([block.valid, known[:, None], whole[:, None]], axis=1)
        cuts = [0, *(np.flatnonzero((kind[1:] != kind[:-1]).any(axis=1)) + 1).tolist(), len(kind)]
        return [self._twelve(block, values, known, a, b) for a, b in pairwise(cuts)]

    def _twelve(self, block: Block, values: Float64s, known: np.ndarray, a: int, b: int) -> TwelveLeads:
        """Samples a to b of `block`, over which nothing changes about what is known."""
        valid = tuple(bool(v) for v in block.valid[a])
        estimated = bool(known[a])
        if not any(valid) and not estimated:
            nothing = np.broadcast_to(np.float32(np.nan), (b - a, len(LEADS)))  # a gap takes no memory
            return TwelveLeads(block.start + a, nothing, nothing, (Origin.UNAVAILABLE,) * len(LEADS), rate=block.rate)
        fixed = self._projection.constraint(valid)
        eight = values[a:b, LEADS_IN] if estimated else np.zeros((b - a, 8))
        variance = values[a:b, SPREAD] if estimated else np.ones((b - a, 8))
        correlation = self.bundle.correlation(self.montage.given(block.valid[a]))
        signal = block.mv[a:b].astype(np.float64)
        if not all(valid):
            signal = np.nan_to_num(signal)
        enrolled = self._corrects_from(values[a], valid)
        if enrolled:
            assert self._correction is not None
            self.corrected += b - a
            eight, variance = self._correction.apply(eight, variance, signal[:, self._measured], values[a:b, BASIS])
        twelve, sd = self._projection.apply(eight, variance, correlation, signal, valid)
        measured = {lead for lead, _ in fixed.measured}
        origin = []
        for lead in range(len(LEADS)):
            if lead in measured:
                origin.append(Origin.MEASURED)
            elif fixed.derived[lead]:
                origin.append(Origin.DERIVED)
            else:
                origin.append(Origin.RECONSTRUCTED if estimated else Origin.UNAVAILABLE)
        missing = [o is Origin.UNAVAILABLE for o in origin]
        twelve[:, missing] = np.nan
        sd[:, missing] = np.nan
        return TwelveLeads(block.start + a, twelve, sd, tuple(origin), rate=block.rate, enrolled=enrolled)

    def _corrects_from(self, values: Float64s, valid: tuple[bool, ...]) -> bool:
        """Whether the correction is in force over a stretch that begins with `values`."""
        return self._correction is not None and self.corrects and all(valid) and values[WHOLE] == 1.0
