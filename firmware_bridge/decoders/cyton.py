"""OpenBCI Cyton: eight channels of 24 bits at 250 Hz, a one-byte counter, no checksum.

A packet is `A0`, the counter, eight signed 24-bit codes with the highest byte first, six bytes of something else, and
`C0` to `C6`. Any of these bytes may stand in the data as well, so out of step three packets in a row must agree, each
with the next counter. To commands the board answers in text that ends in `$$$`.
"""

from __future__ import annotations

from typing import ClassVar

from firmware_bridge.decoders.base import Ble, Corrupt, Decoded, Device, Runs, Serial, Status
from firmware_bridge.decoders.clocked_count import ClockedCount

HEADER = 0xA0
FOOTERS = range(0xC0, 0xC7)
PACKET = 33  # bytes
CHANNELS = 8
CONFIRM = 3  # packets: two counters that go on by chance come once in 65,536 tries
COUNTER = 256
RATE_HZ = 250.0
REFERENCE_V, GAIN, FULL_SCALE = 4.5, 24, (1 << 23) - 1  # V a count = 4.5 / gain / (2^23 - 1)
SLOWER = 0.03  # ADS1299, internal oscillator: 2.5 % over its temperatures
READY = b"$$$"
MAX_JUNK = 1024  # bytes: longer than any text of the board's


class Cyton:
    """Decoder: see the module."""

    link: ClassVar[Serial | Ble] = Serial(115_200, (b"s", b"v", b"c", b"b"), b"s")  # stop, reset, no Daisy, begin
    source: ClassVar[str] = (
        "OpenBCI documentation, Cyton Data Format and Cyton Board SDK: github.com/OpenBCI/Documentation"
    )
    continues: ClassVar[bool] = False  # a reset begins the counter anew
    device = Device(
        "OpenBCI Cyton",
        tuple(str(k + 1) for k in range(CHANNELS)),
        RATE_HZ,
        (REFERENCE_V * 1e6 / GAIN / FULL_SCALE,) * CHANNELS,
        rail=FULL_SCALE,
    )

    def __init__(self) -> None:
        self.taken = 0
        self._bytes = bytearray()  # not yet looked at, or not yet decided
        self._junk = bytearray()  # before them: text, or nothing
        self._in_step = False
        self._counter: int | None = None
        self._count = ClockedCount(RATE_HZ, COUNTER, SLOWER)

    @property
    def held(self) -> int:
        return len(self._bytes) + len(self._junk)

    def feed(self, data: bytes, at_ns: int, /) -> list[Decoded]:
        runs = Runs()
        self._bytes += data
        at = 0
        while at < len(self._bytes):
            begins = self._begins(at, 1 if self._in_step else CONFIRM)
            if begins is None:
                break
            if begins:
                self._in_step = True
                self._close_junk(runs)
                self._packet(at, at_ns, runs)
                at += PACKET
            elif self._in_step:
                self._in_step = False  # look again, and ask for more
            else:
                after = self._bytes.find(HEADER, at + 1)
                after = len(self._bytes) if after < 0 else after
                self._junk += self._bytes[at:after]
                at = after
                self._read_junk(runs)
        del self._bytes[:at]
        return runs.close()

    def flush(self) -> list[Decoded]:
        runs = Runs()
        self._junk += self._bytes
        self._bytes.clear()
        self._close_junk(runs)
        self._count.flush(runs)
        return runs.close()

    def _begins(self, at: int, packets: int) -> bool | None:
        """Whether `packets` in a row begin at `at`; None where too little has come to say no."""
        data, size = self._bytes, len(self._bytes)
        for k in range(packets):
            start = at + k * PACKET
            if start < size and data[start] != HEADER:
                return False
            if k and start + 1 < size and data[start + 1] != (data[start + 1 - PACKET] + 1) % COUNTER:
                return False
            if start + PACKET <= size and data[start + PACKET - 1] not in FOOTERS:
                return False
        return True if at + packets * PACKET <= size else None

    def _packet(self, at: int, at_ns: int, runs: Runs) -> None:
        data = bytes(self._bytes[at : at + PACKET])
        counter = data[1]
        missing = 0 if self._counter is None else (counter - self._counter - 1) % COUNTER
        row = [int.from_bytes(data[k : k + 3], "big", signed=True) for k in range(2, 2 + 3 * CHANNELS, 3)]
        if self._count.packet(missing, (row,), at_ns, runs):
            self._counter = counter
            self.taken += PACKET
        else:
            runs.other(Corrupt(PACKET))

    def _read_junk(self, runs: Runs) -> None:
        """What is text in the junk, and what is too long to be."""
        while True:
            end = self._junk.find(READY) + len(READY)
            if len(READY) <= end <= MAX_JUNK:
                self._close_junk(runs, end)
            elif len(self._junk) >= MAX_JUNK:
                self._close_junk(runs, MAX_JUNK)
            else:
                return

    def _close_junk(self, runs: Runs, size: int | None = None) -> None:
        """The first `size` bytes of the junk, or all of it, are told as what they are."""
        junk = bytes(self._junk[:size])
        del self._junk[:size]
        if junk.endswith(READY) and junk.isascii():
            text = junk.removesuffix(READY).decode("ascii")
            runs.other(Status("".join(c if c.isprintable() else " " for c in text).strip()))
            self.taken += len(junk)
        elif junk:
            runs.other(Corrupt(len(junk)))
