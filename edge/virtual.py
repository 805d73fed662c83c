"""A virtual patch that wears given leads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.blocks import Block, Signal
from edge.dsp.resample import Resample
from edge.leads import electrode_weights
from firmware_bridge.messages import WEIGHT_UNIT, Channel
from firmware_bridge.patch import GAIN_PV_PER_COUNT, VirtualPatch
from firmware_bridge.source import Recorded


def channels_of(leads: Sequence[str], gain_pv_per_count: int = GAIN_PV_PER_COUNT) -> list[Channel]:
    """What a patch says of channels that are the standard leads `leads`."""
    weights = [np.rint(WEIGHT_UNIT * electrode_weights(lead)).astype(int) for lead in leads]
    return [Channel(k, gain_pv_per_count, tuple(w.tolist())) for k, w in enumerate(weights)]


def virtual_patch(
    mv: Signal,
    rate: float,
    leads: Sequence[str],
    *,
    sent_rate: float | None = None,
    loop: bool = False,
    seconds: float | None = None,
    boot_id: int = 1,
    name: str = "virtual patch",
    samples_per_message: int | None = None,
    ring_s: float = 0.0,
) -> VirtualPatch:
    """A patch whose channels are `leads` (names), sampling `mv` (n x leads, mV, NaN where missing) of `rate` Hz.

    It samples at `sent_rate` (Hz), by default at `rate`, and at any other that its host sets. It holds `ring_s` seconds
    for a host that asks for what got lost.
    """

    def at(rate_mhz: int) -> Signal:
        return resampled(mv, rate, rate_mhz / 1000)

    rate_mhz = round(1000 * (sent_rate or rate))
    source = Recorded(at(rate_mhz), rate_mhz, loop=loop, seconds=seconds, resample=at)
    return VirtualPatch(
        source,
        channels_of(leads),
        names=leads,
        boot_id=boot_id,
        name=name,
        samples_per_message=samples_per_message,
        ring_s=ring_s,
    )


def resampled(mv: Signal, rate: float, to: float) -> Signal:
    """`mv` (n x leads, mV, NaN where missing) at another rate (Hz)."""
    if round(rate * 1000) == round(to * 1000):
        return mv
    stage = Resample(rate, to)
    names = tuple(str(k) for k in range(mv.shape[1]))
    parts = stage.push(Block(0, rate, names, mv, np.isfinite(mv))) + stage.flush()
    return np.concatenate([part.mv for part in parts]) if parts else mv[:0]
