"""A recording of edge-run's in the formats of others: PDF, EDF+, CSV, DICOM, FHIR.

A format is a file here, with one function that takes an `Excerpt` and a path. Counts go through unchanged, 1 uV each.
"""
