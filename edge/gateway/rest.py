"""How long to wait before a process that ended is started again."""

from __future__ import annotations

FIRST_S, LONGEST_S = 1.0, 30.0
PROVEN_S = 60.0  # a process that lived for so long was well, whatever ended it


class Rest:
    """Doubles from attempt to attempt, and is forgotten once one has lived."""

    def __init__(self) -> None:
        self._next_s = FIRST_S

    def after(self, lived_s: float) -> float:
        """Seconds to rest after a process that lived for `lived_s`."""
        rest_s = FIRST_S if lived_s >= PROVEN_S else self._next_s
        self._next_s = min(2 * rest_s, LONGEST_S)
        return rest_s
