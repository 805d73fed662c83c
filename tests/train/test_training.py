"""The training: that a run can be interrupted, and what cannot be trained on."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from corpora import synthetic_corpus

from edge.leads import LEADS
from train.data import corpus
from train.fit import FitConfig, fit
from train.models.unet import UNetConfig

TINY = UNetConfig(channels=(8, 8, 16))


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
