"""Other makers' bytes, written from their published formats; shares no constant with the decoders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def cyton_packet(counter: int, codes: Sequence[int], *, aux: bytes = bytes(6), footer: int = 0xC0) -> bytes:
    """Header A0, counter, eight 24-bit codes with the highest byte first, six bytes, footer."""
    data = b"".join((int(code) & 0xFFFFFF).to_bytes(3, "big") for code in codes)
    return bytes([0xA0, counter % 256]) + data + aux + bytes([footer])


def openview_frame(kind: int, payload: bytes, *, padded: bool = True) -> bytes:
    """0A FA, length, type, payload, 00 where `padded`, 0B."""
    return b"\x0a\xfa" + len(payload).to_bytes(2, "little") + bytes([kind]) + payload + b"\0" * padded + b"\x0b"


def _i32(value: int) -> bytes:
    return int(value).to_bytes(4, "little", signed=True)


def healthypi_single(ecg: int, *, padded: bool = True) -> bytes:
    """Type 2: ECG, BioZ, skip, red, infrared, temperature in hundredths, SpO2, heart rate, respiration rate."""
    rest = _i32(-77) + b"\0" + _i32(150_000) + _i32(140_000) + (3650).to_bytes(2, "little") + bytes([98, 72, 14])
    return openview_frame(2, _i32(ecg) + rest, padded=padded)


def healthypi_batch(ecg: Sequence[int], *, padded: bool = True) -> bytes:
    """Type 3: eight of the ECG, four of respiration, heart rate, respiration rate."""
    respiration = b"".join(_i32(k) for k in range(4))
    return openview_frame(3, b"".join(_i32(code) for code in ecg) + respiration + bytes([72, 14]), padded=padded)


def ads1293(codes: Sequence[int], *, padded: bool = True) -> bytes:
    """Type 2: three channels, heart rate in two bytes."""
    return openview_frame(2, b"".join(_i32(code) for code in codes) + b"\x48\0", padded=padded)


def polar_frame(last_sample_ns: int, microvolts: Sequence[int]) -> bytes:
    """Kind 00, the last sample's time in ns since 2000 in eight bytes, frame type 00, three bytes a sample."""
    codes = b"".join((int(value) & 0xFFFFFF).to_bytes(3, "little") for value in microvolts)
    return b"\0" + (last_sample_ns % 2**64).to_bytes(8, "little") + b"\0" + codes


def polar_frames(microvolts: npt.NDArray[np.int64], rate: float, first_ns: int, a_frame: int = 73) -> list[bytes]:
    """A strap's notifications for a signal; what is left over for a whole frame is not sent."""
    frames = []
    for start in range(0, len(microvolts) - a_frame + 1, a_frame):
        last = start + a_frame - 1
        frames.append(polar_frame(first_ns + round(last / rate * 1e9), microvolts[start : last + 1].tolist()))
    return frames
