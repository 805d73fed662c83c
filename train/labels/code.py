"""CODE's six classes (Ribeiro et al. 2020), and nothing else: no infarct, no hypertrophy, no extra beats."""

from __future__ import annotations

from train.data.code15 import CLASSES
from train.labels.vocabulary import Vocabulary, listed, words

CODE = Vocabulary(
    listed,
    classes={
        "avb1": words("1dAVb"),
        "rbbb": words("RBBB"),
        "lbbb": words("LBBB"),
        "af": words("AF"),
        "brady": words("SB"),  # sinus bradycardia: a slow fibrillation is none
        "tachy": words("ST"),  # sinus tachycardia
        "RBBB": words("RBBB"),
        "LBBB": words("LBBB"),
        "AFIB": words("AF"),
        "SINUS BRADY": words("SB"),
        "SINUS TACHY": words("ST"),
        "1ST AVB": words("1dAVb"),
    },
    statements=frozenset(CLASSES),
)
