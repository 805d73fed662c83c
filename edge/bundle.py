"""A bundle: a folder with a manifest and the model files it names, checked before anything is allocated for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge import bundle_classifier, engines
from edge.bundle_classifier import ClassifierSpec
from edge.bundle_file import Variant, check, choose, variant_of
from edge.config import DEFAULT_BUNDLE
from edge.errors import InputError, Reason, UsageError
from edge.leads import INDEPENDENT, LEADS, mask_name

FORMAT = 1
RATE = 500.0  # Hz, inside
ANY = "*"  # the mask that stands for all that have no entry of their own
MAX_MANIFEST = 4 << 20  # bytes
MAX_BASIS = 64  # channels: each costs a patient's correction seconds of signal to fit


@dataclass(frozen=True)
class Bundle:
    """A validated manifest and where it lies."""

    path: Path
    name: str
    licence: str
    window: int  # samples at 500 Hz
    variants: tuple[Variant, ...]
    scale: Mapping[str, npt.NDArray[np.float64]]  # mask: 8 factors on the network's standard deviations
    correlations: Mapping[str, npt.NDArray[np.float64]]  # mask: 8 x 8, of the network's errors
    manifest: Mapping[str, Any]
    basis: int = 0  # channels of the network's third output, for a patient's correction
    classifier: ClassifierSpec | None = None

    @property
    def identity(self) -> str:
        """What a patient file belongs to: the trained network, whatever engine and precision run it."""
        return str(self.manifest.get("network", {}).get("checkpoint_sha256") or self.variants[0].sha256)

    def sd_scale(self, given: Iterable[str]) -> npt.NDArray[np.float64]:
        """What the network's standard deviations are multiplied by when the leads `given` go in (8)."""
        return self.scale.get(mask_name(tuple(given)), self.scale[ANY])

    def correlation(self, given: Iterable[str]) -> npt.NDArray[np.float64]:
        """Of the network's errors in the eight leads when the leads `given` go in (8 x 8)."""
        return self.correlations.get(mask_name(tuple(given)), self.correlations[ANY])

    def choose(self, engine: str | None = None, precision: str | None = None) -> Variant:
        """The first variant that fits. `precision` may also be a variant's whole name. Raises UsageError."""
        if (found := choose(self.variants, engine, precision)) is not None:
            return found
        have = ", ".join(v.name for v in self.variants)
        wanted = " ".join(w for w in (engine, precision) if w)
        raise UsageError(f"the bundle {self.name} has no variant {wanted}: it has {have}")

    def load(self, variant: Variant, threads: int | None = None) -> engines.Engine:
        return engines.load(variant.engine, self.path / variant.file, self.window, threads or 1, self.basis)

    def load_classifier(self, engine: str | None = None) -> engines.Classifier | None:
        """The classifier, in `engine` where there is one for it; None where the bundle has none."""
        if self.classifier is None:
            return None
        variant = self.classifier.choose(engine)
        shape = (len(INDEPENDENT), bundle_classifier.SAMPLES, len(self.classifier.names))
        return engines.load_classifier(variant.engine, self.path / variant.file, shape)


def open_bundle(path: Path = DEFAULT_BUNDLE) -> Bundle:
    """Read and check the bundle in the folder `path`. Raises InputError naming what is wrong with it."""
    manifest = _read(path / "manifest.json")
    try:
        bundle = _parse(path, manifest)
    except KeyError as error:
        raise InputError(f"{path}/manifest.json lacks the key {error}") from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}/manifest.json: {error}") from error
    for variant in (*bundle.variants, *(bundle.classifier.variants if bundle.classifier else ())):
        check(path, variant)
    return bundle


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_MANIFEST:
            raise InputError(f"{path} is larger than {MAX_MANIFEST >> 20} MiB: no manifest")
        manifest = json.loads(path.read_text())
    except OSError as error:
        what = f"{path.parent} is no bundle: {path.name} cannot be read ({error.strerror})"
        raise InputError(what, Reason.UNREADABLE) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(f"{path}: its format is not {FORMAT}; a newer edge-ecg may read it")
    return manifest


def _parse(path: Path, manifest: dict[str, Any]) -> Bundle:
    signal = manifest["signal"]
    if signal["rate"] != RATE:
        raise ValueError(f"signal.rate is {signal['rate']}, this runtime works at {RATE:g} Hz")
    if tuple(signal["inputs"]) != LEADS or tuple(signal["outputs"]) != INDEPENDENT:
        raise ValueError(
            "signal.inputs and signal.outputs must be the twelve and the eight independent leads, in order"
        )
    window = signal["window"]
    if not isinstance(window, int) or not 100 <= window <= 10_000:
        raise ValueError(f"signal.window is {window!r}, not 100 to 10000 samples")
    basis = signal.get("basis", 0)
    if not isinstance(basis, int) or isinstance(basis, bool) or not 0 <= basis <= MAX_BASIS:
        raise ValueError(f"signal.basis is {basis!r}, not 0 to {MAX_BASIS} channels")
    variants = tuple(variant_of(v) for v in manifest["variants"])
    if not variants:
        raise ValueError("variants is empty")
    uncertainty = manifest["uncertainty"]
    scale = {k: _numbers(v, 8, f"uncertainty.scale.{k}") for k, v in uncertainty["scale"].items()}
    correlations = {k: _correlation(v, f"uncertainty.covariance.{k}") for k, v in uncertainty["covariance"].items()}
    for table, name in ((scale, "scale"), (correlations, "covariance")):
        if ANY not in table:
            raise ValueError(f'uncertainty.{name} has no entry "{ANY}"')
    if any((s <= 0).any() for s in scale.values()):
        raise ValueError("uncertainty.scale holds a factor that is not positive")
    classifier = bundle_classifier.parse(manifest.get("classifier"))
    name, licence = str(manifest["name"]), str(manifest["licence"])
    return Bundle(path, name, licence, window, variants, scale, correlations, manifest, basis, classifier)


def _numbers(values: Any, count: int, what: str) -> npt.NDArray[np.float64]:
    numbers = np.array(values, np.float64)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise ValueError(f"{what} is not {count} finite numbers")
    return numbers


def _correlation(lower: Any, what: str) -> npt.NDArray[np.float64]:
    """From a covariance's lower triangle, row by row (36 numbers)."""
    matrix = np.zeros((8, 8))
    matrix[np.tril_indices(8)] = _numbers(lower, 36, what)
    matrix += np.tril(matrix, -1).T
    sd = np.sqrt(np.diag(matrix))
    if not (np.diag(matrix) > 0).all() or np.linalg.eigvalsh(matrix / np.outer(sd, sd)).min() < -1e-6:
        raise ValueError(f"{what} is no covariance")
    correlation: npt.NDArray[np.float64] = matrix / np.outer(sd, sd)
    return correlation
