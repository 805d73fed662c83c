"""An encoder of the wire from PROTOCOL.md's byte tables alone.

It shares no constant and no code with the product, nor its COBS and CRC-32, so that a mistake there cannot hide in
what it writes.
"""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]


def u(value: int, size: int) -> bytes:
    return bytes(value >> (8 * k) & 0xFF for k in range(size))


def s(value: int, size: int) -> bytes:
    return u(value + (1 << 8 * size) if value < 0 else value, size)


def crc32(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def cobs(data: bytes) -> bytes:
    """Cheshire and Baker 1999: split at zeros, each piece in blocks of at most 254 behind their length + 1."""
    pieces = data.split(b"\0")
    out = bytearray()
    for number, piece in enumerate(pieces):
        while len(piece) >= 254:
            out += b"\xff" + piece[:254]
            piece = piece[254:]
            if not piece and number == len(pieces) - 1:
                return bytes(out)
        out += bytes([len(piece) + 1]) + piece
    return bytes(out)


def serial(message: bytes) -> bytes:
    return cobs(message + u(crc32(message), 4)) + b"\0"


def identity(f: Fields) -> bytes:
    head = u(f["major"], 1) + u(f["minor"], 1) + u(f["device_id"], 8) + u(f["boot_id"], 4) + bytes(f["firmware"])
    tail = u(f["rate_mhz"], 4) + u(f["adc_bits"], 1) + u(f["channels"], 1) + u(f["capabilities"], 2)
    return b"\x01" + head + tail + f["name"].encode().ljust(16, b"\0")


def channel(f: Fields) -> bytes:
    return b"\x02" + u(f["index"], 1) + u(f["gain_pv_per_count"], 4) + b"".join(s(w, 1) for w in f["weights"])


def samples(f: Fields) -> bytes:
    head = u(f["index"], 4) + u(f["clock_us"], 8) + u(f["electrode_off"], 2)
    shape = u(len(f["counts"]), 1) + u(len(f["counts"][0]), 1)
    return b"\x03" + head + shape + b"".join(s(code, 3) for sample in f["counts"] for code in sample)


def status(f: Fields) -> bytes:
    head = u(f["clock_us"], 8) + u(f["index"], 4) + u(f["battery_percent"], 1) + u(f["battery_mv"], 2)
    return b"\x04" + head + u(f["electrode_off"], 2) + u(f["flags"], 1) + u(f["dropped"], 4)


def event(f: Fields) -> bytes:
    return b"\x05" + u(f["clock_us"], 8) + u(f["index"], 4) + u(f["kind"], 1)


def ack(f: Fields) -> bytes:
    return b"\x06" + u(f["command"], 1) + u(f["token"], 1) + u(f["result"], 1)


def hello(f: Fields) -> bytes:
    return b"\x80" + u(f["token"], 1) + u(f["major"], 1) + u(f["minor"], 1)


def start(f: Fields) -> bytes:
    return b"\x81" + u(f["token"], 1)


def stop(f: Fields) -> bytes:
    return b"\x82" + u(f["token"], 1)


def set_rate(f: Fields) -> bytes:
    return b"\x83" + u(f["token"], 1) + u(f["rate_mhz"], 4)


def resend(f: Fields) -> bytes:
    return b"\x84" + u(f["token"], 1) + u(f["first"], 4) + u(f["count"], 4)


ENCODERS = {
    "Identity": identity,
    "Channel": channel,
    "Samples": samples,
    "Status": status,
    "Event": event,
    "Ack": ack,
    "Hello": hello,
    "Start": start,
    "Stop": stop,
    "SetRate": set_rate,
    "Resend": resend,
}
