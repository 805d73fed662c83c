"""Windows as a live run cuts them: filtered leads of a heart, masks and all."""

from __future__ import annotations

import numpy as np

from edge.bundle import RATE, Bundle
from edge.engines import Array
from edge.leads import LEAD
from edge.pipeline import Pipeline
from edge.synthetic import synthesise
from edge.timeline import Chunk

PATCH = ("II", "V1", "V5")
RHYTHM = "pvc"  # beats of two kinds
SIGNAL_S = 20.0
NOISE_UV = 1.5  # rms, as a good amplifier has it


class _Listener:
    """Engine: keeps what it is asked, and answers nothing of worth."""

    name = "listener"

    def __init__(self, bundle: Bundle) -> None:
        self.heard: list[Array] = []
        self._answer = tuple(np.zeros((channels, bundle.window), np.float32) for channels in (8, 8, bundle.basis))

    def infer(self, x: Array) -> tuple[Array, ...]:
        self.heard.append(x.copy())
        return self._answer


def inputs(bundle: Bundle) -> list[Array]:
    """What the network is given in 20 s of a patch's three leads, one window a second (24 x window each)."""
    listener = _Listener(bundle)
    mv = synthesise(RHYTHM, SIGNAL_S, RATE, noise_uv=NOISE_UV).mv[:, [LEAD[name] for name in PATCH]]
    pipeline = Pipeline(PATCH, RATE, bundle=bundle, engine=listener)
    pipeline.push(Chunk(0, np.ascontiguousarray(mv)))
    pipeline.flush()
    return listener.heard
