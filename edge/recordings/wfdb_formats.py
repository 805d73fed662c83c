"""Bytes of a WFDB signal file to counts: signal(5)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

# The count that stands for a sample which is not there. Format 8 holds differences and has none.
INVALID = {
    **dict.fromkeys((80,), -(1 << 7)),
    **dict.fromkeys((310, 311), -(1 << 9)),
    212: -(1 << 11),
    **dict.fromkeys((16, 61, 160), -(1 << 15)),
    24: -(1 << 23),
    32: -(1 << 31),
}


def bytes_of(form: int, samples: int) -> int:
    """How many bytes `samples` take in format `form`, to the last one that is needed."""
    if form == 212:
        return (3 * samples + 1) // 2
    if form == 310:  # three samples in two 16-bit words; the third needs both
        return samples // 3 * 4 + (0, 2, 4)[samples % 3]
    if form == 311:  # three samples in one 32-bit word
        return samples // 3 * 4 + (0, 2, 3)[samples % 3]
    return samples * {8: 1, 80: 1, 16: 2, 61: 2, 160: 2, 24: 3, 32: 4}[form]


def samples_in(form: int, size: int) -> int:
    """How many samples `size` bytes hold."""
    samples = size * 2 // 3 if form == 212 else size * 3 // 4 if form in (310, 311) else size // bytes_of(form, 1)
    while bytes_of(form, samples) > size:
        samples -= 1
    return samples


def decode(form: int, raw: Bytes, samples: int) -> Counts:
    """The first `samples` counts in `raw`; format 8 gives differences."""
    return _DECODERS[form](raw, samples)


def _plain(dtype: str, offset: int = 0) -> Callable[[Bytes, int], Counts]:
    def decoder(raw: Bytes, samples: int) -> Counts:
        return raw[: samples * np.dtype(dtype).itemsize].view(dtype)[:samples].astype(np.int32) - np.int32(offset)

    return decoder


def _24(raw: Bytes, samples: int) -> Counts:
    words = np.zeros((samples, 4), np.uint8)
    words[:, 1:] = raw[: 3 * samples].reshape(samples, 3)
    return words.view("<i4")[:, 0].astype(np.int32) >> 8


def _212(raw: Bytes, samples: int) -> Counts:
    low, both, high = _grouped(raw, samples, samples_each=2, bytes_each=3)
    return _interleaved(samples, 12, low | (both & 0x0F) << 8, high | (both & 0xF0) << 4)


def _310(raw: Bytes, samples: int) -> Counts:
    a, b, c, d = _grouped(raw, samples, samples_each=3, bytes_each=4)
    return _interleaved(samples, 10, a >> 1 | (b & 7) << 7, c >> 1 | (d & 7) << 7, b >> 3 | (d >> 3) << 5)


def _311(raw: Bytes, samples: int) -> Counts:
    a, b, c, d = _grouped(raw, samples, samples_each=3, bytes_each=4)
    return _interleaved(samples, 10, a | (b & 3) << 8, b >> 2 | (c & 0x0F) << 6, c >> 4 | (d & 0x3F) << 4)


def _grouped(raw: Bytes, samples: int, *, samples_each: int, bytes_each: int) -> Counts:
    """The bytes of all groups by their place in the group (bytes_each x groups); the last group filled with 0."""
    size = -(-samples // samples_each) * bytes_each
    padded = np.zeros(size, np.uint8)
    padded[: min(size, len(raw))] = raw[:size]
    return padded.reshape(-1, bytes_each).T.astype(np.int32)


def _interleaved(samples: int, bits: int, *parts: Counts) -> Counts:
    counts = np.stack(parts, axis=1).reshape(-1)[:samples]
    counts[counts >= 1 << (bits - 1)] -= 1 << bits  # two's complement
    return counts


_DECODERS: dict[int, Callable[[Bytes, int], Counts]] = {
    8: _plain("i1"),
    16: _plain("<i2"),
    24: _24,
    32: _plain("<i4"),
    61: _plain(">i2"),
    80: _plain("u1", 128),
    160: _plain("<u2", 32768),
    212: _212,
    310: _310,
    311: _311,
}
FORMATS = tuple(sorted(_DECODERS))
