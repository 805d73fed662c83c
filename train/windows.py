"""Training windows: prepared corpora on one side, noisy masked windows and clean targets on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import butter, sosfiltfilt
from torch import Tensor

from edge.dsp.baseline import remove_baseline
from edge.leads import INDEPENDENT, LEAD, TWELVE_FROM_EIGHT
from train import augment, masks, mixing
from train.data.corpus import Corpus

RATE = 500.0
WINDOW = 1000
TARGET_HIGHPASS_HZ = 0.5  # zero-phase: ST keeps its level, and nobody can know another lead's wander
A = torch.from_numpy(TWELVE_FROM_EIGHT.astype(np.float32))

Masks = Callable[[int, torch.Generator], Tensor]
Noise = Callable[[int, int, torch.Generator], Tensor]


@dataclass(frozen=True)
class Batch:
    x: Tensor  # batch x 24 x 1 x time
    target: Tensor  # batch x 8 x time, mV
    mask: Tensor  # batch x 12
    hearts: int = 1  # consecutive rows that show one heart (and one mask); 1: every row another
    soft: Tensor | None = None  # batch x 8 x time, mV: what a teacher makes of x


class Windows:
    """Random augmented windows of a corpus, reproducible from the generator's state."""

    def __init__(
        self,
        corpus: Corpus,
        *,
        length: int = WINDOW,
        augmented: bool = True,
        plain: float = 0.2,
        mixed: float = 0.4,
        mask: Masks = masks.draw,
        noise: Noise | None = None,
    ) -> None:
        """plain: share of the hearts that keep the torso and the time they were recorded with; mixed: that are two in
        one (`train.mixing`)."""
        eight = corpus.mv()[:, :, [LEAD[name] for name in INDEPENDENT]]
        inputs = np.stack([remove_baseline(x, RATE).T for x in eight])
        band = butter(2, TARGET_HIGHPASS_HZ, "highpass", fs=RATE, output="sos")
        targets = sosfiltfilt(band, eight, axis=1).transpose(0, 2, 1)
        self.signals = torch.from_numpy(np.concatenate([inputs, targets], 1).astype(np.float32))
        self.beats = mixing.Beats.of(targets, RATE)
        self.length, self.mask, self.noise = length, mask, noise
        self.augmented, self.plain, self.mixed = augmented, plain, mixed

    def __len__(self) -> int:
        """Records."""
        return len(self.signals)

    def draw(self, batch: int, g: torch.Generator, hearts: int = 1) -> Batch:
        """`batch` windows, `hearts` consecutive ones of each heart."""
        drawn = -(-batch // hearts)
        rows = torch.randint(len(self.signals), (drawn,), generator=g)
        factors, fields = torch.ones(drawn), torch.eye(8).expand(drawn, 8, 8)
        if self.augmented:
            stretch, torso = augment.stretches(drawn, g), augment.lead_fields(drawn, g)
            plain = torch.rand(drawn, generator=g) < self.plain
            factors = torch.where(plain, factors, stretch)
            fields = torch.where(plain[:, None, None], fields, torso)
        mask = self.mask(drawn, g)
        rows, factors, fields, mask = (
            each.repeat_interleave(hearts, 0)[:batch] for each in (rows, factors, fields, mask)
        )
        room = self.signals.shape[2] - 1 - (self.length * factors).ceil()
        starts = (torch.rand(batch, generator=g) * room).floor()
        signal = augment.stretched(self.signals, rows, starts, factors, self.length)
        if self.augmented:
            signal = mixing.mixed(signal, self.signals, self.beats, rows, starts, factors, hearts, self.mixed, g)
        shown, target = torch.bmm(fields, signal[:, :8]), torch.bmm(fields, signal[:, 8:])
        if self.augmented:
            shown = shown + augment.noise(batch, self.length, RATE, g)
            if self.noise is not None:
                shown = shown + self.noise(batch, self.length, g)
        return Batch(as_input(shown, mask), target, mask, hearts)


def as_input(eight: Tensor, mask: Tensor) -> Tensor:
    """The network's input (batch x 24 x 1 x time) from eight leads (batch x 8 x time, mV) and masks (batch x 12)."""
    twelve = torch.einsum("le,bet->blt", A, eight) * mask[:, :, None]
    return torch.cat([twelve, mask[:, :, None].expand_as(twelve)], 1)[:, :, None, :].contiguous(
        memory_format=torch.channels_last
    )
