"""Models that have not seen a record: fitted anew for each fold of subjects, over all sets that teach them."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.blocks import Block
from edge.rhythm.atrial import AfModel
from edge.rhythm.interpreter import Models
from edge.rhythm.trees import Boosted
from edge.rhythm.vf_model import Model
from train.rhythm import af, beats, legible, ventricular
from train.rhythm.recordings import heard, records

FOLDS = 11  # of 22 records of MIT-BIH, two at a time
BEATS, ATRIAL, VENTRICULAR = ("mitdb",), ("mitdb", "cpsc2021", "cinc2017"), ("mitdb", "vfdb", "cinc2015")
LEGIBLE = ("mitdb", "vfdb", "cinc2015")  # and the noise of nstdb


@dataclass(frozen=True)
class Learned:
    """What a recording teaches, and the recording after the filters."""

    pack: str
    path: Path
    block: Block
    views: tuple[beats.View, ...] = ()
    case: af.Case | None = None
    labelled: ventricular.Labelled | None = None

    @property
    def subject(self) -> str:
        """Records of one are never in two folds."""
        name = self.path.stem
        return f"{self.pack}/{name.rsplit('_', 1)[0] if self.pack == 'cpsc2021' else name}"


def learned(pack: str, path: Path, labels: dict[str, str]) -> Learned:
    """One record, heard and measured."""
    whole = heard(path)
    return Learned(
        pack,
        path,
        whole.block,
        tuple(beats.views(path)) if pack in BEATS else (),
        af.case(path, whole, labels) if pack in ATRIAL else None,
        ventricular.labelled(pack, path, ventricular.windows_of(whole)) if pack in VENTRICULAR else None,
    )


def gathered(folders: dict[str, Path], labels: dict[str, str], cache: Path | None) -> Iterator[Learned]:
    """Every record of every set, one after another; kept in `cache`, since hearing takes longest."""
    for pack, folder in folders.items():
        for path in records(folder):
            kept = cache / f"{pack}-{path.stem}.pickle" if cache else None
            if kept is not None and kept.is_file():
                yield pickle.loads(kept.read_bytes())
                continue
            one = learned(pack, path, labels)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps(one))
            yield one


def folds(of: Iterable[Learned]) -> dict[str, int]:
    """The fold of each subject."""
    subjects = sorted({one.subject for one in of})
    order = np.random.default_rng(0).permutation(len(subjects))
    return {subjects[k]: int(place) % FOLDS for place, k in enumerate(order)}


def models(of: list[Learned], lessons: list[legible.Lesson]) -> Models:
    """Fitted to the records `of`, and to `lessons` of what is legible, alone."""
    return Models(
        beats=Boosted(beats.model([view for one in of for view in one.views])),
        atrial=AfModel(af.fit(one.case for one in of if one.case is not None)),
        ventricular=Model.of(ventricular.fit([one.labelled for one in of if one.labelled is not None])),
        legible=Boosted(legible.fit(lessons)),
    )
