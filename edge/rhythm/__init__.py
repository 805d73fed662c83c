"""Beats, rate and rhythm, found on measured leads."""

from __future__ import annotations

from edge.rhythm.beat import Beat
from edge.rhythm.detector import BeatDetector
from edge.rhythm.rate import HeartRate

__all__ = ["Beat", "BeatDetector", "HeartRate"]
