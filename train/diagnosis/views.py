"""What classifiers are shown of every heart of a corpus.

Of each recording the eight independent leads at 100 Hz: as they are, as a bundle reconstructs them of the measured
ones, and as it does after enrolment on the first seconds. Made once, so that the fitting needs neither bundle nor
engine, and can be done on another machine.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.bundle import RATE
from edge.bundle_classifier import RECONSTRUCTED as RECONSTRUCTED
from edge.bundle_classifier import TRUE as TRUE
from edge.classifier_input import shown
from edge.errors import InputError, Reason
from edge.leads import INDEPENDENT, LEAD
from train import files
from train.data.corpus import Corpus
from train.data.record import Row
from train.evaluate import reconstructors
from train.evaluate.reconstructors import Reconstructor

EIGHT = [LEAD[name] for name in INDEPENDENT]
ENROL_S = 4.0  # of all twelve leads
ENROLLED = "enrolled"  # beside what a classifier is calibrated for
STEP_MV = 0.002  # a count, in the file: below the noise of any electrode
Signals = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Views:
    """What is shown of each record (records x 8 x samples at 100 Hz, mV), by how the leads were come by."""

    signals: dict[str, Signals]
    enrolled: npt.NDArray[np.bool_]  # records whose enrolment was accepted; the others' view is the blind one
    table: list[Row]
    measured: tuple[str, ...]  # the leads that the reconstruction was given

    def select(self, records: npt.NDArray[np.bool_]) -> Views:
        kept = {name: signal[records] for name, signal in self.signals.items()}
        table = [row for row, keep in zip(self.table, records, strict=True) if keep]
        return Views(kept, self.enrolled[records], table, self.measured)

    def folds(self) -> npt.NDArray[np.int64]:
        return np.array([row.get("fold", 0) for row in self.table])


def make(data: Corpus, model: Reconstructor, measured: tuple[str, ...], step: Callable[[int], None]) -> Views:
    """Every view of every record of `data`; `step` is told of each."""
    signals: dict[str, list[Signals]] = {TRUE: [], RECONSTRUCTED: [], ENROLLED: []}
    accepted = []
    for uv in data.uv:
        mv = reconstructors.filtered(np.asarray(uv, np.float32) * np.float32(1e-3))
        blind = model(mv, measured)
        own = model.enrol(mv[: round(ENROL_S * RATE)], measured) if model.enrol else None
        accepted.append(own is not None)
        for name, leads in ((TRUE, mv), (RECONSTRUCTED, blind), (ENROLLED, own(mv, measured).mv if own else blind)):
            signals[name].append(shown(leads[:, EIGHT]))
        step(1)
    return Views({name: np.stack(of) for name, of in signals.items()}, np.array(accepted), data.table, measured)


def save(path: Path, views: Views) -> None:
    """As counts and their differences along time, which pack small."""
    counts = {name: np.rint(signal / STEP_MV).astype(np.int32) for name, signal in views.signals.items()}
    told = json.dumps({"table": views.table, "measured": views.measured})
    buffer = io.BytesIO()
    arrays = {name: np.diff(count, axis=-1, prepend=0).astype(np.int16) for name, count in counts.items()}
    np.savez_compressed(buffer, enrolled_records=views.enrolled, told=np.array(told), **arrays)
    files.folder(path.parent)
    files.write(path, buffer.getvalue())


def load(path: Path) -> Views:
    """What `save` wrote. Raises InputError for a file that is none."""
    try:
        with np.load(path) as file:
            told = json.loads(str(file["told"]))
            names = [name for name in file.files if name not in ("told", "enrolled_records")]
            signals = {name: file[name].cumsum(-1, dtype=np.int32).astype(np.float32) * STEP_MV for name in names}
            accepted = file["enrolled_records"]
    except (OSError, ValueError, KeyError) as error:
        what = f"{path} holds no views ({error}): make them with python -m train views"
        raise InputError(what, Reason.UNREADABLE) from None
    return Views(signals, accepted, told["table"], tuple(told["measured"]))
