"""ProtoCentral OpenView frames: HealthyPi 5 (one lead) and the ADS1293 board (three).

`0A FA`, the payload's length in two bytes, a type, the payload, an optional `00`, `0B`; little-endian. There is
neither a checksum nor a counter: a frame is one of the few known pairs of type and length with its end in its place,
and what is lost is told by the clock alone. The first frame with samples says which board it is.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

from firmware_bridge.decoders.base import Ble, Corrupt, Decoded, Device, Runs, Serial
from firmware_bridge.decoders.clocked_count import ClockedCount

START = b"\x0a\xfa"
END, PAD = 0x0B, 0x00
HEAD = 5  # bytes: start, length, type
SLOWER = 0.005  # crystals are better; what is lost more slowly than this cannot be told from a slow clock
INSISTS = 3  # frames in turn with a pad byte, or without: the board does it this way
MAX_JUNK = 1024  # bytes: then they are told as lost, and not held any longer

# MAX30001 data sheet: mV = code x 1000 / (2^17 x gain). The codes come shifted by six bits, so 2^23; gain 160 V/V as
# ProtoCentral's firmware sets it.
HEALTHYPI = Device("HealthyPi 5", ("ECG",), 125.0, (1e6 / (160 * 2**23),))

# ADS1293 data sheet: code = (3.5 V / (2 x 2.4 V) + 1/2) x ADCmax, with ADCmax = 0xB964F0 for R2 = 5, R3 = 6, which is
# what ProtoCentral's library sets; its three channels are, by default, I, II and V1.
_ADC_MAX = 0xB964F0
ADS1293 = Device("ADS1293", ("CH1", "CH2", "CH3"), 128.0, (2 * 2.4e6 / 3.5 / _ADC_MAX,) * 3, zero=_ADC_MAX // 2)


@dataclass(frozen=True, slots=True)
class Layout:
    """What is in a payload."""

    device: Device | None  # None: nothing of an ECG
    codes: struct.Struct


_ADS1293 = Layout(ADS1293, struct.Struct("<3i"))
LAYOUTS = {  # by type and length
    (2, 22): Layout(HEALTHYPI, struct.Struct("<i")),
    (3, 50): Layout(HEALTHYPI, struct.Struct("<8i")),  # eight samples
    (4, 19): Layout(None, struct.Struct("")),  # HealthyPi's light: nothing for us
    (2, 14): _ADS1293,
    (2, 12): _ADS1293,  # without a heart rate
}
MAX_FRAME = HEAD + max(length for _, length in LAYOUTS) + 2  # bytes, also the most that is held of a frame


class OpenView:
    """Decoder: see the module."""

    link: ClassVar[Serial | Ble] = Serial(baud=115_200)
    source: ClassVar[str] = (
        "ProtoCentral OpenView 3: github.com/Protocentral/protocentral_openview, lib/protocol, lib/boards"
    )
    continues: ClassVar[bool] = True  # by the clock

    def __init__(self) -> None:
        self.taken = 0
        self.device: Device | None = None
        self._bytes = bytearray()  # begins where a frame may
        self._junk = 0
        self._padded: bool | None = None  # whether the board's frames have the pad byte: all of them, or none
        self._against = 0  # frames in turn that say otherwise: one of them may have lost a byte
        self._count: ClockedCount | None = None

    @property
    def held(self) -> int:
        return len(self._bytes) + self._junk

    def feed(self, data: bytes, at_ns: int, /) -> list[Decoded]:
        runs = Runs()
        self._bytes += data
        at, size = 0, len(self._bytes)
        while at < size:
            end = self._end(at)
            if end is None:
                break
            if end:
                self._close_junk(runs)
                self._frame(at, end, at_ns, runs)
                at = end
            else:
                after = self._bytes.find(START[0], at + 1)
                after = size if after < 0 else after
                self._skip(after - at, runs)
                at = after
        del self._bytes[:at]
        return runs.close()

    def flush(self) -> list[Decoded]:
        runs = Runs()
        self._junk += len(self._bytes)
        self._bytes.clear()
        self._close_junk(runs)
        if self._count is not None:
            self._count.flush(runs)
        return runs.close()

    def _end(self, at: int) -> int | None:
        """Where the frame that begins at `at` ends; 0 where none begins, None where too little has come to say."""
        data = self._bytes
        head = data[at : at + HEAD]
        if head[: len(START)] != START[: len(head)]:
            return 0
        if len(head) < HEAD:
            return None
        length = head[2] | head[3] << 8
        if (head[4], length) not in LAYOUTS:
            return 0
        end = at + HEAD + length
        tail = data[end : end + 2]
        if tail[:1] == bytes([PAD]):
            end, tail = end + 1, tail[1:]
        if not tail:
            return None
        return end + 1 if tail[0] == END else 0

    def _frame(self, at: int, end: int, at_ns: int, runs: Runs) -> None:
        length, kind = self._bytes[at + 2] | self._bytes[at + 3] << 8, self._bytes[at + 4]
        layout = LAYOUTS[kind, length]
        if not self._as_ever(end - at - HEAD - length == 2):
            runs.other(Corrupt(end - at))
            return
        if layout.device is not None:
            self.device = self.device or layout.device
            if layout.device is not self.device:  # two boards on one line cannot be
                runs.other(Corrupt(end - at))
                return
            self._samples(layout, layout.codes.unpack_from(self._bytes, at + HEAD), at_ns, runs)
        self.taken += end - at

    def _as_ever(self, padded: bool) -> bool:
        """Whether this frame ends as the board's frames do: one that lost a byte within ends a byte too soon."""
        if self._padded is None or self._against + 1 >= INSISTS:
            self._padded = padded
        self._against = 0 if padded is self._padded else self._against + 1
        return padded is self._padded

    def _samples(self, layout: Layout, codes: tuple[int, ...], at_ns: int, runs: Runs) -> None:
        assert layout.device is not None
        if self._count is None:
            self._count = ClockedCount(layout.device.rate, 1, SLOWER)
        width = len(layout.device.channels)
        self._count.packet(0, [codes[k : k + width] for k in range(0, len(codes), width)], at_ns, runs)

    def _skip(self, count: int, runs: Runs) -> None:
        self._junk += count
        while self._junk >= MAX_JUNK:
            runs.other(Corrupt(MAX_JUNK))
            self._junk -= MAX_JUNK

    def _close_junk(self, runs: Runs) -> None:
        if self._junk:
            runs.other(Corrupt(self._junk))
            self._junk = 0
