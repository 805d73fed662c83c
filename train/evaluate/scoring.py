"""Every reconstructor through every level, a few recordings at a time, so that memory does not grow with the set."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edge.errors import UsageError
from edge.leads import LEADS
from train.data.corpus import Corpus
from train.evaluate import calibration, features, heart_rate, signal_level
from train.evaluate.classifier import Classifier
from train.evaluate.features import Marked
from train.evaluate.leaks import leaks
from train.evaluate.reconstructors import Estimate, Estimator, Reconstructor, filtered, zeros

CHUNK = 32  # recordings in memory at a time
LEAK_RECORDS = 3
Signals = npt.NDArray[np.float32]
Figures = dict[str, npt.NDArray[np.floating]]


class Gathered:
    """Figures by level and name, a recording a row, as they come in."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str], list[npt.NDArray[np.floating]]] = defaultdict(list)

    def add(self, level: str, figures: Figures) -> None:
        for name, values in figures.items():
            self._parts[level, name].append(values)

    def level(self, level: str) -> Figures:
        """Empty where the level was not measured."""
        return {name: np.concatenate(parts) for (of, name), parts in self._parts.items() if of == level}


@dataclass
class Row:
    """One reconstructor, blind or enrolled, and what was measured of it."""

    reconstructor: Reconstructor
    enrolled: bool
    gathered: Gathered = field(default_factory=Gathered)
    leaks: bool = False
    refused: int = 0  # patients whom the enrolment refused, and who are scored blind
    seconds: float = 0.0  # of reconstruction alone, enrolment included

    @property
    def name(self) -> str:
        return f"{self.reconstructor.name}, enrolled" if self.enrolled else self.reconstructor.name


@dataclass(frozen=True)
class Protocol:
    """What is compared, and how."""

    given: tuple[str, ...]
    enrol_samples: int = 0  # at the start: for enrolment, and scored for nobody
    classifier: Classifier | None = None
    heart_rates: bool = True


@dataclass(frozen=True)
class Truth:
    """Some recordings; all but `whole` from the end of the enrolment on (records x samples x 12, mV)."""

    whole: Signals  # baseline-filtered
    recorded: Signals
    filtered: Signals

    @staticmethod
    def of(recorded: Signals, enrol_samples: int) -> Truth:
        whole = np.stack([filtered(mv) for mv in recorded])
        return Truth(whole, recorded[:, enrol_samples:], whole[:, enrol_samples:])


def rows(reconstructors: Sequence[Reconstructor], enrol_samples: int) -> list[Row]:
    """Each blind and, where there is an enrolment and it can be enrolled, enrolled; what is never blind, only that."""
    out = []
    for reconstructor in reconstructors:
        if reconstructor.estimate is not None:
            out.append(Row(reconstructor, False))
        if enrol_samples and reconstructor.enrol is not None:
            out.append(Row(reconstructor, True))
    return out


def score(
    data: Corpus, table: Sequence[Row], protocol: Protocol, progress: Callable[[int, int], None]
) -> tuple[Gathered, Gathered]:
    """Fills the rows of `table`; returns the same figures of the truth, and of the measured leads alone (zero
    elsewhere)."""
    true, alone = Gathered(), Gathered()
    for first, recorded in _chunks(data):
        truth = Truth.of(recorded, protocol.enrol_samples)
        marked = features.mark(truth.filtered)
        known = _measure_truth(truth, marked, protocol, true, alone)
        for row in table:
            _measure(row, truth, marked, known, protocol)
            if first == 0:
                row.leaks = any(_leaks(row, whole, protocol) for whole in truth.whole[:LEAK_RECORDS])
        progress(first + len(recorded), len(data.uv))
    return true, alone


def _chunks(data: Corpus) -> Iterator[tuple[int, Signals]]:
    for first in range(0, len(data.uv), CHUNK):
        yield first, data.uv[first : first + CHUNK].astype(np.float32) * np.float32(1e-3)


def estimator(row: Row, whole: Signals, protocol: Protocol) -> Estimator:
    """The row's model for the patient of `whole` (n x 12): enrolled, if it is and the enrolment does not refuse."""
    model = row.reconstructor
    fitted = model.enrol(whole[: protocol.enrol_samples], protocol.given) if row.enrolled and model.enrol else None
    if fitted is not None:
        return fitted
    if model.estimate is None:
        raise UsageError(f"{model.name} knows nobody before it is enrolled")
    return model.estimate


def estimate(row: Row, whole: Signals, protocol: Protocol) -> Estimate:
    """Of the scored part of a recording (`whole`: n x 12, from the first sample on)."""
    model = estimator(row, whole, protocol)
    row.refused += row.enrolled and model is row.reconstructor.estimate
    found = model(whole, protocol.given)
    scored = slice(protocol.enrol_samples, None)
    return Estimate(found.mv[scored], None if found.sd is None else found.sd[scored])


def _leaks(row: Row, whole: Signals, protocol: Protocol) -> bool:
    model = estimator(row, whole, protocol)
    return leaks(lambda mv, given: model(mv, given).mv, whole, protocol.given)


def _measure_truth(
    truth: Truth, marked: Marked, protocol: Protocol, true: Gathered, alone: Gathered
) -> npt.NDArray[np.float64] | None:
    """Into `true` and `alone`; returns the heart rates (records x 12)."""
    true.add("features", features.read(truth.filtered, marked, protocol.given))
    _judge(truth.filtered, protocol.classifier, true)
    _judge(np.stack([zeros(mv, protocol.given) for mv in truth.filtered]), protocol.classifier, alone)
    if not protocol.heart_rates:
        return None
    rates = heart_rate.by_lead(truth.filtered)
    true.add("heart rate", {"rates": rates})
    return rates


def _measure(row: Row, truth: Truth, marked: Marked, known: npt.NDArray[np.float64] | None, protocol: Protocol) -> None:
    began = time.perf_counter()
    found = [estimate(row, whole, protocol) for whole in truth.whole]
    row.seconds += time.perf_counter() - began
    mv = np.stack([one.mv for one in found])
    if not np.isfinite(mv).all():
        lost = ", ".join(lead for lead, gone in zip(LEADS, ~np.isfinite(mv).all((0, 1)), strict=True) if gone)
        raise ValueError(f"{row.name} left samples without a value in {lost}")
    add = row.gathered.add
    for band, passed in signal_level.BANDS.items():
        add(band, signal_level.compare(truth.recorded if passed else truth.filtered, mv, filtered=passed))
    add("features", features.read(mv, marked, protocol.given))
    if known is not None:
        add("heart rate", {"rates": heart_rate.by_lead(mv, known, protocol.given)})
    spreads = [one.sd for one in found if one.sd is not None]
    if len(spreads) == len(found):
        add("calibration", {"inside": calibration.inside(truth.filtered, mv, np.stack(spreads))})
    _judge(mv, protocol.classifier, row.gathered)


def _judge(mv: Signals, classifier: Classifier | None, into: Gathered) -> None:
    if classifier is None:
        return
    probabilities, found = classifier.judge(mv)
    into.add("diagnosis", {"probabilities": probabilities})
    if found is not None:
        into.add("encoder", {"features": found})
