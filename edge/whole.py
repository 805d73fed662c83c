"""The whole road in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin, TwelveLeads
from edge.bundle import Bundle
from edge.engines import Engine
from edge.montage import Montage
from edge.pipeline import Pipeline, PipelineSettings

if TYPE_CHECKING:
    from edge.patient import Patient

_RANK = (Origin.UNAVAILABLE, Origin.RECONSTRUCTED, Origin.DERIVED, Origin.MEASURED)


def reconstruct(
    mv: npt.NDArray[np.floating],
    rate: float,
    leads: Sequence[str] | Montage = ("II", "V1", "V5"),
    *,
    bundle: Bundle | None = None,
    engine: Engine | None = None,
    settings: PipelineSettings | None = None,
    patient: Patient | None = None,
) -> TwelveLeads:
    """Twelve leads of a whole recording, bit for bit what the live stream gives.

    mv: n x leads (mV, NaN where lost) at `rate` Hz, columns as `leads`. Returns 500 Hz from the same instant on; a
    lead's origin is the least it was anywhere (measured throughout, or not measured), and it is `enrolled` where the
    patient's correction was in force throughout. Raises UsageError for shapes and names that make no sense, InputError
    for a bundle or a patient file (`edge.patient.open_patient`) that cannot be used.
    """
    settings = replace(settings or PipelineSettings(), classify=False)  # only its twelve leads are wanted
    pipeline = Pipeline(leads, rate, bundle=bundle, engine=engine, settings=settings, patient=patient)
    out = pipeline.push(np.asarray(mv, np.float32)) + pipeline.flush()
    return joined([item for item in out if isinstance(item, TwelveLeads)])


def joined(blocks: Sequence[TwelveLeads]) -> TwelveLeads:
    """Consecutive stretches as one. Raises ValueError for none, or where one is missing between."""
    if not blocks:
        raise ValueError("no samples: nothing can be reconstructed")
    if any(a.end != b.start for a, b in pairwise(blocks)):
        raise ValueError("the stretches do not follow each other")
    origin = tuple(min(lead, key=_RANK.index) for lead in zip(*(b.origin for b in blocks), strict=True))
    mv, sd = (np.concatenate([getattr(b, part) for b in blocks]) for part in ("mv", "sd"))
    return replace(blocks[0], mv=mv, sd=sd, origin=origin, enrolled=all(b.enrolled for b in blocks))
