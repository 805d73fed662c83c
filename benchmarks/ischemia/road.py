"""A recording through the product's whole road, in each of the ways that it may be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.ischemia.sets import Record
from benchmarks.silent import Silent
from edge.blocks import Origin
from edge.bundle import RATE, Bundle
from edge.engines import Engine
from edge.enrolment import enrol
from edge.errors import InputError
from edge.leads import LEAD, LEADS
from edge.patient import Patient
from edge.person import Person
from edge.pipeline import Pipeline, PipelineSettings
from edge.st import levels
from edge.st.reading import StReading, interpret

PATCH = ("II", "V1", "V5")
WAYS = ("twelve", "blind", "three", "rest twelve", "rest blind", "rest enrolled")


@dataclass(frozen=True)
class Network:
    """The bundle and its engine."""

    bundle: Bundle
    engine: Engine

    @property
    def silent(self) -> Engine:
        """For twelve measured leads: there is nothing to reconstruct."""
        return Silent(self.bundle)


def read(
    mv: npt.NDArray[np.float32],
    leads: Sequence[str],
    person: Person,
    network: Network,
    engine: Engine | None = None,
    patient: Patient | None = None,
) -> StReading | None:
    """The last reading of a recording (n x 12), of which the patch measures `leads`."""
    pipeline = Pipeline(
        tuple(leads),
        RATE,
        bundle=network.bundle,
        engine=engine or network.engine,
        settings=PipelineSettings(person=person),
        patient=patient,
    )
    pipeline.push(np.ascontiguousarray(mv[:, [LEAD[lead] for lead in leads]]))
    pipeline.flush()
    return pipeline.ischemia.last


def ways(record: Record, network: Network, enrolled_s: float) -> tuple[dict[str, StReading | None], str]:
    """A reading for each of `WAYS`, and why the heart could not be enrolled, if so (it is read blind, then).

    "rest": what follows the seconds that it was enrolled on. The patient's own ST is left out of the enrolment: here it
    would come from the very ischaemia that is to be found.
    """
    person, first = record.person, round(enrolled_s * RATE)
    rest = record.mv[first:]
    patient, refused = None, ""
    try:
        patient = enrol(record.mv[:first], RATE, LEADS, PATCH, bundle=network.bundle, engine=network.engine)
        patient = replace(patient, st=None)
    except InputError as error:
        refused = str(error)
    blind = read(record.mv, PATCH, person, network)
    found = {
        "twelve": read(record.mv, LEADS, person, network, network.silent),
        "blind": blind,
        "three": None if blind is None else only_measured(blind, person),
        "rest twelve": read(rest, LEADS, person, network, network.silent),
        "rest blind": read(rest, PATCH, person, network),
        "rest enrolled": read(rest, PATCH, person, network, patient=patient),
    }
    return found, refused


def only_measured(reading: StReading, person: Person) -> StReading | None:
    """What the measured leads alone would have said."""
    average = reading.levels.average
    kept = np.array([origin is Origin.MEASURED for origin in average.origin])
    origin = tuple(o if ok else Origin.UNAVAILABLE for o, ok in zip(average.origin, kept, strict=True))
    alone = levels.read(replace(average, origin=origin, beats_mv=np.where(kept, average.beats_mv, np.nan)))
    return None if alone is None else interpret(alone, person)
