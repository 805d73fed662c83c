"""Recordings looked at again: what a folder holds, any stretch of one at any zoom, its alerts, its trends.

Pure functions over the files that edge-run --record writes. No web framework here: `edge.web` serves what this answers.
"""
