"""Messages on a serial line: CRC-32 behind, COBS around, a zero byte between."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from cobs import cobs

from firmware_bridge.messages import MAX_MESSAGE, Malformed, Message, Unknown, decode, encode

CRC_BYTES = 4
MAX_FRAME = MAX_MESSAGE + CRC_BYTES + 1  # COBS adds one byte in 254; the closing zero is not counted
DELIMITER = b"\0"


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Bytes between two delimiters that were no frame."""

    bytes_lost: int


def frame(message: Message) -> bytes:
    """The bytes that carry `message` on a serial line, closing zero included."""
    data = encode(message)
    return bytes(cobs.encode(data + zlib.crc32(data).to_bytes(CRC_BYTES, "little"))) + DELIMITER


class SerialDecoder:
    """Bytes as they come, in any pieces; messages out. Never raises, holds at most one frame.

    What comes before the first delimiter may be half a frame: it is no corruption, unless it is longer than any frame.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._overflow = 0  # bytes thrown away of a frame that got too long
        self._synchronised = False  # what comes before the first delimiter may be half a frame

    @property
    def held(self) -> int:
        """Bytes of a frame that is not whole yet, or too long to be one."""
        return len(self._held) + self._overflow

    def feed(self, chunk: bytes) -> list[Message | Unknown | Malformed | Corrupt]:
        out: list[Message | Unknown | Malformed | Corrupt] = []
        pieces = chunk.split(DELIMITER)
        for piece in pieces[:-1]:
            self._take(piece)
            out.extend(self._close())
        self._take(pieces[-1])
        return out

    def _take(self, piece: bytes) -> None:
        room = MAX_FRAME - len(self._held)
        if self._overflow or len(piece) > room:
            self._overflow += len(self._held) + len(piece)
            self._held.clear()
        else:
            self._held += piece

    def _close(self) -> list[Message | Unknown | Malformed | Corrupt]:
        data, overflow = bytes(self._held), self._overflow
        self._held.clear()
        self._overflow = 0
        first, self._synchronised = not self._synchronised, True
        if overflow:
            return [Corrupt(overflow)]
        if not data:
            return []  # a delimiter more does no harm: a sender may open with one
        message = _unframe(data)
        if message is None:
            return [] if first else [Corrupt(len(data))]
        return [message]


def _unframe(data: bytes) -> Message | Unknown | Malformed | None:
    try:
        plain = cobs.decode(data)
    except cobs.DecodeError:
        return None
    body, crc = plain[:-CRC_BYTES], plain[-CRC_BYTES:]
    if not body or zlib.crc32(body).to_bytes(CRC_BYTES, "little") != crc:
        return None
    return decode(body)


class NotificationDecoder:
    """BLE: every notification is one message; the link has its own check."""

    def feed(self, notification: bytes) -> list[Message | Unknown | Malformed | Corrupt]:
        return [decode(notification)]
