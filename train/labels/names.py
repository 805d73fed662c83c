"""The names that labels are asked for by: one common set of conditions, and what others call the same.

`CONDITIONS` are the keys of the product's scores (`edge.rhythm.scores`) and PTB-XL's five diagnostic superclasses.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.rhythm.scores import CONDITIONS as SCORES
from train.data.mimic_labels import TABLE_2, TABLE_3

SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
CONDITIONS = (*SCORES, *SUPERCLASSES)

REGIONS: Mapping[str, str] = {region: region.lower().replace(" ", "_") for region in TABLE_3}  # MI ANTERIOR: …

# What other classifiers call a condition; none of these words is a statement of PTB-XL with another meaning.
ALIASES: Mapping[str, str] = {
    "AF": "af",
    **{"1dAVb": "avb1", "SB": "brady", "ST": "tachy"},  # Ribeiro's; its RBBB and LBBB are names of Table 2
    **{"Normal": "normal", "I-AVB": "avb1"},  # CPSC2018's
    **REGIONS,
}

__all__ = ["ALIASES", "CONDITIONS", "REGIONS", "SCORES", "SUPERCLASSES", "TABLE_2", "TABLE_3"]
