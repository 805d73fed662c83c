"""Where a run's windows come from: the corpora, their folds, the masks and the noise that its recipe names."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from edge.errors import InputError
from train import augment, masks
from train.data import corpus
from train.data.corpus import Corpus
from train.noise import NoiseBank
from train.recipe import Recipe
from train.recipe_rules import Masks as ChosenMasks
from train.windows import Masks, Windows

ALWAYS_TRAINED_ON = 0  # the fold of recordings that are no one's test


def split(data: Sequence[Path], chosen: Recipe) -> tuple[Corpus, Corpus, list[dict[str, Any]]]:
    """What to train on, what to validate on (empty where no fold is named), and how much of each corpus.

    Raises InputError where a corpus has nothing to train on, or no corpus anything to validate on.
    """
    folds = (ALWAYS_TRAINED_ON, *chosen.train_folds)
    trains, helds, counts = [], [], []
    for path in data:
        everything = corpus.load(path)
        trains.append(everything.select(folds))
        helds.append(everything.select(chosen.validation_folds))
        if not len(trains[-1]):
            text = f"{path}: none of its {len(everything)} recordings is in train_folds {list(chosen.train_folds)}"
            raise InputError(f"{text}: leave the corpus out, or change train_folds")
        counts.append({"corpus": path.name, "train": len(trains[-1]), "validation": len(helds[-1])})
    held = Corpus.joined([part for part in helds if len(part)] or helds[:1])
    if chosen.validation_folds and not len(held):
        text = f"no recording of {', '.join(map(str, data))} is in validation_folds {list(chosen.validation_folds)}"
        raise InputError(f"{text}: add a corpus that has some, or --set validation_folds=[] to keep the last weights")
    return Corpus.joined(trains), held, counts


def windows(train: Corpus, chosen: Recipe, length: int) -> Windows:
    """What batches of windows of `length` samples are drawn from. Raises InputError."""
    samples = train.uv.shape[1]
    needed = math.ceil(length * augment.STRETCH[1]) + 2
    if samples < needed:
        raise InputError(f"recordings of {samples} samples are too short: windows of {length} need {needed}")
    bank = NoiseBank.open(Path(chosen.noise)).draw if chosen.noise and chosen.augmentation else None
    mask = _mask(chosen.masks)
    return Windows(
        train,
        length=length,
        augmented=chosen.augmentation,
        plain=chosen.plain,
        mixed=chosen.mixed,
        mask=mask,
        noise=bank,
    )


def _mask(chosen: ChosenMasks) -> Masks:
    if chosen == "any":
        return masks.draw
    sets = torch.eye(12) if chosen == "single" else torch.stack([masks.as_mask(leads) for leads in chosen])
    return functools.partial(_one_of, sets)


def _one_of(sets: Tensor, batch: int, g: torch.Generator) -> Tensor:
    return sets[torch.randint(len(sets), (batch,), generator=g)]
