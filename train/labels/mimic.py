"""MIMIC-IV-ECG's labels: the classes of the WearECG paper's Tables 2 and 3 that `train.data.mimic_labels` reads."""

from __future__ import annotations

from train.data.mimic_labels import TABLE_2, TABLE_3
from train.labels.names import REGIONS
from train.labels.vocabulary import Vocabulary, listed

_INFARCTS = frozenset({*TABLE_3, "ACUTE MI", "ACUTE MI/STEMI"})

MIMIC = Vocabulary(
    listed,
    classes={name: frozenset({name}) for name in (*TABLE_2, *TABLE_3)}
    | {condition: frozenset({region}) for region, condition in REGIONS.items()}
    | {
        "af": frozenset({"AFIB", "AFLUTTER"}),
        "mi": _INFARCTS,  # one of no named region and no named age has no label there
        "stemi": frozenset({"ACUTE MI/STEMI"}),
        "vt": frozenset({"VT"}),
        "pvc": frozenset({"PVC"}),
        "brady": frozenset({"SINUS BRADY"}),
        "tachy": frozenset({"SINUS TACHY", "SVT", "VT"}),
        "lbbb": frozenset({"LBBB"}),
        "rbbb": frozenset({"RBBB"}),
        "avb1": frozenset({"1ST AVB"}),
        "lvh": frozenset({"LVH"}),
        "normal": frozenset({"NORMAL"}),
    },
    leaves_open={"lvh": frozenset({"VOLT CRIT LVH"})},
)
