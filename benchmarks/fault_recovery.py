"""How long it takes until all is well again, from a fault's end on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.fault_run import LEADS
from benchmarks.fault_truth import Truth
from edge.blocks import Origin, TwelveLeads
from edge.leads import LEAD
from firmware_bridge import faults as fault

LASTING = (fault.Unplug, fault.Stall, fault.Reboot, fault.Off, fault.Saturate)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds of signal from a fault's end; None: not before the recording ended."""

    sample_s: float | None  # to the first sample that is there in every channel
    twelve_leads_s: float | None  # until twelve leads are told again, all measured ones measured


def recoveries(truth: Truth) -> list[Recovery]:
    """One for each end of a fault that lasts, with no other one going on, in time to see it end.

    On a real road at another pace than a patch's own there are none: a patch at full speed waits for its host, so
    that what a host needs to return costs it nothing.
    """
    setup = truth.setup
    if setup.road != "software" and setup.speed != 1.0:
        return []
    spans = [(f.at_s, f.at_s + f.for_s) for f in setup.parsed if isinstance(f, LASTING)]
    ends_s = [end for _, end in spans if end < setup.seconds and not any(a <= end < b for a, b in spans)]
    at_s = _signal_s(truth)
    return [_recovery(truth, at_s, end_s) for end_s in ends_s]


def _signal_s(truth: Truth) -> npt.NDArray[np.float64]:
    """When each sample of the timeline was worn, s of signal; NaN where nobody can say."""
    at_s = np.full(len(truth.heard), np.nan)
    for boot in truth.boots:
        if boot.offset is not None:
            at_s[boot.first : boot.last] = (np.arange(boot.first, boot.last) + boot.offset) / truth.setup.rate
    return at_s


def _recovery(truth: Truth, at_s: npt.NDArray[np.float64], end_s: float) -> Recovery:
    rate = truth.setup.rate
    since = at_s >= end_s - 0.5 / rate
    there = np.flatnonzero(since & np.isfinite(truth.heard).all(axis=1))
    if not len(there):
        return Recovery(None, None)
    first, heard = int(there[0]), truth.outcome.heard
    for block, placed in zip(heard.twelve_leads, heard.twelve_at, strict=True):
        if block.end > first * truth.scale and _whole(block):
            return Recovery(_rounded(at_s[first] - end_s), _rounded(at_s[placed - 1] + 1 / rate - end_s))
    return Recovery(_rounded(at_s[first] - end_s), None)


def _whole(block: TwelveLeads) -> bool:
    measured = all(block.origin[LEAD[lead]] is Origin.MEASURED for lead in LEADS)
    return measured and Origin.RECONSTRUCTED in block.origin


def _rounded(seconds: float) -> float | None:
    return None if np.isnan(seconds) else max(0.0, round(float(seconds), 3))
