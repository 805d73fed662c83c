"""What a recording of more leads than the montage gives to fit on; and why another one gives nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edge import beat_shape
from edge.blocks import Block
from edge.bundle import RATE, Bundle
from edge.correction import Features, Float64s
from edge.dsp.band import SHORTEST_S as SHORTEST_STRETCH_S
from edge.dsp.band import drift_free
from edge.engines import Engine
from edge.errors import InputError, Reason, UsageError
from edge.front import front, passed
from edge.leads import EIGHT, LEAD, LEADS, TWELVE_FROM_EIGHT, determined, row
from edge.montage import Montage
from edge.quality import BAD, Cause, Quality
from edge.reconstruction import BASIS, LEADS_IN, SPREAD, WHOLE, Reconstruct
from edge.rhythm.detector import BeatDetector
from edge.st.own import OwnSt, of_recording

SHORTEST_S = 4.0  # of usable signal
PIECE_S = 20.0  # in which drift is taken out
FEWEST_BEATS = 2  # whole ones: one alone may be any
BAD_SHARE = 0.34  # of the seconds in which no heart can be read from a lead (`edge.quality.BAD`): too noisy
FLAT = (Cause.FLAT, Cause.LOST, Cause.SATURATED)  # what a lead without its electrode looks like
IDENTITY_MV = 0.1  # off Einthoven's and Goldberger's laws (root mean square): the electrodes are swapped or misnamed


@dataclass(frozen=True)
class Material:
    """Usable samples at 500 Hz, stretch after stretch; columns of eight are `edge.leads.INDEPENDENT`."""

    features: Features
    targets: tuple[str, ...]  # of the eight, what can be corrected: recorded, and not in the montage
    missing: tuple[str, ...]  # of the twelve, those that gain by it
    features_mv: Float64s  # n x features
    features_fit: Float64s  # the same, without what is slower than 0.5 Hz: what a correction is fitted on
    residual_mv: Float64s  # n x 8: recorded - network's, 0 where there is nothing to correct
    residual_fit: Float64s
    variance: Float64s  # n x 8, mV2: the network's, as the bundle scales it
    beats: list[Float64s]  # as `edge.beat_shape.cut` gives them, in the montage's leads
    st: OwnSt | None = None  # the patient's own; None of too few beats


def material(
    mv: npt.NDArray[np.floating],
    rate: float,
    leads: Sequence[str],
    montage: Montage,
    bundle: Bundle,
    engine: Engine,
    *,
    mains_hz: float | None = None,
    hop_s: float = 1.0,
) -> Material:
    """Raises UsageError, InputError as `edge.enrolment.enrol` says."""
    measured = tuple(lead for lead in LEADS if lead in montage.names)
    targets = _targets(leads, measured)
    block = _filtered(np.asarray(mv, np.float32), rate, leads, mains_hz)
    _judge(block)
    values, known = _estimates(block, measured, bundle, engine, round(hop_s * RATE))
    usable = known & np.isfinite(block.mv).all(axis=1) & block.valid.all(axis=1)
    usable &= np.where(known, values[:, WHOLE] == 1.0, False)
    stretches = [(a, b) for a, b in _runs(usable) if b - a >= SHORTEST_STRETCH_S * RATE]
    seconds = sum(b - a for a, b in stretches) / RATE
    if seconds < SHORTEST_S - 1e-9:
        raise InputError(
            f"{seconds:.1f} s of usable signal: at least {SHORTEST_S:g} s of all leads without a hole are needed; "
            "record longer, and give --seconds more"
        )
    features = Features.of(measured, bundle.basis)
    signal = block.mv.astype(np.float64)
    given = features.gather(signal[:, _columns(leads, measured)], values[:, LEADS_IN], values[:, BASIS])
    residual = np.zeros((len(signal), 8))
    truth = signal @ np.linalg.pinv(np.stack([row(lead) for lead in leads])).T
    for k in (EIGHT[lead] for lead in targets):
        residual[:, k] = truth[:, k] - values[:, k]
    _check_identity(signal, truth, leads, usable)

    def kept(x: Float64s, *, fit: bool) -> Float64s:
        return np.concatenate([drift_free(x[a:b], RATE) if fit else x[a:b] for a, b in _pieces(stretches)])

    affected = np.abs(TWELVE_FROM_EIGHT[:, [EIGHT[lead] for lead in targets]]).sum(axis=1) > 0
    rows = np.stack([row(lead) for lead in measured])
    missing = tuple(lead for lead, a, d in zip(LEADS, affected, determined(rows), strict=True) if a and not d)
    return Material(
        features,
        targets,
        missing,
        kept(given, fit=False),
        kept(given, fit=True),
        kept(residual, fit=False),
        kept(residual, fit=True),
        kept(values[:, SPREAD], fit=False),
        _beats(block, measured),
        of_recording(block),
    )


def _targets(leads: Sequence[str], measured: tuple[str, ...]) -> tuple[str, ...]:
    absent = [lead for lead in measured if lead not in leads]
    if absent:
        raise InputError(f"the recording has no lead {', '.join(absent)}: it has {', '.join(leads)}", Reason.NO_LEADS)
    free = Features.of(measured, 0).predicted
    known = determined(np.stack([row(lead) for lead in leads]))
    targets = tuple(lead for lead in free if known[LEAD[lead]])
    if not free:
        raise UsageError(f"with {', '.join(measured)} nothing is left to reconstruct: no patient file is needed")
    if not targets:
        raise InputError(
            f"the recording has {', '.join(leads)}: nothing beyond what {', '.join(measured)} tell; enrol from a "
            "recording of twelve leads",
            Reason.NO_LEADS,
        )
    return targets


def _filtered(mv: npt.NDArray[np.float32], rate: float, leads: Sequence[str], mains_hz: float | None) -> Block:
    """The recording as the live pipeline has it behind its filters."""
    blocks = passed(front(rate, mains_hz), Block(0, rate, tuple(leads), mv, np.isfinite(mv)))
    if not blocks:
        raise InputError("the recording holds no samples: record again")
    whole, valid = np.concatenate([b.mv for b in blocks]), np.concatenate([b.valid for b in blocks])
    return Block(blocks[0].start, RATE, tuple(leads), whole, valid)


def _judge(block: Block) -> None:
    """Raises InputError for leads that are flat or too noisy."""
    stage = Quality(block.leads, RATE)
    reports = [r for r in stage.push(block) + stage.flush() if r.samples >= RATE / 2]
    bad: list[str] = []
    flat: list[str] = []
    for lead in block.leads:
        poor = [r for r in reports if r.score[lead] < BAD]
        if len(poor) > BAD_SHARE * len(reports):
            (flat if any(r.causes[lead] in FLAT for r in poor) else bad).append(lead)
    if flat:
        raise InputError(
            f"{', '.join(flat)}: no signal, an electrode is off or the lead was not recorded: fix it and record "
            "again, or leave the lead out with --leads"
        )
    if bad:
        raise InputError(
            f"{', '.join(bad)}: too noisy to learn from: record again at rest, with the electrodes pressed on"
        )


def _estimates(
    block: Block, measured: tuple[str, ...], bundle: Bundle, engine: Engine, hop: int
) -> tuple[Float64s, npt.NDArray[np.bool_]]:
    """The network's joined values (as `edge.reconstruction` has its columns), and where there are any."""
    got: list[tuple[Float64s, npt.NDArray[np.bool_]]] = []
    stage = Reconstruct(
        Montage.of_leads(measured), bundle, engine, hop, on_estimate=lambda values, known: got.append((values, known))
    )
    columns = _columns(block.leads, measured)
    given = Block(block.start, RATE, measured, np.ascontiguousarray(block.mv[:, columns]), block.valid[:, columns])
    stage.push(given)
    stage.flush()
    return np.concatenate([v for v, _ in got]), np.concatenate([k for _, k in got])


def _check_identity(signal: Float64s, truth: Float64s, leads: Sequence[str], usable: npt.NDArray[np.bool_]) -> None:
    """Raises InputError where limb leads contradict one another."""
    off = (signal - truth @ TWELVE_FROM_EIGHT[_columns(LEADS, leads)].T)[usable]
    if len(off) and np.sqrt((off**2).mean(axis=0)).max() > IDENTITY_MV:
        raise InputError(
            "the limb leads contradict one another (I + III is not II): electrodes are swapped or leads misnamed; "
            "check them and record again"
        )


def _beats(block: Block, measured: tuple[str, ...]) -> list[Float64s]:
    columns = _columns(block.leads, measured)
    mv, valid = np.ascontiguousarray(block.mv[:, columns]), block.valid[:, columns]
    detector = BeatDetector(RATE)
    found = detector.push(Block(block.start, RATE, measured, mv, valid)) + detector.flush()
    signal = np.where(valid, mv, np.nan).astype(np.float64)
    beats = [beat for b in found if (beat := beat_shape.cut(signal, b.sample - block.start)) is not None]
    if len(beats) < FEWEST_BEATS:
        raise InputError(
            f"{len(beats)} whole beats in the recording: at least {FEWEST_BEATS} are needed; record longer"
        )
    return beats


def _columns(leads: Sequence[str], wanted: Sequence[str]) -> list[int]:
    return [list(leads).index(lead) for lead in wanted]


def _pieces(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same stretches in parts of `PIECE_S` at most: the drift of a long one would take thousands of cosines."""
    cut = []
    for first, last in stretches:
        parts = -(-(last - first) // round(PIECE_S * RATE))
        edges = np.linspace(first, last, parts + 1).round().astype(int).tolist()
        cut += list(pairwise(edges))
    return cut


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.diff(flags.astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))
