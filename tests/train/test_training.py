"""The training: what the network is shown, what it is asked for, and that a run can be interrupted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from corpora import synthetic_corpus

from edge.leads import INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT
from train import augment, masks
from train.data import corpus
from train.fit import FitConfig, fit
from train.loss import loss
from train.models.unet import UNet, UNetConfig
from train.windows import Batch, Windows, as_input

TINY = UNetConfig(channels=(8, 8, 16), bottom_blocks=1)


def test_the_network_answers_with_eight_leads_and_their_log_variances():
    leads, log_variance = UNet(TINY)(torch.zeros(2, 24, 1, 1000))
    assert leads.shape == log_variance.shape == (2, 8, 1, 1000)
    assert float(log_variance.detach().abs().max()) <= 14


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


def test_stretching_by_one_changes_nothing():
    signal = torch.randn(2, 8, 1500, generator=torch.Generator().manual_seed(5))
    window = augment.stretched(signal, torch.tensor([100.0, 200.0]), torch.ones(2), 1000)
    assert torch.equal(window[0], signal[0, :, 100:1100])
    assert torch.equal(window[1], signal[1, :, 200:1200])


def test_the_same_seed_draws_the_same_windows(tmp_path: Path):
    windows = Windows(synthetic_corpus(tmp_path / "corpus"))
    first, second = (windows.draw(4, torch.Generator().manual_seed(6)) for _ in range(2))
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.target, second.target)


def test_a_perfect_answer_costs_less_than_silence_and_shown_leads_cost_nothing():
    generator = torch.Generator().manual_seed(7)
    target = torch.randn(2, 8, 1000, generator=generator)
    mask = masks.as_mask(("II", "V1", "V5")).expand(2, -1)
    batch = Batch(as_input(target, mask), target, mask)
    flat = torch.zeros(2, 8, 1, 1000)
    perfect = loss(target[:, :, None], flat, batch)
    assert perfect < loss(flat, flat, batch)
    wrong_where_shown = target.clone()
    wrong_where_shown[:, [INDEPENDENT.index(name) for name in ("II", "V1", "V5")]] += 5
    assert torch.equal(loss(wrong_where_shown[:, :, None], flat, batch), perfect)


def test_an_interrupted_run_goes_on_to_the_same_weights(tmp_path: Path):
    synthetic_corpus(tmp_path / "corpus")
    whole = FitConfig(steps=6, batch=4, check_every=3)
    fit(tmp_path / "corpus", tmp_path / "whole", whole, TINY, threads=1)
    fit(tmp_path / "corpus", tmp_path / "cut", whole, TINY, threads=1, stop_after=3)
    fit(tmp_path / "corpus", tmp_path / "cut", whole, TINY, threads=1)
    a, b = (torch.load(tmp_path / run / "state.pt", weights_only=True)["net"] for run in ("whole", "cut"))
    assert all(torch.equal(a[name], b[name]) for name in a)
    curves = [json.loads((tmp_path / run / "curve.json").read_text()) for run in ("whole", "cut")]
    assert [p["loss"] for p in curves[0]] == [p["loss"] for p in curves[1]]


def test_a_record_that_breaks_einthovens_law_is_rejected_with_its_reason(tmp_path: Path):
    good = synthetic_corpus(tmp_path / "good", records=4).mv()[0]
    broken = good.copy()
    broken[:, LEADS.index("III")] += 0.5
    count, rejected = corpus.save(tmp_path / "two", [({"name": "a"}, good), ({"name": "b"}, broken)])
    assert count == 1
    assert rejected == ["b: the limb leads break Einthoven's or Goldberger's law by 501 uV"]  # 1 uV of it is rounding
