"""What PTB-XL's statements mean: its five diagnostic superclasses, and atrial fibrillation or flutter.

From `scp_statements.csv` of PTB-XL 1.0.3 (Wagner et al. 2020, CC BY 4.0). As its authors do, a statement counts
whatever its likelihood (Strodthoff et al. 2021).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "NORM": ("NORM",),
    "MI": (
        *("AMI", "ASMI", "ALMI", "IMI", "ILMI", "IPMI", "IPLMI", "LMI", "PMI"),
        *("INJAS", "INJAL", "INJIN", "INJIL", "INJLA"),
    ),
    "STTC": (
        *("NDT", "NST_", "DIG", "LNGQT", "ANEUR", "EL"),
        *("ISC_", "ISCAL", "ISCIN", "ISCIL", "ISCAS", "ISCLA", "ISCAN"),
    ),
    "CD": ("LAFB", "LPFB", "IRBBB", "CRBBB", "ILBBB", "CLBBB", "IVCD", "WPW", "1AVB", "2AVB", "3AVB"),
    "HYP": ("LVH", "RVH", "SEHYP", "LAO/LAE", "RAO/RAE"),
    "AF": ("AFIB", "AFLT"),
}


def labels(table: Sequence[Mapping[str, Any]], names: Sequence[str]) -> npt.NDArray[np.bool_] | None:
    """Which of the classes `names` each record of a corpus' table belongs to (records x classes).

    A name is a class of `STATEMENTS` or a statement itself. None where the table holds no `scp_codes`.
    """
    if not all("scp_codes" in row for row in table):
        return None
    codes = [_codes(row["scp_codes"]) for row in table]
    return np.array([[not of.isdisjoint(STATEMENTS.get(name, (name,))) for name in names] for of in codes], bool)


def _codes(entry: str | Mapping[str, float]) -> set[str]:
    """The statements of one record: a mapping, or one written out as PTB-XL's table has it."""
    return set(ast.literal_eval(entry) if isinstance(entry, str) else entry)
