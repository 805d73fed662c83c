"""Heart rate from R-R intervals."""

from __future__ import annotations


class HeartRate:
    pass
