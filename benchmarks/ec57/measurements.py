"""Measurement by measurement, as `mxm` compares: heart rates, or any other quantity that both annotators measure."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from benchmarks.ec57.annotations import Annotations
from benchmarks.ec57.beats import LEARNING_S

Values = npt.NDArray[np.float64]
MEASURE = "="  # WFDB's code of a measurement: its number in the subtype, its value in the text


@dataclass(frozen=True, slots=True)
class MeasurementComparison:
    measurements: int  # of the test
    rms: float  # in the measurement's own unit
    mean_reference: float  # over the reference's measurements as often as they were taken

    @property
    def rms_percent(self) -> float | None:
        """Of the mean reference measurement, as the standard reports it."""
        return 100 * self.rms / abs(self.mean_reference) if self.mean_reference else None


def compare(
    reference_s: npt.ArrayLike,
    reference: npt.ArrayLike,
    test_s: npt.ArrayLike,
    test: npt.ArrayLike,
    learning_s: float = LEARNING_S,
) -> MeasurementComparison | None:
    """Each measurement of the test after the learning period against the one of the reference that is nearest in time,
    the later of two that are equally near. Times (s) rise; None where there is nothing to compare."""
    when, known = np.asarray(reference_s, np.float64), np.asarray(reference, np.float64)
    asked, measured = np.asarray(test_s, np.float64), np.asarray(test, np.float64)
    asked, measured = asked[asked >= learning_s], measured[asked >= learning_s]
    if not len(when) or not len(asked):
        return None
    after = np.clip(np.searchsorted(when, asked), 0, len(when) - 1)
    before = np.maximum(after - 1, 0)
    nearest = known[np.where(np.abs(asked - when[before]) < np.abs(when[after] - asked), before, after)]
    return MeasurementComparison(len(asked), sqrt(np.mean((nearest - measured) ** 2)), float(np.mean(nearest)))


def of(marks: Annotations, number: int = 0) -> tuple[Values, Values]:
    """Times (s) and values of measurement `number`; a text that is no number is passed over."""
    times, values = [], []
    for sample, symbol, aux, subtype in marks:
        if symbol == MEASURE and subtype == number:
            try:
                value = float(aux.split()[0])
            except (IndexError, ValueError):
                continue
            times.append(sample / marks.rate)
            values.append(value)
    return np.array(times), np.array(values)
