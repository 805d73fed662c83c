"""ECG files in, and recordings out that open whenever the program dies."""

from __future__ import annotations

from edge.recordings.opening import open_recording
from edge.recordings.recording import Recording

__all__ = ["Recording", "open_recording"]
