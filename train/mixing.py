"""Two hearts in one: a second recording, stretched to the first one's rate and laid on it beat for beat.

A weighted sum of two hearts' leads is a heart of its own (the leads are linear in the sources), so two thousand
recordings give two million pairs. Unaligned sums are no hearts; these are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import butter, find_peaks, sosfiltfilt
from torch import Tensor

from train import augment

MOST = 0.5  # of a mixed heart comes from the second
RATIO = (0.75, 1.33)  # of the two hearts' R-R intervals, beyond which stretching would make no heart
QRS_HZ = (8.0, 30.0)
REFRACTORY_S = 0.3


@dataclass(frozen=True)
class Beats:
    """Where the beats of every record are."""

    at: Tensor  # records x most beats, samples; NaN where there are fewer
    rr: Tensor  # records, samples: the median R-R interval; NaN with fewer than three beats or an irregular rhythm

    @staticmethod
    def of(leads: npt.NDArray[np.floating], rate: float) -> Beats:
        """Of records x leads x samples: peaks of the leads' summed QRS energy, good enough to align by."""
        band = butter(2, QRS_HZ, "bandpass", fs=rate, output="sos")
        found, intervals = [], []
        for record in leads:
            energy = np.sqrt((sosfiltfilt(band, record, axis=-1) ** 2).sum(0))
            peaks, _ = find_peaks(energy, height=0.4 * np.quantile(energy, 0.995), distance=round(REFRACTORY_S * rate))
            rr = np.diff(peaks)
            regular = len(rr) >= 2 and rr.std() < 0.12 * rr.mean()
            found.append(peaks)
            intervals.append(float(np.median(rr)) if regular else np.nan)
        at = torch.full((len(found), max(map(len, found))), torch.nan)
        for row, peaks in zip(at, found, strict=True):
            row[: len(peaks)] = torch.from_numpy(peaks.astype(np.float32))
        return Beats(at, torch.tensor(intervals))


def mixed(
    signal: Tensor,
    signals: Tensor,
    beats: Beats,
    rows: Tensor,
    starts: Tensor,
    factors: Tensor,
    hearts: int,
    share: float,
    g: torch.Generator,
) -> Tensor:
    """`signal` (batch x channels x length, cut from `signals` at `rows`, `starts`, `factors`), a `share` of it mixed.

    The same second heart, weight and rate for every `hearts` consecutive rows. Where the two rhythms do not fit, or
    no beat of the second can be laid on one of the first, the row stays as it is.
    """
    batch, _, length = signal.shape
    drawn = -(-batch // hearts)
    other = torch.randint(len(signals), (drawn,), generator=g).repeat_interleave(hearts)[:batch]
    weight = MOST * torch.rand(drawn, generator=g)
    weight = torch.where(torch.rand(drawn, generator=g) < share, weight, torch.zeros(drawn))
    weight = weight.repeat_interleave(hearts)[:batch]
    ratio = beats.rr[other] / beats.rr[rows]
    second = factors * ratio
    # the beat of the first nearest to the window's middle, and where in the window it lies
    middle = starts + factors * length / 2
    distance = (beats.at[rows] - middle[:, None]).abs().nan_to_num(torch.inf)
    beat = beats.at[rows].gather(1, distance.argmin(1, keepdim=True))[:, 0]
    place = (beat - starts) / factors
    # a random one of the second's beats that leaves room for the whole window around it
    possible = beats.at[other] - (place * second)[:, None]
    room = signals.shape[2] - 2 - (length * second)[:, None]
    score = torch.rand(possible.shape, generator=g)
    score = torch.where((possible >= 0) & (possible <= room), score, torch.full_like(score, -1.0))
    best, chosen = score.max(1)
    begin = possible.gather(1, chosen[:, None])[:, 0]
    low, high = RATIO
    fits = (best >= 0) & (ratio > low) & (ratio < high) & (place > 0) & (place < length) & (weight > 0)
    if not bool(fits.any()):
        return signal
    part = augment.stretched(signals, other[fits], begin[fits], second[fits], length)
    theirs = weight[fits, None, None]
    out = signal.clone()
    out[fits] = (1 - theirs) * signal[fits] + theirs * part
    return out
