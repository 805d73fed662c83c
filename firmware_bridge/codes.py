"""A sample's 24-bit code."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NO_VALUE = -(1 << 23)  # the code of a sample the patch does not have


def full_scale(adc_bits: int) -> int:
    """The code from which on, either way, a channel is saturated.

    The lowest code of two's complement is left out: in 24 bits it is NO_VALUE.
    """
    return (1 << (adc_bits - 1)) - 1


def pack24(counts: npt.NDArray[np.int32]) -> bytes:
    """Little-endian 24-bit two's complement, samples in turn, channels within.

    Beyond 24 bits is clipped to `full_scale(24)`; only NO_VALUE itself is sent as NO_VALUE.
    """
    top = full_scale(24)
    clipped = np.where(counts == NO_VALUE, NO_VALUE, np.clip(counts, -top, top)).astype("<i4")
    return clipped.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


def unpack24(data: bytes) -> npt.NDArray[np.int32]:
    raw = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
    value = raw[:, 0] | (raw[:, 1] << 8) | (raw[:, 2] << 16)
    return (value ^ (1 << 23)) - (1 << 23)
