"""Hearts of several people for tests of enrolment: dipoles in chests of their own, from a seed."""

from __future__ import annotations

import numpy as np

from edge.leads import INDEPENDENT, TWELVE_FROM_EIGHT

RATE = 500


def person(seed, seconds=10.0, *, noise_uv=5.0, start=0):
    """Twelve leads (n x 12, mV, 500 Hz) of the person `seed`; `start` gives other beats and noise of the same one."""
    chest = np.random.default_rng(seed)
    now = np.random.default_rng((seed, start))
    waves = {"P": (-0.16, 0.025, 0.12), "Q": (-0.03, 0.010, -0.15), "R": (0.0, 0.011, 1.0), "S": (0.03, 0.012, -0.3)}
    waves |= {"T": (0.26, 0.050, 0.28)}
    fields = {name: chest.normal([0.6, 0.9, -0.5, 0.3, 0.8, 1.0, 0.9, 0.7], 0.35) for name in waves}
    n = round(seconds * RATE)
    t = np.arange(n) / RATE
    eight = np.zeros((n, len(INDEPENDENT)))
    rr = 0.7 + 0.3 * chest.random()
    at = 0.35
    while at < seconds + 1:
        for name, (delay, width, size) in waves.items():
            eight += size * np.exp(-(((t - at - delay) / width) ** 2) / 2)[:, None] * fields[name]
        at += rr * (1 + 0.02 * now.normal())
    eight += 1e-3 * noise_uv * now.normal(size=eight.shape)
    return (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)
