"""Writes firmware_bridge/vectors/*.json: `python tests/firmware_bridge/make_vectors.py`.

The bytes are those of an encoder that knows nothing of the product's.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from independent_encoder import ENCODERS, Fields, cobs, crc32, serial, u

VECTORS = Path(__file__).parents[2] / "firmware_bridge" / "vectors"

U64, U32, U16, U8 = 2**64 - 1, 2**32 - 1, 2**16 - 1, 2**8 - 1
TOP, BOTTOM, NOTHING = 0x7FFFFF, -0x7FFFFF, -0x800000


PATCH = {
    "major": 1,
    "minor": 0,
    "device_id": 0x0123456789ABCDEF,
    "boot_id": 0xDEADBEEF,
    "firmware": [2, 0, 17],
    "rate_mhz": 500_000,
    "adc_bits": 24,
    "channels": 3,
    "capabilities": 7,
    "name": "patch 7",
}
ZEROS = (
    PATCH | dict.fromkeys(("minor", "device_id", "boot_id", "capabilities"), 0) | {"name": "", "firmware": [0, 0, 0]}
)
ONES = {"major": U8, "minor": U8, "device_id": U64, "boot_id": U32, "firmware": [U8, U8, U8], "rate_mhz": U32}
ONES |= {"adc_bits": U8, "channels": U8, "capabilities": U16, "name": "sixteen bytes:é"}


def row(**weights: int) -> list[int]:
    return [weights.get(name, 0) for name in ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")]


def measures(index: int, weights: list[int], gain: int = 47_684) -> Fields:
    return {"index": index, "gain_pv_per_count": gain, "weights": weights}


def some(counts: list[list[int]], index: int = 1000, clock_us: int = 2_000_000, electrode_off: int = 0) -> Fields:
    return {"index": index, "clock_us": clock_us, "electrode_off": electrode_off, "counts": counts}


def many(count: int, channels: int) -> list[list[int]]:
    rng = random.Random(f"{count} {channels}")
    return [[rng.randint(BOTTOM, TOP) for _ in range(channels)] for _ in range(count)]


BATTERY = {"clock_us": 3_000_000, "index": 1500, "battery_percent": 87, "battery_mv": 3912}
STATUS = BATTERY | {"electrode_off": 0, "flags": 1, "dropped": 0}

MESSAGES: list[tuple[str, str, Fields]] = [
    ("a patch of three channels at 500 Hz", "Identity", PATCH),
    ("nothing but zeros where zeros are allowed", "Identity", ZEROS),
    ("every field at its highest, the name full and not ASCII", "Identity", ONES),
    ("lead I: LA - RA", "Channel", measures(0, row(RA=-12, LA=12))),
    ("lead II: LL - RA", "Channel", measures(1, row(RA=-12, LL=12))),
    ("aVR: RA - (LA + LL)/2", "Channel", measures(2, row(RA=12, LA=-6, LL=-6))),
    ("V1 against Wilson's terminal", "Channel", measures(3, row(RA=-4, LA=-4, LL=-4, V1=12))),
    ("bipolar chest lead: V5 - V1", "Channel", measures(4, row(V5=12, V1=-12), gain=152_588)),
    ("highest and lowest weight and gain", "Channel", measures(U8, [127, -128, 0, 127, -128, 0, 1, -1, 0], gain=U32)),
    ("one sample of one channel, all zero", "Samples", some([[0]], index=0, clock_us=0)),
    ("one count up, one down, in two channels", "Samples", some([[1, -1], [-1, 1]])),
    ("full scale either way, and a sample the patch does not have", "Samples", some([[TOP, BOTTOM, NOTHING]])),
    ("twelve channels, one sample: what must fit MTU 64", "Samples", some(many(1, 12))),
    ("three channels, four samples: all that fits MTU 64", "Samples", some(many(4, 3))),
    ("three channels, 25 samples: the longest message", "Samples", some(many(25, 3))),
    ("75 samples of one channel: the longest message", "Samples", some(many(75, 1))),
    ("the last index before it wraps", "Samples", some([[5], [6]], index=U32, clock_us=8_589_934_590_000)),
    ("the clock at its highest", "Samples", some([[5]], clock_us=U64)),
    ("V1 and RL off", "Samples", some([[5]], electrode_off=1 << 3 | 1 << 9)),
    ("every electrode off, bits to come included", "Samples", some([[NOTHING]], electrode_off=U16)),
    ("streaming, 87 %", "Status", STATUS),
    ("charging, battery unknown, V6 off, 40 lost", "Status", STATUS | {"battery_percent": 255, "battery_mv": 0}
     | {"electrode_off": 1 << 8, "flags": 3, "dropped": 40}),
    ("every field at its highest", "Status", {"clock_us": U64, "index": U32, "battery_percent": U8, "battery_mv": U16,
                                              "electrode_off": U16, "flags": U8, "dropped": U32}),
    ("the button", "Event", {"clock_us": 3_141_592, "index": 1570, "kind": 1}),
    ("a kind to come", "Event", {"clock_us": U64, "index": U32, "kind": U8}),
    ("Start is done", "Ack", {"command": 0x81, "token": 9, "result": 0}),
    ("a command that is unknown", "Ack", {"command": 0xFE, "token": 255, "result": 1}),
    ("a rate that is no rate", "Ack", {"command": 0x83, "token": 0, "result": 2}),
    ("samples no longer held", "Ack", {"command": 0x84, "token": 128, "result": 3}),
    ("first word of a host", "Hello", {"token": 1, "major": 1, "minor": 0}),
    ("a host to come", "Hello", {"token": 255, "major": 2, "minor": 9}),
    ("token 0", "Start", {"token": 0}),
    ("token 200", "Stop", {"token": 200}),
    ("250 Hz", "SetRate", {"token": 3, "rate_mhz": 250_000}),
    ("the highest number", "SetRate", {"token": 3, "rate_mhz": U32}),
    ("ten samples", "Resend", {"token": 4, "first": 990, "count": 10}),
    ("a range across the wrap", "Resend", {"token": 4, "first": U32 - 4, "count": 10}),
]  # fmt: skip


def messages() -> list[Fields]:
    """Asserted both ways: fields to bytes and bytes to fields."""
    out = []
    for name, kind, fields in MESSAGES:
        data = ENCODERS[kind](fields)
        out.append({"name": name, "type": kind, "fields": fields, "hex": data.hex(), "serial": serial(data).hex()})
    return out


def received() -> list[Fields]:
    """Asserted one way: what a receiver must make of bytes no 1.0 sender writes."""
    out = []

    def add(name: str, data: bytes, kind: str, fields: Fields) -> None:
        out.append({"name": name, "type": kind, "fields": fields, "hex": data.hex(), "serial": serial(data).hex()})

    def longer(kind: str, fields: Fields) -> None:
        data = ENCODERS[kind](fields) + bytes([0, 1, 2, 0xFF])
        add(f"{kind} with four bytes of a later minor version", data, kind, fields)

    def malformed(name: str, data: bytes) -> None:
        add(name, data, "Malformed", {"type": data[0], "bytes_lost": len(data)})

    longer("Identity", PATCH | {"minor": 9})
    longer("Channel", measures(1, row(RA=-12, LL=12)))
    longer("Samples", some([[1, 2], [3, 4]]))
    longer("Status", STATUS)
    longer("Resend", {"token": 4, "first": 990, "count": 10})
    longer("Start", {"token": 7})
    for kind in (0x00, 0x07, 0x7F, 0x85, 0xFF):
        add(f"unknown type 0x{kind:02X}", bytes([kind, 1, 0, 2]), "Unknown", {"type": kind, "body": "010002"})
    add("unknown type without a body", b"\x40", "Unknown", {"type": 0x40, "body": ""})
    cut = ENCODERS["Identity"](PATCH)
    add("a name ends at its first zero", cut[:26] + b"ab\0cd".ljust(16, b"\0"), "Identity", PATCH | {"name": "ab"})
    seen: set[str] = set()
    for _, kind, fields in MESSAGES:
        if kind not in seen:
            seen.add(kind)
            data = ENCODERS[kind](fields)
            malformed(f"{kind} without its last byte", data[:-1])
            malformed(f"{kind} of a type byte alone", data[:1])
    head = ENCODERS["Samples"](some([[0]]))[:15]
    malformed("samples of no sample", head + bytes([0, 3]))
    malformed("samples of no channel", head + bytes([3, 0]))
    malformed("samples of thirteen channels", head + bytes([1, 13]) + bytes(39))
    malformed("samples that promise more than there is", head + bytes([255, 12]) + bytes(36))
    return out


def streams() -> list[Fields]:
    """Bytes on a serial line and what a new receiver must say: "message HEX", "corrupt N" (bytes lost), in turn."""
    a = ENCODERS["Start"]({"token": 1})
    b = ENCODERS["Samples"](some(many(25, 3)))
    first, second = f"message {a.hex()}", f"message {b.hex()}"
    whole = serial(b)
    flipped = whole[:50] + bytes([whole[50] ^ 1]) + whole[51:]
    wrong_crc = cobs(a + u(crc32(a) ^ 0x80000000, 4)) + b"\0"
    only_crc = cobs(u(crc32(b""), 4)) + b"\0"
    limit = ENCODERS["Start"]({"token": 1}) + bytes([7]) * 242  # 244 bytes
    beyond = limit + bytes([7])  # a byte more
    lost = len(whole) - 1
    cases: list[tuple[str, bytes, list[str]]] = [
        ("two frames", serial(a) + whole, [first, second]),
        ("an opening delimiter", b"\0" + serial(a), [first]),
        ("delimiters in a row", b"\0\0\0" + serial(a) + b"\0\0" + whole, [first, second]),
        ("half a frame first is no corruption", whole[40:] + serial(a), [first]),
        ("a flipped bit", b"\0" + flipped + serial(a), [f"corrupt {lost}", first]),
        ("a wrong CRC", b"\0" + wrong_crc + serial(a), [f"corrupt {len(wrong_crc) - 1}", first]),
        ("a wrong CRC first is taken for half a frame", wrong_crc + serial(a), [first]),
        ("half a frame within", serial(a) + whole[:40] + b"\0" + whole, [first, "corrupt 40", second]),
        ("a lost delimiter", b"\0" + serial(a)[:-1] + serial(a), [f"corrupt {2 * len(serial(a)) - 2}"]),
        ("a CRC of nothing", b"\0" + only_crc, [f"corrupt {len(only_crc) - 1}"]),
        ("the longest message", serial(limit), [f"message {limit.hex()}"]),
        ("a byte too long", b"\0" + serial(beyond) + serial(a), [f"corrupt {len(serial(beyond)) - 1}", first]),
        ("far too long, even first", bytes([9]) * 5000 + b"\0" + serial(a), ["corrupt 5000", first]),
        ("the end is still open", serial(a) + whole[:-1], [first]),
    ]
    return [{"name": name, "hex": data.hex(), "says": says} for name, data, says in cases]


def blocks() -> list[Fields]:
    """COBS alone, around its 254-byte blocks, which no frame of this protocol is long enough to reach."""
    run = bytes(range(1, 255))
    plain = [
        b"",
        b"\0",
        b"\0\0",
        b"\0\x11\0",
        b"\x11\x22\0\x33",
        b"\x11\0\0\0",
        run[:-1],
        run,
        b"\0" + run,
        run + b"\0",
    ]
    plain += [run + b"\xff", run[1:] + b"\xff\0", run[2:] + b"\xff\0\x01", run + run, run + run + b"\0", bytes(300)]
    return [{"plain": data.hex(), "coded": cobs(data).hex()} for data in plain]


FILES = {"messages.json": messages, "received.json": received, "serial.json": streams, "cobs.json": blocks}


def text(name: str) -> str:
    """What the file `name` must hold."""
    make = FILES[name]
    about = " ".join((make.__doc__ or "").split())
    rows = ",\n".join("  " + json.dumps(vector, ensure_ascii=False) for vector in make())
    return f'{{"protocol": "1.0", "about": {json.dumps(about)}, "vectors": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    for name in FILES:
        (VECTORS / name).write_text(text(name), encoding="utf-8")
