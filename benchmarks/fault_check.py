"""What every run must keep to, whatever happens on the line; each check says what is wrong, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from benchmarks.fault_run import LEADS, Outcome, Setup
from benchmarks.fault_truth import HALF_A_COUNT_MV, MESSAGE_S, Flags, Truth, time_error, tolerance
from edge.alerts import HIDES_A_BEAT_S
from edge.blocks import Block, Origin
from edge.bundle import RATE
from edge.dsp.baseline import Baseline
from edge.dsp.resample import Resample
from edge.leads import LEAD
from edge.sources.serial import STALL_S
from edge.timeline import Bridge, Cause
from firmware_bridge import faults as fault
from firmware_bridge.disturbance import of_signal

HELD = 30_000  # samples: 12 s at 500 Hz, with room for four times that, for beats' classes and atrial evidence
CAUSES = {
    "drop": Cause.MISSING,
    "reorder": Cause.MISSING,
    "corrupt": Cause.CORRUPT,
    "garbage": Cause.CORRUPT,
    "unplug": Cause.LINK,
    "reboot": Cause.REBOOT,
}


def broken(outcome: Outcome) -> dict[str, str]:
    """The invariants that do not hold, and how."""
    truth = Truth(outcome)
    return {name: reason for name, check in CHECKS.items() if (reason := check(truth))}


def _counted(t: Truth) -> str:
    """Samples in = samples out + counted losses, and what arrived is what went in."""
    line, log = t.outcome.pipeline.timeline, t.outcome.log
    lost = sum(line.lost.values())
    if line.emitted != line.received + lost or len(t.heard) != line.emitted:
        return f"{line.received} in and {lost} lost, but {line.emitted} out and {len(t.heard)} placed"
    if log.sampled != log.delivered + log.lost.total():
        return f"the patch's account is off: {log}"
    return "" if line.received + t.late == log.delivered else f"{log.delivered} arrived, {line.received} went in"


def _ended(t: Truth) -> str:
    """The timeline reaches from the first sample announced to the last; a reboot within its tolerance."""
    error = time_error(t)
    if abs(error) > tolerance(t.setup):
        return f"after a reboot the time is off by {error} samples ({tolerance(t.setup)} allowed)"
    first = t.boots[0].offset
    if first is None:
        return ""
    if int((~t.lost[:first]).sum()) > t.late:
        return f"of the first {first} samples some arrived and are not on the timeline"
    end = len(t.heard) + first - error
    return "" if t.lost[max(end, 0) :].all() else f"samples after {end} arrived and are not on the timeline"


def _placed(t: Truth) -> str:
    """Every sample is the true one to half a count, at its place; a hole is where the patch says it lost."""
    for boot in t.boots:
        if boot.offset is None:
            if np.isfinite(t.heard[boot.first : boot.last]).any():
                return f"samples from {boot.first} on come from nowhere in the signal"
            continue
        heard, at = t.heard[boot.first : boot.last], np.arange(boot.first, boot.last) + boot.offset
        inside = (at >= 0) & (at < len(t.mv))
        heard, at = heard[inside], at[inside]
        wrong = np.isfinite(heard) & ~(np.abs(t.mv[at] - heard) <= HALF_A_COUNT_MV)
        if wrong.any():
            first = boot.first + int(np.argmax(wrong.any(axis=1)))
            return f"{int(wrong.sum())} values are not what was worn there, the first at {first}"
        gap = t.gap[boot.first : boot.last][inside]
        if (t.lost[at] & ~gap).any() or int((gap & ~t.lost[at]).sum()) > t.late:
            return f"{int((gap != t.lost[at]).sum())} samples are holes without a loss, or the other way round"
        unusable = ~np.isfinite(heard) & ~gap[:, None] & ~_excused(t.setup, at)[:, None]
        if unusable.any():
            return f"{int(unusable.any(axis=1).sum())} samples that arrived are unusable without a reason"
    return ""


def _caused(t: Truth) -> str:
    """Where one fault alone is at work, losses have its cause, as many as the patch says (a reboot's: as placed)."""
    if len(t.setup.faults) != 1 or t.boots[0].offset is None:
        return ""
    line, (kind,) = t.outcome.pipeline.timeline, (f.KIND for f in t.setup.parsed)
    end = len(t.heard) + t.boots[0].offset - time_error(t)
    told = Counter({cause: n for cause, n in line.lost.items() if n})
    true = int(t.lost[t.boots[0].offset : max(end, 0)].sum()) + time_error(t) + t.late
    expected = Counter({_cause_of(kind, t.setup): true} if true else {})
    return "" if told == expected else f"{dict(told)} instead of {dict(expected)}"


def _cause_of(kind: str, setup: Setup) -> Cause | None:
    """A silence that the host notices is put down to the link; a shorter one is frames that are missing."""
    if kind != fault.Stall.KIND:
        return CAUSES.get(kind)
    pace = 1.0 if setup.road == "software" else setup.speed
    longest_s = max(f.for_s for f in setup.parsed if isinstance(f, fault.Stall))
    return Cause.LINK if longest_s / pace > STALL_S else Cause.MISSING


def _twelve(t: Truth) -> str:
    """Twelve leads for every sample of the timeline, in order, once; resampled, to the last one between two samples."""
    at = 0
    for block in t.outcome.heard.twelve_leads:
        if block.start != at:
            return f"twelve leads at {block.start} after {at}"
        at = block.end
    expected = len(t.dead)
    return "" if 0 <= expected - at < t.scale else f"{at} samples of twelve leads for {expected}"


def _inferred(t: Truth) -> str:
    """A lead is reconstructed only within two seconds without a hole; and where nothing is wrong, there it is."""
    inferable = np.zeros(len(t.dead), bool)
    window = t.outcome.pipeline.twelve.bundle.window
    for first, last in runs(~t.dead):
        inferable[first:last] = last - first >= window
    for block in t.outcome.heard.twelve_leads:
        here = inferable[block.start : block.end]
        estimated = Origin.RECONSTRUCTED in block.origin
        if estimated and not here.all():
            return f"reconstructed across a hole at {block.start}"
        if not estimated and here.any() and not of_signal(t.setup.parsed):
            return f"not reconstructed at {block.start}, though nothing is wrong"
        absent = [origin is Origin.UNAVAILABLE for origin in block.origin]
        if t.dead[block.start : block.end].any() and not all(absent):
            return f"a lead of no origin at {block.start}"
        if not np.isnan(block.mv[:, absent]).all() or np.isnan(block.mv[:, ~np.array(absent)]).any():
            return f"values of an unavailable lead at {block.start}"
    return ""


def _measured(t: Truth) -> str:
    """Measured leads are what came, without its baseline, bit for bit."""
    rate = t.setup.rate
    whole = [Block(0, rate, LEADS, t.heard.copy(), np.isfinite(t.heard))]
    for stage in (Bridge(rate), *([Resample(rate, RATE)] if rate != RATE else []), Baseline(RATE)):
        whole = [done for block in whole for done in stage.push(block)] + stage.flush()
    mv = np.concatenate([b.mv for b in whole])
    valid = np.concatenate([b.valid for b in whole])
    for block in t.outcome.heard.twelve_leads:
        here = slice(block.start, block.end)
        for column, lead in enumerate(LEADS):
            measured = block.origin[LEAD[lead]] is Origin.MEASURED
            if (valid[here, column] != measured).any():
                return f"{lead} at {block.start} is {block.origin[LEAD[lead]]}"
            if measured and not np.array_equal(mv[here, column], block.mv[:, LEAD[lead]]):
                return f"{lead} at {block.start} is not what came"
    return ""


def _alerted(t: Truth) -> str:
    """No asystole and no pause is told from where a beat could hide in what is lost."""
    for event in t.outcome.heard.events:
        if event["type"] != "alert" or event["state"] != "on" or event["kind"] not in ("asystole", "pause"):
            continue
        evidence = event["evidence"]
        length = round(evidence.get("silence_s", evidence.get("rr_s", 0.0)) * RATE)
        first = event["sample"] - length if event["kind"] == "asystole" else event["onset"]
        if _longest_run(t.dead[max(first, 0) : first + length]) > HIDES_A_BEAT_S * RATE:
            return f"{event['kind']} at {first} from {length} samples that are not all there"
    return ""


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return int(max(edges[1::2] - edges[::2], default=0))


def _bounded(t: Truth) -> str:
    """No stage holds more than a bound that knows nothing of the recording's length."""
    return "" if t.outcome.heard.held <= HELD else f"{t.outcome.heard.held} samples held"


CHECKS: dict[str, Callable[[Truth], str]] = {
    "counted": _counted,
    "ended": _ended,
    "placed": _placed,
    "caused": _caused,
    "twelve": _twelve,
    "inferred": _inferred,
    "measured": _measured,
    "alerted": _alerted,
    "bounded": _bounded,
}


def runs(flags: Flags) -> Iterable[tuple[int, int]]:
    edges = np.diff(flags.astype(np.int8), prepend=0, append=0)
    return zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)


def _excused(setup: Setup, at: npt.NDArray[np.int_]) -> Flags:
    """Samples during which an electrode was off, to the message, or a channel saturated."""
    excused = np.zeros(len(at), bool)
    for f in setup.parsed:
        if isinstance(f, fault.Off | fault.Saturate):
            at_s = at / setup.rate
            excused |= (at_s > f.at_s - 2 * MESSAGE_S) & (at_s < f.at_s + f.for_s + 2 * MESSAGE_S)
    return excused
