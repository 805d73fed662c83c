"""The twelve leads, the eight that are independent, and the electrodes they come from.

Everything here is linear algebra on potentials; the one statistical step (which of the leads that fit the
measurements to choose) is `edge.reconstruct`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
LEAD = {name: column for column, name in enumerate(LEADS)}

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
EIGHT = {name: column for column, name in enumerate(INDEPENDENT)}

ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")
ELECTRODE = {name: column for column, name in enumerate(ELECTRODES)}

_ALIASES = {"MLI": "I", "MLII": "II", "MLIII": "III", "DI": "I", "DII": "II", "DIII": "III"}
_PREFIXES = ("LEAD ", "ECG ", "EKG ", "MDC_ECG_LEAD_")
_CANONICAL = {name.upper(): name for name in LEADS} | _ALIASES


def _twelve_from_eight() -> npt.NDArray[np.float64]:
    matrix = np.zeros((12, 8))
    i, ii = EIGHT["I"], EIGHT["II"]
    for name, (of_i, of_ii) in {
        "I": (1.0, 0.0),
        "II": (0.0, 1.0),
        "III": (-1.0, 1.0),  # Einthoven 1912: I + III = II
        "aVR": (-0.5, -0.5),  # Goldberger 1942: aVR = -(I + II)/2
        "aVL": (1.0, -0.5),  # aVL = I - II/2
        "aVF": (-0.5, 1.0),  # aVF = II - I/2
    }.items():
        matrix[LEAD[name], [i, ii]] = of_i, of_ii
    for name in INDEPENDENT[2:]:
        matrix[LEAD[name], EIGHT[name]] = 1.0
    return matrix


def _eight_from_electrodes() -> npt.NDArray[np.float64]:
    """Electrode potentials against Wilson's terminal, as rows over the eight leads (9 x 8)."""
    matrix = np.zeros((9, 8))
    i, ii = EIGHT["I"], EIGHT["II"]
    matrix[ELECTRODE["RA"], [i, ii]] = -1 / 3, -1 / 3  # with RA + LA + LL = 0 (Wilson 1934)
    matrix[ELECTRODE["LA"], [i, ii]] = 2 / 3, -1 / 3
    matrix[ELECTRODE["LL"], [i, ii]] = -1 / 3, 2 / 3
    for name in INDEPENDENT[2:]:
        matrix[ELECTRODE[name], EIGHT[name]] = 1.0
    return matrix


TWELVE_FROM_EIGHT = _twelve_from_eight()
EIGHT_FROM_ELECTRODES = _eight_from_electrodes()


def electrode_weights(lead: str) -> npt.NDArray[np.float64]:
    """Weights over `ELECTRODES` (9) whose sum of potentials is the standard lead `lead`."""
    weights = np.zeros(9)
    minus_terminal = {"RA": -1 / 3, "LA": -1 / 3, "LL": -1 / 3}
    table: dict[str, dict[str, float]] = {
        "I": {"LA": 1, "RA": -1},
        "II": {"LL": 1, "RA": -1},
        "III": {"LL": 1, "LA": -1},
        "aVR": {"RA": 1, "LA": -0.5, "LL": -0.5},
        "aVL": {"LA": 1, "RA": -0.5, "LL": -0.5},
        "aVF": {"LL": 1, "RA": -0.5, "LA": -0.5},
    }
    for electrode, weight in table.get(lead, minus_terminal | {lead: 1.0}).items():
        weights[ELECTRODE[electrode]] = weight
    return weights


def canonical(name: str) -> str | None:
    """The standard name for a lead as files and devices spell it, or None if it is no standard lead.

    Case does not matter; MLII is II; a leading "Lead", "ECG" or "EKG" and a bracketed remark are ignored.
    """
    text = name.split("(")[0].strip().upper()
    while prefixes := [prefix for prefix in _PREFIXES if text.startswith(prefix)]:
        text = text.removeprefix(prefixes[0]).strip()
    return _CANONICAL.get(text)


def row(lead: str) -> npt.NDArray[np.float64]:
    """The standard lead `lead` as weights over the eight independent leads (8)."""
    weights: npt.NDArray[np.float64] = TWELVE_FROM_EIGHT[LEAD[lead]]
    return weights


def determined(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which of the twelve leads follow exactly from measured `rows` (k x 8), without any estimate (12)."""
    if not len(rows):
        return np.zeros(12, bool)
    _, singular, basis = np.linalg.svd(rows)
    rank = int((singular > 1e-9 * singular[0]).sum())
    unseen = basis[rank:]  # directions of the eight that no measured row constrains
    outside = np.abs(TWELVE_FROM_EIGHT @ unseen.T).sum(axis=1) if len(unseen) else np.zeros(12)
    known: npt.NDArray[np.bool_] = outside < 1e-9
    return known


def mask_name(leads: Sequence[str]) -> str:
    """The key of a lead subset in a manifest: its standard names in order, joined by "+"."""
    return "+".join(name for name in LEADS if name in leads)
