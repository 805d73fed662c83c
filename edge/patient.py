"""A patient file: one heart's correction of one network, made by `edge-enrol`, checked before it is used.

JSON, version 1; it holds no name and no date of birth, only numbers about a heart and when it was enrolled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge import whole_file
from edge.beat_shape import LENGTH, POINTS
from edge.bundle import RATE, Bundle
from edge.correction import Correction, Features
from edge.errors import InputError, OutputError, Reason
from edge.leads import EIGHT, LEADS, mask_name
from edge.misfit import Likeness, Watch
from edge.montage import Montage
from edge.st.own import OwnSt

Float64s = npt.NDArray[np.float64]

FORMAT = 1
KIND = "edge-ecg patient"
MAX_FILE = 2 << 20  # bytes: ten times what twelve leads and 64 channels of basis need
LARGEST = 1e4  # of a number in it: no weight, no millivolt comes near
MAX_NUMBERS = 64  # that a signature is told in, a lead
MAX_TEXT = 200  # characters


@dataclass(frozen=True)
class Patient:
    """A validated patient file."""

    created: str  # ISO 8601, UTC
    bundle_name: str
    identity: str  # of the network: `Bundle.identity`
    montage: tuple[str, ...]  # measured leads it was made for, in standard order
    seconds: float  # of usable signal it was made from
    correction: Correction
    likeness: Likeness | None  # None: the bundle could not tell hearts apart, and misfit is not watched for
    gain: Mapping[str, tuple[float, float]]  # lead: error before and after in uV, on parts held back
    st: OwnSt | None = None  # the patient's own, of the leads recorded; None: an older file, or too few beats

    def check(self, bundle: Bundle, montage: Montage) -> None:
        """Raises InputError where it was made for another network or for other leads."""
        if self.identity != bundle.identity:
            raise InputError(
                f"the patient file was made with the bundle {self.bundle_name} ({self.identity[:12]}…), this one is "
                f"{bundle.name} ({bundle.identity[:12]}…): enrol again with edge-enrol, or give --bundle"
            )
        if self.correction.features.basis != bundle.basis:
            have, wanted = self.correction.features.basis, bundle.basis
            raise InputError(f"the patient file has {have} channels of basis, the bundle {wanted}: enrol again")
        if set(montage.names) != set(self.montage):
            raise InputError(
                f"the patient file was made for the leads {', '.join(self.montage)}, the source has "
                f"{', '.join(montage.names)}: choose them with --channels, or enrol again for these"
            )

    def watch(self, channels: tuple[str, ...]) -> Watch | None:
        """What looks whether the heart measured in `channels` is this one; None where the file cannot tell."""
        return Watch(self.likeness, channels, RATE) if self.likeness else None

    def about(self) -> dict[str, Any]:
        """For events and --explain."""
        return {
            "created": self.created,
            "montage": list(self.montage),
            "seconds": self.seconds,
            "watched": self.likeness is not None,
            "st": self.st is not None,
        }


def open_patient(path: Path) -> Patient:
    """Read and check a patient file. Raises InputError naming what is wrong with it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        text = f"the patient file {path} cannot be read ({error.strerror}): check the name and the folder"
        raise InputError(text, Reason.UNREADABLE) from error
    if len(data) > MAX_FILE:
        raise InputError(f"{path} is larger than {MAX_FILE >> 20} MiB: no patient file")
    try:
        table = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no patient file: {_first_line(error)}; make one with edge-enrol") from error
    if not isinstance(table, dict) or table.get("kind") != KIND:
        raise InputError(f"{path} is no patient file: make one with edge-enrol")
    if table.get("format") != FORMAT:
        raise InputError(f"{path}: its format is {table.get('format')!r}, not {FORMAT}; a newer edge-ecg may read it")
    try:
        return _parse(table)
    except KeyError as error:
        raise InputError(f"{path} lacks the key {error}: make it again with edge-enrol") from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}: {_first_line(error)}; make it again with edge-enrol") from error


def save_patient(path: Path, patient: Patient) -> None:
    """Writes it whole or not at all, readable by its owner only. Raises OutputError."""
    try:
        whole_file.replace(path, json.dumps(as_json(patient), indent=1, allow_nan=False) + "\n", mode=0o600)
    except OSError as error:
        text = f"the patient file {path} cannot be written ({error.strerror}): choose another place"
        raise OutputError(text, Reason.UNWRITABLE) from error


def as_json(patient: Patient) -> dict[str, Any]:
    c, like = patient.correction, patient.likeness
    misfit = like and {
        "shape_mv": _rounded(like.shape_mv, 4),
        "basis": _rounded(like.basis, 6),
        "weights": [[float(f"{v:.6g}") for v in line] for line in like.weights],
        "limit": like.limit,
    }
    return {
        "kind": KIND,
        "format": FORMAT,
        "created": patient.created,
        "bundle": {"name": patient.bundle_name, "checkpoint_sha256": patient.identity},
        "montage": list(patient.montage),
        "seconds": patient.seconds,
        "features": list(c.features.names),
        "weights": [[float(f"{v:.9g}") for v in line] for line in c.weights],
        "offset_mv": _rounded(c.offset_mv, 6),
        "sd": {"gain": _rounded(c.sd_gain, 6), "floor_mv": _rounded(c.sd_floor_mv, 6)},
        "gain_uv": {lead: {"before": before, "after": after} for lead, (before, after) in patient.gain.items()},
        "misfit": misfit,
        "st": patient.st and {"j_uv": _by_lead(patient.st.j_mv), "j60_uv": _by_lead(patient.st.j60_mv)},
    }


def _parse(table: Mapping[str, Any]) -> Patient:
    montage = tuple(table["montage"])
    if not montage or montage != tuple(lead for lead in LEADS if lead in montage):
        raise ValueError("montage is not a list of standard leads in their order")
    names = table["features"]
    features = Features.of(montage, max(0, len(names) - len(Features.of(montage, 0).names)))
    if tuple(names) != features.names:
        raise ValueError(f"features are not those of the leads {mask_name(montage)}")
    gain, floor = (numbers(table["sd"][key], (8,), f"sd.{key}") for key in ("gain", "floor_mv"))
    if (gain < 0).any() or (floor < 0).any() or (gain + floor <= 0).any():
        raise ValueError("sd holds a lead without any spread, or a negative one")
    weights = numbers(table["weights"], (8, len(names)), "weights")
    fixed = [EIGHT[lead] for lead in EIGHT if lead not in features.predicted]
    offset = numbers(table["offset_mv"], (8,), "offset_mv")
    if weights[fixed].any() or offset[fixed].any():
        raise ValueError("weights change a lead that is measured")
    seconds = float(numbers(table["seconds"], (), "seconds"))
    bundle = table["bundle"]
    return Patient(
        _text(table["created"], "created"),
        _text(bundle["name"], "bundle.name"),
        _text(bundle["checkpoint_sha256"], "bundle.checkpoint_sha256"),
        montage,
        seconds,
        Correction(features, weights, offset, gain, floor),
        _likeness(table["misfit"], montage),
        {_lead(lead): _pair(entry, lead) for lead, entry in table["gain_uv"].items()},
        _own_st(table.get("st")),
    )


def _own_st(entry: Mapping[str, Any] | None) -> OwnSt | None:
    """None where the file is older than this entry."""
    if entry is None:
        return None
    j, j60 = (np.full(len(LEADS), np.nan) for _ in range(2))
    for key, into in (("j_uv", j), ("j60_uv", j60)):
        for lead, level in entry[key].items():
            into[LEADS.index(_lead(lead, f"st.{key}"))] = 1e-3 * float(numbers(level, (), f"st.{key}.{lead}"))
    return OwnSt(j, j60)


def _likeness(entry: Mapping[str, Any] | None, montage: Sequence[str]) -> Likeness | None:
    if entry is None:
        return None
    count = len(entry["basis"])
    if not 1 <= count <= MAX_NUMBERS:
        raise ValueError(f"misfit.basis has {count} numbers, not 1 to {MAX_NUMBERS}")
    size = count * len(montage)
    limit = float(numbers(entry["limit"], (), "misfit.limit", largest=np.inf))
    if limit <= 0:
        raise ValueError("misfit.limit is not above 0")
    return Likeness(
        tuple(montage),
        numbers(entry["shape_mv"], (LENGTH, len(montage)), "misfit.shape_mv"),
        numbers(entry["basis"], (count, POINTS), "misfit.basis"),
        numbers(entry["weights"], (size, size), "misfit.weights", largest=np.inf),
        limit,
    )


def numbers(values: Any, shape: tuple[int, ...], what: str, largest: float = LARGEST) -> Float64s:
    """Finite numbers of that shape, or ValueError."""
    found = np.array(values, np.float64)
    if found.shape != shape or not np.isfinite(found).all() or (np.abs(found) > largest).any():
        raise ValueError(f"{what} is not {' x '.join(map(str, shape)) or 'one'} finite numbers of a sensible size")
    return found


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        raise ValueError(f"{what} is no short text")
    return value


def _lead(name: str, where: str = "gain_uv") -> str:
    if name not in LEADS:
        raise ValueError(f"{where} names {name!r}, which is no lead")
    return name


def _pair(entry: Mapping[str, Any], lead: str) -> tuple[float, float]:
    before, after = numbers([entry["before"], entry["after"]], (2,), f"gain_uv.{lead}")
    return float(before), float(after)


def _by_lead(mv: Float64s) -> dict[str, float]:
    """uV, of the leads that are known."""
    return {lead: round(1000 * float(v), 1) for lead, v in zip(LEADS, mv, strict=True) if np.isfinite(v)}


def _rounded(values: Float64s, digits: int) -> Any:
    return np.round(values, digits).tolist()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it says no more"])[0]
