"""Whatever turns measured leads into twelve, named and opened: bundles, checkpoints and baselines side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.bundle import RATE
from edge.correction import Correction
from edge.dsp.baseline import remove_baseline
from edge.errors import InputError, UsageError
from edge.leads import INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.montage import Montage
from edge.projection import Projection
from train.data.corpus import Corpus
from train.evaluate import enrolment
from train.evaluate.enrolment import OF_EIGHT

PATIENT_LINEAR = "patient-linear"
FITTED = frozenset({"linear", "lag-fir"})  # baselines that need training records

Signal = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A whole recording's twelve leads."""

    mv: Signal  # n x 12
    sd: Signal | None = None  # n x 12, mV; 0 where measured or derived; None where the model tells none


Estimator = Callable[[Signal, tuple[str, ...]], Estimate]


@dataclass(frozen=True)
class Reconstructor:
    """What may be called with a recording (n x 12, mV at 500 Hz, baseline-filtered) and the leads it may read of it.

    `enrol` is given the first seconds of a recording, all twelve leads, and returns the estimator fitted to that
    patient, or None where it refuses them as too noisy or too short; it is None itself where a model cannot be fitted.
    """

    name: str
    kind: str  # bundle, checkpoint or baseline
    estimate: Estimator | None  # None for what needs the patient's own leads first
    enrol: Callable[[Signal, tuple[str, ...]], Estimator | None] | None = None
    source: Mapping[str, Any] = field(default_factory=dict)  # for the report: hash, weights, what it was fitted on

    def __call__(self, mv: Signal, given: tuple[str, ...]) -> Signal:
        if self.estimate is None:
            raise UsageError(f"{self.name} knows nobody before it is enrolled")
        return self.estimate(mv, given).mv


def bundle(path: Path, engine: str | None = None, hop_s: float = 1.0) -> Reconstructor:
    """A bundle as the device runs it, from the filtered leads on. Raises InputError for one that cannot be used."""
    from edge.bundle import open_bundle
    from edge.reconstruction import Reconstruct
    from edge.whole import joined

    opened = open_bundle(path)
    variant = opened.choose(engine)
    loaded = opened.load(variant)

    def estimate(mv: Signal, given: tuple[str, ...], correction: Correction | None = None) -> Estimate:
        stage = Reconstruct(Montage.of_leads(given), opened, loaded, round(hop_s * RATE), correction)
        measured = np.ascontiguousarray(mv[:, [LEAD[lead] for lead in given]])
        block = Block(0, RATE, given, measured, np.isfinite(measured))
        twelve = joined(stage.push(block) + stage.flush())
        return Estimate(twelve.mv, twelve.sd)

    def enrol(first: Signal, given: tuple[str, ...]) -> Estimator | None:
        from edge.enrolment import enrol as enrolled

        try:
            patient = enrolled(first, RATE, LEADS, given, bundle=opened, engine=loaded)
        except InputError:
            return None
        return lambda mv, leads: estimate(mv, leads, patient.correction)

    source = {"path": str(path), "variant": variant.name, "network": opened.manifest.get("network", {})}
    return Reconstructor(f"{opened.name} ({variant.name})", "bundle", estimate, enrol, source)


def file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def filtered(mv: Signal) -> Signal:
    """A recording (n x 12, mV at 500 Hz) without its baseline: what every reconstructor is given."""
    return remove_baseline(mv, RATE)


def zeros(mv: Signal, given: Sequence[str]) -> Signal:
    """The measured leads in their places, and nothing elsewhere (n x 12)."""
    out = np.zeros_like(mv)
    columns = [LEAD[lead] for lead in given]
    out[:, columns] = mv[:, columns]
    return out


def checkpoint(path: Path, held: Corpus | None = None) -> Reconstructor:
    """A network of the registry as trained. Raises InputError.

    One whose output has no millivolts (MCMA as published) is given the sizes learnt on `held`, which must be there
    then; it must be recordings that are not scored.
    """
    from train import checkpoint as checkpoints
    from train.baselines.amplitude import sized
    from train.models.registry import macs, weights
    from train.reconstruct import twelve

    net, config = checkpoints.load(path)
    name = f"{path.parent.name}/{path.stem}" if path.parent.name else path.stem
    source = {
        **{"path": str(path), "sha256": file_sha256(path), "weights": weights(net), "macs": macs(net)},
        **{key: config[key] for key in ("architecture", "shape", "step", "data", "validation") if key in config},
    }
    if hasattr(net, "log_ridge"):  # any-lead networks of ours: log-variances, and perhaps a basis
        return _any_lead(net, name, source)

    def plain(mv: Signal, given: tuple[str, ...]) -> Signal:
        return twelve(net, mv, given)

    if config["architecture"] == "mcma":
        if held is None or not len(held.uv):
            raise UsageError(f"{path} has no millivolts: sizes are learnt on fold 8, which --fit must have")
        plain = sized(plain, held)
        source["sizes"] = f"learnt on {len(held.uv)} recordings"

    def known(mv: Signal, given: tuple[str, ...]) -> tuple[Floats, Floats]:
        return plain(mv, given)[:, OF_EIGHT].astype(np.float64), np.zeros((len(mv), 0))

    def enrol(first: Signal, given: tuple[str, ...]) -> Estimator:
        return _without_sd(enrolment.fit(known, first, given))

    return Reconstructor(name, "checkpoint", _without_sd(plain), enrol, source)


def _any_lead(net: Any, name: str, source: Mapping[str, Any]) -> Reconstructor:
    """As the device has it: the network's eight leads and log-variances through the projection."""
    from train.reconstruct import outputs

    def estimate(mv: Signal, given: tuple[str, ...]) -> Estimate:
        eight, log_variance = outputs(net, _shown(mv, given), given)[:2]
        fixed = Projection(Montage.of_leads(given))
        measured = mv[:, [LEAD[lead] for lead in given]].astype(np.float64)
        spread = np.exp(log_variance.astype(np.float64))
        return Estimate(*fixed.apply(eight.astype(np.float64), spread, np.eye(8), measured, (True,) * len(given)))

    def known(mv: Signal, given: tuple[str, ...]) -> tuple[Floats, Floats]:
        shown = _shown(mv, given)
        eight, _, *basis = outputs(net, shown, given)
        measured = np.isin(INDEPENDENT, given)
        leads = np.where(measured, shown, eight).astype(np.float64)
        return leads, basis[0].astype(np.float64) if basis else np.zeros((len(mv), 0))

    def enrol(first: Signal, given: tuple[str, ...]) -> Estimator:
        strengths = np.exp(net.log_ridge.detach().double().numpy())
        return _without_sd(enrolment.fit(known, first, given, strengths))

    return Reconstructor(name, "checkpoint", estimate, enrol, {**source, "sd": "the network's own, not calibrated"})


def _shown(mv: Signal, given: tuple[str, ...]) -> Signal:
    """Eight leads of which the given follow as they were measured (n x 8); the network's mask hides the rest."""
    columns = [LEAD[lead] for lead in given]
    eight: Signal = (mv[:, columns] @ np.linalg.pinv(TWELVE_FROM_EIGHT[columns]).T).astype(np.float32)
    return eight


def baselines(names: Sequence[str], train: Corpus) -> list[Reconstructor]:
    """Methods without a network, by name, fitted on `train`. Raises UsageError for a name that does not exist."""
    from train import baselines as methods

    def enrol(first: Signal, given: tuple[str, ...]) -> Estimator:
        return _without_sd(methods.enrol(first, given))

    known = {"measured": methods.measured, "dower": methods.dower}
    fitted = {"linear": lambda: methods.Linear.fit(train), "lag-fir": lambda: methods.Linear.fit(train, methods.LAGS)}
    source = {"trained_on": f"{len(train.uv)} recordings"}
    out = []
    for name in names:
        if name == PATIENT_LINEAR:
            out.append(Reconstructor(name, "baseline", None, enrol))
        elif name in known:
            out.append(Reconstructor(name, "baseline", _without_sd(known[name])))
        elif name in fitted:
            out.append(Reconstructor(name, "baseline", _without_sd(fitted[name]()), source=source))
        else:
            raise UsageError(f"no baseline {name!r}: choose from {', '.join((*known, *fitted, PATIENT_LINEAR))}")
    return out


def _without_sd(reconstruct: Callable[[Signal, tuple[str, ...]], Signal]) -> Estimator:
    def estimate(mv: Signal, given: tuple[str, ...]) -> Estimate:
        return Estimate(reconstruct(mv, given))

    return estimate
