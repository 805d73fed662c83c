"""CPSC2018's nine classes (Liu et al. 2018). Its readers had no other word: no infarct, no rate, no hypertrophy.

Its right bundle branch block is complete or incomplete: the description does not tell.
"""

from __future__ import annotations

from train.data.cpsc2018 import CLASSES
from train.labels.vocabulary import Row, Said, Vocabulary, words


def read(row: Row) -> Said:
    """As listed; without a single class the record has no answer, since even a normal one has a class."""
    labels = frozenset(row.get("labels") or ())
    return Said(labels) if labels else Said(labels, frozenset(CLASSES))


CPSC = Vocabulary(
    read,
    classes={
        "normal": words("Normal"),
        "NORM": words("Normal"),
        "af": words("AF"),
        "avb1": words("I-AVB"),
        "lbbb": words("LBBB"),
        "rbbb": words("RBBB"),
        "pvc": words("PVC"),
        "NORMAL": words("Normal"),
        "AFIB": words("AF"),
        "1ST AVB": words("I-AVB"),
        "LBBB": words("LBBB"),
        "RBBB": words("RBBB"),
        "PAC": words("PAC"),
        "PVC": words("PVC"),
        "STD": words("STD"),
        "STE": words("STE"),
    },
)
