"""The median beat of a recording: what a cardiologist's ruler is laid on.

Beats are found once, on the true recording; the same beats, aligned the same way, are taken from every reconstruction
of it, so that a difference between two median beats is one of shape and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.bundle import RATE
from edge.leads import LEADS
from edge.rhythm import BeatDetector

BEFORE, AFTER = round(0.26 * RATE), round(0.66 * RATE)  # samples of a beat before and after R: P to T of a slow heart
LENGTH = BEFORE + AFTER
NEXT_P = round(0.24 * RATE)  # a beat ends this much before the next R
QRS = slice(BEFORE - round(0.10 * RATE), BEFORE + round(0.12 * RATE))
ALIKE = 0.90  # correlation of two beats' QRS over all leads: the same kind of beat
MAX_SHIFT = round(0.012 * RATE)  # samples: how far the detector's R may lie off its neighbours'
PR = slice(-round(0.090 * RATE), -round(0.066 * RATE))  # about R: the isoelectric line, before the onset is known
BEFORE_QRS = slice(-round(0.020 * RATE), -round(0.004 * RATE))  # about the QRS onset: the same, when it is
MIN_BEATS = 2

Signal = npt.NDArray[np.floating]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Beats:
    """The dominant beats of one recording."""

    at: Indices  # aligned samples, R of the first reference beat standing at BEFORE; beats that lie whole in the record
    length: int  # samples of the beat that hold no part of the next
    found: int  # beats of any kind

    @property
    def enough(self) -> bool:
        return len(self.at) >= MIN_BEATS


def find(mv: Signal) -> Beats:
    """The dominant beats of a true recording (n x 12, mV at 500 Hz, baseline-filtered)."""
    detector = BeatDetector(RATE)
    block = Block(0, RATE, LEADS, mv.astype(np.float32, copy=False), np.isfinite(mv))
    peaks = np.array([beat.sample for beat in detector.push(block) + detector.flush()], np.int64)
    rr = float(np.median(np.diff(peaks))) if len(peaks) > 1 else float(LENGTH)
    length = int(np.clip(BEFORE + rr - NEXT_P, QRS.stop + 40, LENGTH))
    room = BEFORE + MAX_SHIFT
    whole = peaks[(peaks >= room) & (peaks + length - BEFORE + MAX_SHIFT <= len(mv))]
    if len(whole) < MIN_BEATS:
        return Beats(whole, length, len(peaks))
    return Beats(_dominant(mv, whole), length, len(peaks))


def _dominant(mv: Signal, peaks: Indices) -> Indices:
    """Those like the beat that most others are like, each moved to where it matches that one best."""
    shifts = np.arange(-MAX_SHIFT, MAX_SHIFT + 1)
    span = np.arange(QRS.start - BEFORE, QRS.stop - BEFORE)
    cut = mv[peaks[:, None, None] + shifts[None, :, None] + span]  # beats x shifts x samples x 12
    cut = (cut - cut.mean(2, keepdims=True)).reshape(len(peaks), len(shifts), -1)
    cut /= np.linalg.norm(cut, axis=2, keepdims=True) + 1e-9
    here = cut[:, MAX_SHIFT]
    likeness = np.einsum("bsk,ck->cbs", cut, here)  # of beat b, moved by s, to beat c
    best = likeness.max(2)
    model = int((best >= ALIKE).sum(1).argmax())
    alike = best[model] >= ALIKE
    moved: Indices = (peaks + shifts[likeness[model].argmax(1)])[alike]
    return moved


def isoelectric(mv: Signal, beats: Beats, onset: int | None = None) -> Signal:
    """`mv` with every lead's PR level as its zero: straight from one beat's PR segment to the next (n x 12).

    onset: of QRS in the median beat, where it is known already.
    """
    about = PR if onset is None else slice(onset - BEFORE + BEFORE_QRS.start, onset - BEFORE + BEFORE_QRS.stop)
    span = np.arange(about.start, about.stop)
    levels = mv[beats.at[:, None] + span].mean(1)
    middle = beats.at + span.mean()
    time = np.arange(len(mv))
    line = np.stack([np.interp(time, middle, level) for level in levels.T], 1)
    level: Signal = (mv - line).astype(np.float32)
    return level


def median(mv: Signal, beats: Beats) -> npt.NDArray[np.float32]:
    """The median beat (LENGTH x 12, mV); what lies beyond `beats.length` is held level."""
    cut = mv[beats.at[:, None] + np.arange(-BEFORE, beats.length - BEFORE)]
    beat = np.median(cut, axis=0)
    held = np.repeat(beat[-1:], LENGTH - beats.length, axis=0)
    return np.concatenate([beat, held]).astype(np.float32)
