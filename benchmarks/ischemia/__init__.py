"""Ischaemia and infarction measured: levels, landmarks, criteria, cases, and false alerts."""
