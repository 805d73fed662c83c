"""Small corpora of synthetic hearts, seeded."""

from __future__ import annotations

from pathlib import Path

from edge.synthetic import synthesise
from train.data import corpus


def synthetic_corpus(path: Path, records: int = 12, seconds: float = 4.0) -> corpus.Corpus:
    """`records` hearts, with folds 1, 8 and 9 in turn."""
    rows = (
        (
            {"name": f"r{k}", "subject": str(k), "fold": (1, 1, 8, 9)[k % 4]},
            synthesise("sinus", seconds, seed=k, bpm=60 + 3 * k).mv * (0.7 + 0.05 * k),
        )
        for k in range(records)
    )
    corpus.save(path, rows)
    return corpus.load(path)
