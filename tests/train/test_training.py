"""What cannot be trained on."""

from __future__ import annotations

from pathlib import Path

from corpora import synthetic_corpus

from edge.leads import LEADS
from train.data import corpus


def test_a_record_that_breaks_einthovens_law_is_rejected_with_its_reason(tmp_path: Path):
    good = synthetic_corpus(tmp_path / "good", records=4).mv()[0]
    broken = good.copy()
    broken[:, LEADS.index("III")] += 0.5
    count, rejected = corpus.save(tmp_path / "two", [({"name": "a"}, good), ({"name": "b"}, broken)])
    assert count == 1
    assert rejected == ["b: the limb leads break Einthoven's or Goldberger's law by 501 uV"]  # 1 uV of it is rounding
