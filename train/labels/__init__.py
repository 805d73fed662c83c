"""Whose records have which condition, in the words of any prepared set.

`of` answers with two matrices: what is there, and what the set can say at all. A network trained on several sets leaves
out of its loss what is not known, and an evaluation leaves it out of its figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from train.labels.code import CODE
from train.labels.cpsc import CPSC
from train.labels.ludb import LUDB
from train.labels.mimic import MIMIC
from train.labels.names import ALIASES, CONDITIONS, SUPERCLASSES, TABLE_2, TABLE_3
from train.labels.scp import SCP
from train.labels.snomed import SNOMED
from train.labels.vocabulary import Vocabulary

__all__ = ["CONDITIONS", "SUPERCLASSES", "TABLE_2", "TABLE_3", "of"]

Flags = npt.NDArray[np.bool_]
VOCABULARIES: Mapping[str, Vocabulary] = {  # by the name that a set is prepared under
    **{"ptbxl": SCP, "ptbxl-100hz": SCP, "mimic-iv-ecg": MIMIC, "cpsc2018": CPSC, "challenge": SNOMED},
    **{"code15": CODE, "code-test": CODE, "ludb": LUDB},
}


def of(table: Sequence[Mapping[str, Any]], names: Sequence[str]) -> tuple[Flags, Flags]:
    """Which of `names` each record of a corpus' table has, and where that is known (records x names each).

    A name is one of `CONDITIONS`, a class of the WearECG paper's Tables 2 or 3, one of CODE's or CPSC2018's classes, or
    a statement of SCP-ECG (however unlikely). Where nothing is known (a set without labels, a condition its readers had
    no word for, a statement too unlikely to count) both are False.
    """
    values = np.zeros((len(table), len(names)), bool)
    known = np.zeros_like(values)
    asked = tuple(ALIASES.get(name, name) for name in names)
    for k, row in enumerate(table):
        vocabulary = _vocabulary(row)
        if vocabulary is not None:
            answers = vocabulary.answers(row, asked)
            values[k] = [answer is True for answer in answers]
            known[k] = [answer is not None for answer in answers]
    return values, known


def _vocabulary(row: Mapping[str, Any]) -> Vocabulary | None:
    if "scp_codes" in row:  # also where the set is not named
        return SCP
    return VOCABULARIES.get(row.get("source", ""))
