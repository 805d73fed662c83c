"""Beats, rhythm and alerts over annotated recordings, each judged by models that have not seen it."""
