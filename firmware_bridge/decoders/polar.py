"""Polar H10 over BLE: one channel in microvolts, about 130 Hz, every frame with the time of its last sample.

The service for raw measurements (PMD) has a control point, which answers commands, and a characteristic for data; the
first byte tells their notifications apart. A frame is `00` for an ECG, eight bytes of nanoseconds since 2000-01-01, the
frame's type, and signed 24-bit codes, low byte first. Its times repeat, go backwards, and fall back to 2019 when the
strap has lost its clock: a time is believed where the host's clock does not rule it out.
"""

from __future__ import annotations

import struct
from typing import ClassVar

import numpy as np

from firmware_bridge.decoders.base import (
    Ble,
    Corrupt,
    Counts,
    Decoded,
    Device,
    Event,
    Happened,
    Sampled,
    Serial,
    Status,
)

SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
START = bytes.fromhex("02 00 00 01 82 00 01 01 0e 00")  # an ECG, 130 Hz, 14 bits
STOP = bytes.fromhex("03 00")

ECG, RAW = 0, 0  # kinds of measurement and of frame
HEAD = struct.Struct("<BQB")  # kind, ns since 2000 of the last sample, kind of frame
CODE = 3  # bytes
REPLY, STOPPED = 0xF0, 0x01
REPLY_SIZE = 4  # `F0`, command, kind, result
START_COMMAND = START[0]
ALREADY = 6
RESULTS = (
    "done",
    "unknown command",
    "unknown measurement",
    "not supported",
    "invalid length",
    "invalid parameter",
    "already in that state",
    "invalid resolution",
    "invalid sample rate",
    "invalid range",
    "the connection's MTU is too small",
    "invalid number of channels",
    "invalid state",
    "the device is in its charger",
)

RATE_HZ = 130.0  # nominal; one strap measured had 130.16
PERIOD_NS = 1e9 / RATE_HZ
OFF_NOMINAL = 0.01  # a period beyond this is no crystal's
LEARNS = 0.05  # a frame's part in the period's mean, at least: a minute forgets what was before
LEAST_LOST = 10  # samples: frames are lost whole, and are many times as long; less is a time that jitters
BUFFERED_S = 3.0  # the strap may have held a frame back so much longer than the one before


class PolarH10:
    """Decoder: see the module. Every `feed` is one whole notification, of either characteristic."""

    link: ClassVar[Serial | Ble] = Ble(
        service=SERVICE,
        notify=(CONTROL, DATA),
        write=CONTROL,
        start=(START,),
        stop=STOP,
        first_s=40.0,  # users wait half a minute for the first
    )
    source: ClassVar[str] = "PmdDataFrame, EcgData, TimeSystemExplained: github.com/polarofficial/polar-ble-sdk"
    continues: ClassVar[bool] = True  # by its own clock
    device = Device("Polar H10", ("ECG",), RATE_HZ, (1.0,))
    held = 0

    def __init__(self) -> None:
        self.taken = 0
        self._next = 0
        self._stamp_ns: int | None = None  # of the last sample
        self._payload = b""
        self._at_ns = 0
        self._period_ns = PERIOD_NS
        self._learnt = 0  # frames

    def feed(self, data: bytes, at_ns: int, /) -> list[Decoded]:
        if not data:
            return []
        out = self._notification(data, at_ns)
        self.taken += 0 if out and isinstance(out[0], Corrupt) else len(data)
        return out

    def flush(self) -> list[Decoded]:
        return []

    def _notification(self, data: bytes, at_ns: int) -> list[Decoded]:
        if data[0] == REPLY and len(data) >= REPLY_SIZE:
            return _reply(data[1], data[3])
        if data[0] == STOPPED and len(data) < HEAD.size:
            return [Event(Happened.STOPPED, self._next, "the strap has ended the measurement")]
        codes = len(data) - HEAD.size
        if codes <= 0 or codes % CODE:
            return [Corrupt(len(data))]
        kind, stamp_ns, frame = HEAD.unpack_from(data)
        if (kind, frame) != (ECG, RAW):
            return [Corrupt(len(data))]
        return [self._frame(stamp_ns, data[HEAD.size :], at_ns)]

    def _frame(self, stamp_ns: int, payload: bytes, at_ns: int) -> Sampled:
        counts = _microvolts(payload)
        if stamp_ns == self._stamp_ns and payload == self._payload:
            return Sampled(self._next - len(counts), counts)  # the same again, and whoever counts may see that
        first = self._next + self._missing(stamp_ns, len(counts), at_ns)
        self._next, self._stamp_ns, self._payload, self._at_ns = first + len(counts), stamp_ns, payload, at_ns
        return Sampled(first, counts)

    def _missing(self, stamp_ns: int, samples: int, at_ns: int) -> int:
        """How many samples were lost before these."""
        if self._stamp_ns is None:
            return 0
        passed = (at_ns - self._at_ns) / self._period_ns
        by_stamp = (stamp_ns - self._stamp_ns) / self._period_ns - samples
        believed = -samples <= by_stamp <= passed + BUFFERED_S * RATE_HZ
        if not believed:  # its clock was set, or lost
            by_clock = passed - samples
            return round(by_clock) if by_clock > BUFFERED_S * RATE_HZ else 0
        if by_stamp >= LEAST_LOST:
            return round(by_stamp)
        self._learn((stamp_ns - self._stamp_ns) / samples)
        return 0

    def _learn(self, period_ns: float) -> None:
        if abs(period_ns / PERIOD_NS - 1) < OFF_NOMINAL:
            self._learnt += 1
            self._period_ns += max(LEARNS, 1 / self._learnt) * (period_ns - self._period_ns)


def _microvolts(payload: bytes) -> Counts:
    codes = np.frombuffer(payload, np.uint8).reshape(-1, CODE).astype(np.int32)
    values = codes[:, 0] | codes[:, 1] << 8 | codes[:, 2] << 16
    return (values - ((values & 1 << 23) << 1))[:, None]


def _reply(command: int, result: int) -> list[Decoded]:
    text = RESULTS[result] if result < len(RESULTS) else f"result {result}"
    if command == START_COMMAND and result not in (0, ALREADY):
        return [Event(Happened.REFUSED, None, f"the strap does not start an ECG: {text}")]
    return [Status(f"command {command}: {text}")]
