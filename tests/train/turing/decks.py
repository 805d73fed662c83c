"""Small decks and corpora for reading tests."""

from __future__ import annotations

from pathlib import Path

from edge.synthetic import synthesise
from train.data import corpus
from train.turing.deck import RECONSTRUCTED, TRUE, Case, Sheet


def sheets() -> list[Sheet]:
    """Eight sheets: true and reconstructed in turn, the first four with infarcts."""
    walls = [("anterior", "septal"), ("anterior", "septal"), ("inferior",), ("inferior",), (), (), (), ()]
    return [
        Sheet(k + 1, (TRUE, RECONSTRUCTED)[k % 2], Case(k, f"r{k}", str(k), k < 4, walls[k], k >= 4)) for k in range(8)
    ]


def labelled_corpus(path: Path, records: int = 24, seconds: float = 4.0) -> None:
    """Hearts of which every third has an inferior infarct, two records a patient."""
    rows = []
    for k in range(records):
        codes = {"IMI": 100.0} if k // 2 % 3 == 0 else {"NORM": 100.0}
        row = {"name": f"r{k}", "subject": str(k // 2), "fold": 9, "scp_codes": codes}
        rows.append((row, synthesise("sinus", seconds, seed=k, bpm=55 + 2 * k, noise_uv=15).mv))
    corpus.save(path, rows)
