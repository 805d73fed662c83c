"""Who wears it, as far as the criteria ask: age and sex, from the configuration; checked as they are loaded."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.errors import Reason, UsageError

OLDEST_YEARS = 120.0


class Sex(enum.StrEnum):
    FEMALE = "female"
    MALE = "male"


SPELLINGS = {"f": Sex.FEMALE, "female": Sex.FEMALE, "m": Sex.MALE, "male": Sex.MALE}


@dataclass(frozen=True, slots=True)
class Person:
    """What thresholds depend on; None: not known."""

    age_years: float | None = None
    sex: Sex | None = None

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str = "patient") -> Person:
        """From a table of a configuration file; `where` begins each message. Raises UsageError."""
        for key in table:
            if key not in ("age", "sex"):
                raise UsageError(f"{where}: unknown key {key!r}; the keys are age, sex, file", Reason.CONFIG)
        return cls(_age(table.get("age"), where), _sex(table.get("sex"), where))


def _age(value: Any, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= OLDEST_YEARS:
        rule = f"it must be a number of years from 0 to {OLDEST_YEARS:g}"
        raise UsageError(f"{where}: age is {value!r}: {rule}", Reason.CONFIG)
    return float(value)


def _sex(value: Any, where: str) -> Sex | None:
    if value is None:
        return None
    sex = SPELLINGS.get(value.lower()) if isinstance(value, str) else None
    if sex is None:
        raise UsageError(f"{where}: sex is {value!r}: it must be female or male", Reason.CONFIG)
    return sex
