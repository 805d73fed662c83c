"""What the network is shown while it learns, and what it is never shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from corpora import synthetic_corpus

from edge.leads import INDEPENDENT, LEAD, TWELVE_FROM_EIGHT
from train import augment, masks
from train.windows import Windows, as_input


def test_a_lead_that_is_not_given_never_reaches_the_network():
    generator = torch.Generator().manual_seed(1)
    eight = torch.randn(3, 8, 1000, generator=generator)
    mask = masks.as_mask(("II", "V1", "V5")).expand(3, -1)
    other = eight.clone()
    hidden = [k for k, name in enumerate(INDEPENDENT) if name not in ("II", "V1", "V5")]
    other[:, hidden] = torch.randn(3, len(hidden), 1000, generator=generator)
    assert torch.equal(as_input(eight, mask), as_input(other, mask))


def test_the_input_is_twelve_leads_and_twelve_masks():
    eight = torch.randn(1, 8, 1000, generator=torch.Generator().manual_seed(2))
    x = as_input(eight, masks.as_mask(("aVR", "V3"))[None])[0, :, 0]
    given = [LEAD["aVR"], LEAD["V3"]]
    expected = torch.from_numpy(TWELVE_FROM_EIGHT.astype(np.float32)) @ eight[0]
    assert torch.allclose(x[given], expected[given], atol=1e-6)
    assert x[12:].mean(1).nonzero().flatten().tolist() == given
    rest = [k for k in range(12) if k not in given]
    assert not x[rest].any()


def test_every_mask_shows_at_least_one_lead_and_the_patch_most_often():
    drawn = masks.draw(600, torch.Generator().manual_seed(3))
    assert drawn.sum(1).min() >= 1
    share = float((drawn == masks.as_mask(masks.PATCH)).all(1).float().mean())
    assert share == pytest.approx(masks.SHARE_PATCH, abs=0.07)


def test_other_torsos_keep_einthovens_law():
    generator = torch.Generator().manual_seed(4)
    fields = augment.lead_fields(5, generator)
    twelve = torch.from_numpy(TWELVE_FROM_EIGHT.astype(np.float32)) @ fields @ torch.randn(8, 100, generator=generator)
    off = twelve[:, LEAD["I"]] + twelve[:, LEAD["III"]] - twelve[:, LEAD["II"]]
    assert float(off.abs().max()) < 1e-4


def test_stretching_by_one_changes_nothing_but_rounding():
    signal = torch.randn(2, 8, 1500, generator=torch.Generator().manual_seed(5))
    window = augment.stretched(signal, torch.arange(2), torch.tensor([100.0, 200.0]), torch.ones(2), 1000)
    assert torch.allclose(window[0], signal[0, :, 100:1100], atol=1e-3)
    assert torch.allclose(window[1], signal[1, :, 200:1200], atol=1e-3)


def test_stretching_by_two_reads_every_second_sample():
    signal = torch.arange(3000.0).expand(1, 1, -1)
    window = augment.stretched(signal, torch.arange(1), torch.tensor([50.0]), torch.tensor([2.0]), 1000)
    assert torch.allclose(window[0, 0], 50 + 2 * torch.arange(1000.0), atol=0.01)


def test_the_same_seed_draws_the_same_windows(tmp_path: Path):
    windows = Windows(synthetic_corpus(tmp_path / "corpus"))
    first, second = (windows.draw(4, torch.Generator().manual_seed(6)) for _ in range(2))
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.target, second.target)


def test_windows_of_one_heart_share_its_torso_its_rate_and_its_mask(tmp_path: Path):
    windows = Windows(synthetic_corpus(tmp_path / "corpus"))
    batch = windows.draw(6, torch.Generator().manual_seed(7), hearts=3)
    assert batch.hearts == 3
    for heart in (slice(0, 3), slice(3, 6)):
        assert torch.equal(batch.mask[heart], batch.mask[heart][:1].expand(3, -1))
        spread = batch.target[heart].std(2)  # a torso of its own would change the leads' proportions
        assert float((spread / spread.mean(0)).sub(1).abs().max()) < 0.2
    assert not torch.equal(batch.target[0], batch.target[1])


def test_plain_hearts_keep_their_torso_and_their_time(tmp_path: Path):
    windows = Windows(synthetic_corpus(tmp_path / "corpus"), plain=1.0, mixed=0.0)
    batch = windows.draw(2, torch.Generator().manual_seed(9))
    pieces = windows.signals[:, 8:].unfold(2, 1000, 1).permute(0, 2, 1, 3).flatten(0, 1)
    assert all(float((pieces - row).abs().amax((1, 2)).min()) < 1e-3 for row in batch.target)


def test_without_augmentation_a_window_is_a_piece_of_a_recording(tmp_path: Path):
    corpus = synthetic_corpus(tmp_path / "corpus")
    windows = Windows(corpus, augmented=False, length=500)
    batch = windows.draw(3, torch.Generator().manual_seed(8))
    assert batch.x.shape == (3, 24, 1, 500)
    targets = windows.signals[:, 8:]
    for row in batch.target:
        pieces = targets.unfold(2, 500, 1).permute(0, 2, 1, 3).flatten(0, 1)
        assert float((pieces - row).abs().amax((1, 2)).min()) < 1e-3
