"""Writes firmware_bridge/vectors/devices/*.json.

    PYTHONPATH=tests python tests/firmware_bridge/decoders/make_device_vectors.py

Bytes by hand or by encoders that know nothing of the decoders, and what the published format says they mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import foreign_encoders as enc

VECTORS = Path(__file__).parents[3] / "firmware_bridge" / "vectors" / "devices"
Row = dict[str, Any]
EIGHT = [1, -1, 8_388_607, -8_388_608, 0, 256, -65_536, 4_660]
NS_2019, NS_2026 = 599_616_000 * 10**9, 820_454_400 * 10**9  # since 2000-01-01


def case(name: str, feeds: list[tuple[int, bytes]], says: list[Row]) -> Row:
    """`feeds`: ms of arrival, and bytes; `says`: what is to come out by the time that the decoder is flushed."""
    return {"name": name, "feeds": [[ms, data.hex()] for ms, data in feeds], "says": says}


def samples(index: int, *rows: list[int]) -> Row:
    return {"samples": index, "counts": list(rows)}


def packets(counters: list[int], rows: list[list[int]] | None = None) -> bytes:
    return b"".join(enc.cyton_packet(c, (rows or [EIGHT] * 10**4)[k]) for k, c in enumerate(counters))


def cyton() -> list[Row]:
    """OpenBCI documentation, website/docs/Cyton/03-Cyton_Data_Format.md."""
    by_hand = bytes.fromhex(
        "a0 07 000001 ffffff 7fffff 800000 000000 000100 ff0000 001234 000000000000 c0"
        "a0 08 000001 ffffff 7fffff 800000 000000 000100 ff0000 001234 010203040506 c1"
        "a0 09 000001 ffffff 7fffff 800000 000000 000100 ff0000 001234 5812aabbccdd c4"
    )
    tricky = [[-6_250_335, *EIGHT[1:]]] * 3  # A0 A0 A1: looks like a header in the data
    text = b"OpenBCI V3 8-16 channel\nOn Board ADS1299 Device ID: 0x3E\nFirmware: v3.1.2\n$$$"
    said = "OpenBCI V3 8-16 channel On Board ADS1299 Device ID: 0x3E Firmware: v3.1.2"
    timed = [(4 * k, packets([k % 256])) for k in range(300)]
    return [
        case("three packets, by hand", [(0, by_hand)], [samples(0, EIGHT, EIGHT, EIGHT)]),
        case(
            "every footer",
            [(0, packets([0, 1, 2]) + enc.cyton_packet(3, EIGHT, footer=0xC6))],
            [samples(0, *[EIGHT] * 4)],
        ),
        case("the counter turns over", [(0, packets([254, 255, 0, 1]))], [samples(0, *[EIGHT] * 4)]),
        case("headers in the data", [(0, packets([5, 6, 7], tricky))], [samples(0, *tricky)]),
        case(
            "headers in the data, joined within",
            [(0, packets([5, 6, 7, 8], tricky * 2)[2:])],
            [{"corrupt": 31}, samples(0, *tricky)],
        ),
        case("text, then packets", [(0, text + packets([0, 1, 2]))], [{"status": said}, samples(0, *[EIGHT] * 3)]),
        case("two packets are not enough to be sure", [(0, packets([0, 1]))], [{"corrupt": 66}]),
        case(
            "a wrong footer, and three to be sure again",
            [(0, packets([0, 1, 2]) + enc.cyton_packet(3, EIGHT, footer=0xD0)), (16, packets([4, 5, 6]))],
            [samples(0, *[EIGHT] * 3), {"corrupt": 33}, samples(4, *[EIGHT] * 3)],
        ),
        case(
            "ten packets lost",
            [(0, packets([0, 1, 2])), (52, packets([13]))],
            [samples(0, *[EIGHT] * 3), samples(13, EIGHT)],
        ),
        case(
            "a whole turn of the counter lost, which the clock alone tells",
            [*timed[:20], *[(4 * 256 + ms, data) for ms, data in timed[20:]]],
            [samples(0, *[EIGHT] * 20), samples(276, *[EIGHT] * 280)],
        ),
        case(
            "a busy host that reads a second late has lost nothing",
            [*timed[:20], *[(max(ms, 1080), data) for ms, data in timed[20:]]],
            [samples(0, *[EIGHT] * 300)],
        ),
    ]


def openview() -> list[Row]:
    """ProtoCentral OpenView 3, lib/protocol/packet_framer_v3.dart and lib/boards/decoders."""
    single = bytes.fromhex("0afa 1600 02 40e20100 0a000000 00 f0490200 e0220200 420e 62 48 0e 00 0b")
    three = bytes.fromhex("0afa 0e00 02 01000000 ffffffff 00127a00 4800 0b")
    batch = [64 * k for k in range(8)]
    light = enc.openview_frame(4, bytes(19))
    return [
        case("one of HealthyPi 5, by hand", [(0, single)], [samples(0, [123_456])]),
        case("eight of HealthyPi 5", [(0, enc.healthypi_batch(batch))], [samples(0, *[[code] for code in batch])]),
        case("three channels of an ADS1293, by hand", [(0, three)], [samples(0, [1, -1, 8_000_000])]),
        case(
            "without the pad byte",
            [(0, enc.ads1293([1, 2, 3], padded=False) + enc.ads1293([4, 5, 6], padded=False))],
            [samples(0, [1, 2, 3], [4, 5, 6])],
        ),
        case(
            "a frame of light is understood and has no samples",
            [(0, light + enc.healthypi_single(5))],
            [samples(0, [5])],
        ),
        case(
            "a byte too few, which the pad byte tells",
            [(0, single + single[:20] + single[21:] + single)],
            [samples(0, [123_456]), {"corrupt": 28}, samples(1, [123_456])],
        ),
        case("half a frame first", [(0, single[9:] + single)], [{"corrupt": 20}, samples(0, [123_456])]),
        case(
            "an unknown length",
            [(0, enc.openview_frame(2, bytes(23)) + single)],
            [{"corrupt": 30}, samples(0, [123_456])],
        ),
        case(
            "a second lost, which the clock alone tells",
            [(8 * k if k < 9 else 8 * k + 1000, single) for k in range(150)],
            [samples(0, *[[123_456]] * 9), samples(134, *[[123_456]] * 141)],
        ),
    ]


def polar() -> list[Row]:
    """Polar BLE SDK: PmdDataFrame, EcgData, TimeSystemExplained; each feed is a notification."""
    by_hand = bytes.fromhex("00 0080c6a47e8d0300 00 0a0000 f6ffff ff7f00 0080ff")  # 10^15 ns
    step = 73 * 10**9 // 130
    frame = [10, -10, 32_767] + [0] * 70
    rows = [[value] for value in frame]
    sent = [(ms, enc.polar_frame(NS_2026 + k * step, frame)) for ms, k in ((0, 0), (562, 1), (1123, 2), (1685, 3))]
    fell = enc.polar_frame(NS_2019 + step, frame)
    return [
        case("four samples, by hand", [(0, by_hand)], [samples(0, [10], [-10], [32_767], [-32_768])]),
        case("two frames in a row", sent[:2], [samples(0, *rows), samples(73, *rows)]),
        case("a frame lost", [sent[0], sent[2]], [samples(0, *rows), samples(146, *rows)]),
        case(
            "the same frame twice",
            [sent[0], sent[0], sent[1]],
            [samples(0, *rows), samples(0, *rows), samples(73, *rows)],
        ),
        case("the clock falls back to 2019", [sent[0], (562, fell)], [samples(0, *rows), samples(73, *rows)]),
        case(
            "the clock goes backwards",
            [sent[1], (562, enc.polar_frame(NS_2026, frame))],
            [samples(0, *rows), samples(73, *rows)],
        ),
        case(
            "the clock is set years ahead",
            [(0, enc.polar_frame(NS_2019, frame)), (562, enc.polar_frame(NS_2026, frame))],
            [samples(0, *rows), samples(73, *rows)],
        ),
        case(
            "ten seconds lost and the clock with them",
            [sent[0], (10_562, enc.polar_frame(NS_2019, frame))],
            [samples(0, *rows), samples(1373, *rows)],
        ),
        case("the measurement starts", [(0, bytes.fromhex("f0 02 00 00 00 00"))], [{"status": "command 2: done"}]),
        case(
            "it runs already", [(0, bytes.fromhex("f0 02 00 06 00"))], [{"status": "command 2: already in that state"}]
        ),
        case("it is refused", [(0, bytes.fromhex("f0 02 00 0d 00"))], [{"event": "refused"}]),
        case("the strap ends it", [(0, bytes.fromhex("01 00"))], [{"event": "stopped"}]),
        case("acceleration is none of ours", [(0, b"\2" + enc.polar_frame(0, [1, 2])[1:])], [{"corrupt": 16}]),
        case("half a sample", [(0, enc.polar_frame(0, [1, 2])[:-1])], [{"corrupt": 15}]),
    ]


FILES: dict[str, Callable[[], list[Row]]] = {"cyton": cyton, "openview": openview, "polar": polar}


def text(name: str) -> str:
    """What the file of the device `name` must hold."""
    make = FILES[name]
    rows = ",\n".join("  " + json.dumps(vector) for vector in make())
    source = json.dumps(" ".join((make.__doc__ or "").split()))
    return f'{{"device": "{name}", "source": {source}, "vectors": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    VECTORS.mkdir(exist_ok=True)
    for name in FILES:
        (VECTORS / f"{name}.json").write_text(text(name), encoding="utf-8")
