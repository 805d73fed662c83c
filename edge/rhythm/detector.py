"""Beats found on whatever leads are measured: one vote a lead, adaptive thresholds, search back.

After Pan & Tompkins, IEEE Trans Biomed Eng 32:230 (1985) and Hamilton & Tompkins, 33:1157 (1986): a peak of QRS energy is a
beat when it passes a threshold between the running levels of beats and of noise; none follows within the refractory
period; a T wave is told by its slope; a missing beat is looked for again at half the threshold. The energies of the leads
are put on one scale and averaged, each weighted by how far its beats stand out of its noise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.rhythm.beat import Beat
from edge.rhythm.energy import QrsEnergy
from edge.rhythm.history import History
from edge.rhythm.levels import Levels

HOP_S = 0.1  # the work is done in hops of this length on the timeline, however the input is cut
REFRACTORY_S = 0.200  # no second beat within: 300/min
T_WAVE_S = 0.360  # within this of a beat a peak with less than half of its slope is a T wave
LEARN_S = 2.0  # two beats at 60/min
HOLD_S = 6.0  # history: the longest search back, its levels and their reach
LONGEST_RR_S = 2.0  # 30/min: a longer mean interval is not waited for
SEARCH_BACK = 1.66  # times the mean R-R (Pan & Tompkins)
RETRY_S = 0.5  # between attempts to learn anew while no beat comes
THRESHOLD = 0.3125  # of the way from noise to QRS (Hamilton & Tompkins: 0.3125)
MIN_QUALITY = 0.5  # a lead below it has no vote
FORGET_S = 2.0  # a lead lost for longer is learned anew
RELEARN_FRACTION = 0.15  # of the QRS level before: a P wave must not become the QRS of an asystole
FORGIVE_S = 20.0  # silence after which even that is given up
LOCATE_S = 0.060  # around the peak of energy: where R is looked for


class BeatDetector:
    """Stage: blocks of measured leads (baseline removed, NaN where lost) to beats in order of time.

    `delay_samples` is the worst case, from an R peak to its `Beat`: a search back after slow beats, or the first beats
    of a run, which wait for its levels to be learned. `typical_delay_samples` is that of every other beat.
    """

    def __init__(self, rate: float = 500.0, min_quality: float = MIN_QUALITY) -> None:
        if not 125 <= rate <= 1000:
            raise ValueError(f"a rate of {rate} Hz: beats are found at 125 to 1000 Hz")
        self.rate = rate
        self._min_quality = min_quality
        self._hop = round(HOP_S * rate)
        self._refractory = round(REFRACTORY_S * rate)
        probe = QrsEnergy(rate, 1, self._hop, 4 * self._hop, 0)
        self.typical_delay_samples = probe.delay_samples + self._refractory + 2 * self._hop
        self.delay_samples = self.typical_delay_samples + round(SEARCH_BACK * LONGEST_RR_S * rate)
        self._leads: tuple[str, ...] = ()
        self._quality: deque[tuple[int, Mapping[str, float]]] = deque()
        self._filled = 0
        self._open = False
        self.horizon = 0  # timeline index before which no further beat will be put

    def set_quality(self, start: int, scores: Mapping[str, float]) -> None:
        """From sample `start` on leads have these scores (0 to 1); a lead not named is taken as good.

        To be called in order, and before the block that holds `start` is pushed.
        """
        self._quality.append((start, dict(scores)))

    def push(self, block: Block, /) -> list[Beat]:
        found: list[Beat] = []
        if not len(block.mv):
            return found
        if self._open and block.leads != self._leads:
            found += self.flush()
        if not self._open:
            self._begin(block.start, block.leads)
        at = self._next
        if block.start < at:
            raise ValueError(f"a block at sample {block.start} after one that ended at {at}: blocks must not go back")
        if block.start - at > round(HOLD_S * self.rate):  # longer than anything remembered
            found += self.flush()
            self._begin(block.start, block.leads)
        elif block.start > at:
            found += self._take(np.full((block.start - at, len(block.leads)), np.nan))
        return found + self._take(block.mv)

    def flush(self) -> list[Beat]:
        """The beats still undecided; the next block may start anywhere later."""
        if not self._open:
            return []
        found: list[Beat] = []
        for _ in range(-(-self.delay_samples // self._hop) + 2):  # what follows the end is a gap
            found += self._take(np.full((self._hop - self._filled, len(self._leads)), np.nan))
        self._open = False
        return found
