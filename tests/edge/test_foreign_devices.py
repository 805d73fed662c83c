from __future__ import annotations

import itertools
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from foreign_encoders import ads1293, cyton_packet, healthypi_single, polar_frames

import edge
from edge.blocks import Origin, TwelveLeads
from edge.errors import Reason, SourceLost, UsageError
from edge.rhythm.beat import Beat
from edge.sources import devices
from edge.sources.devices import decoder_of, known
from edge.sources.foreign import Foreign
from edge.sources.items import Described, Restarted
from edge.sources.patch import PatchLink
from edge.timeline import Chunk
from firmware_bridge import messages as wire
from firmware_bridge.decoders.cyton import Cyton
from firmware_bridge.decoders.openview import OpenView
from firmware_bridge.decoders.polar import PolarH10

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
HELLO = wire.Hello(1, wire.MAJOR, wire.MINOR)
NS_2026 = 820_454_400 * 10**9


class Clock:
    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return round(self.s * 1e9)


class Heard:
    """A device at the end of a wire, its host, and a clock that the test sets."""

    def __init__(self, make, channels, **options):
        self.clock = Clock()
        self.foreign = Foreign(make, channels, "a port", clock_ns=self.clock, **options)
        self.link = PatchLink("a port")
        self.connect()

    def connect(self):
        self.talk = self.foreign.decoder()
        self.link.greet()
        return self.sent()

    def sent(self):
        commands, self.link.asking.outgoing = self.link.asking.outgoing, []
        return b"".join(map(self.foreign.encode, commands))

    def hears(self, data, at_s=None):
        self.clock.s = self.clock.s if at_s is None else at_s
        return [item for message in self.talk.feed(data) for item in self.link.feed(message, self.clock())]


def chunks(items):
    return [item for item in items if isinstance(item, Chunk)]


def described(items):
    (item,) = [item for item in items if isinstance(item, Described)]
    return item


def cyton_data(numbers, code=0):
    return b"".join(cyton_packet(k, [code + j for j in range(8)]) for k in numbers)


def test_the_names_of_the_devices_are_those_of_the_entry_points():
    assert set(known()) >= {"edge", "cyton", "openview", "polar"}


def test_an_unknown_device_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"no such device; the known ones are .*cyton.*polar"):
        decoder_of("toaster")


def test_listing_the_devices_imports_none_of_them():
    code = "import sys; from edge.sources.devices import known; known(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "firmware_bridge.decoders.base" in modules
    assert not {"cyton", "openview", "polar", "own"} & {name.split(".")[-1] for name in modules}


def test_a_decoder_that_is_not_there_any_more_is_told(monkeypatch):
    gone = EntryPoint("gone", "no_such_package.decoder:Gone", "edge_ecg.decoders")
    monkeypatch.setattr(devices, "entry_points", lambda group: [gone])
    with pytest.raises(UsageError, match=r"no_such_package.decoder:Gone cannot be loaded .* install its package again"):
        decoder_of("gone")


def test_channels_are_the_device_s_in_order_and_a_dash_leaves_one_out():
    heard = Heard(Cyton, ("V5", "-", "ii", "-", "-", "-", "-", "V1"))
    items = heard.hears(cyton_data(range(3), 1000))
    assert described(items).montage.names == ("V5", "II", "V1")
    counts = np.array([1000, 1002, 1007])
    assert chunks(items)[0].mv[0] == pytest.approx(counts * 4.5e3 / 24 / (2**23 - 1), rel=1e-4)


def test_fewer_names_than_channels_take_the_first_ones():
    items = Heard(Cyton, ("I", "II")).hears(cyton_data(range(3)))
    assert described(items).montage.names == ("I", "II")


@pytest.mark.parametrize("channels", [(), ("-", "-"), ("I",) * 9])
def test_channels_that_cannot_be_are_refused_before_anything_is_opened(channels):
    with pytest.raises(UsageError, match="OpenBCI Cyton has 8") as told:
        Foreign(Cyton, channels, "a port")
    assert told.value.reason is Reason.NO_LEADS


def test_a_board_that_turns_out_to_have_fewer_channels_is_refused():
    heard = Heard(OpenView, ("I", "II"))
    with pytest.raises(SourceLost, match="HealthyPi 5 has 1"):
        heard.hears(healthypi_single(0))


@pytest.mark.parametrize(("code", "mv"), [(6_075_000, 0.0), (6_075_000 + 8_859, 1.0)])
def test_the_ads1293_is_in_millivolts_about_its_zero(code, mv):
    items = Heard(OpenView, ("I", "II", "V1")).hears(ads1293([code] * 3))
    assert chunks(items)[0].mv[0] == pytest.approx([mv] * 3, abs=1e-3)


def test_codes_finer_than_a_nanovolt_keep_their_size():
    """HealthyPi's come shifted by six bits."""
    items = Heard(OpenView, ("II",)).hears(healthypi_single(1_342_177))
    assert chunks(items)[0].mv[0, 0] == pytest.approx(1.0, rel=1e-3)


def test_another_gain_can_be_told():
    items = Heard(Cyton, ("II",), uv_per_count=0.5).hears(cyton_data(range(3), 2000))
    assert chunks(items)[0].mv[0, 0] == pytest.approx(1.0)


@pytest.mark.parametrize("uv_per_count", [1e-6, 0.5, 3.0, 25.0])
def test_any_gain_that_can_be_told_is_believed(uv_per_count):
    items = Heard(Cyton, ("II",), uv_per_count=uv_per_count).hears(
        cyton_data(range(3), 1_000_000 if uv_per_count < 1 else 100)
    )
    assert np.isfinite(chunks(items)[0].mv).all()


def test_a_saturated_code_is_no_value():
    items = Heard(Cyton, ("I", "II")).hears(
        b"".join(cyton_packet(k, [2**23 - 1, -(2**23)] + [0] * 6) for k in range(3))
    )
    assert np.isnan(chunks(items)[0].mv).all()


def test_a_silent_board_is_stopped_reset_left_without_its_daisy_and_begun():
    heard = Heard(Cyton, ("II",), setup=b"x1060100X")
    sent = [heard.foreign.encode(HELLO) for _ in range(6)]
    assert sent == [b"v", b"c", b"x1060100X", b"b", b"s", b"v"]  # and b"s" with the connection


def test_a_board_that_streams_is_never_reset():
    heard = Heard(Cyton, ("II",))
    heard.hears(cyton_data(range(10)), 1.0)
    heard.clock.s = 2.0
    assert heard.foreign.encode(HELLO) == b""
    assert heard.foreign.encode(wire.Stop(1)) == b"s"


def test_samples_held_back_for_the_clock_count_as_a_stream():
    """Else a board would be reset while it is only not certain how much was lost."""
    heard = Heard(Cyton, ("II",))
    for k in range(250):
        heard.hears(cyton_data([k]), k / 250)
    for k in range(250, 400):
        assert not chunks(heard.hears(cyton_data([k]), 3.2 + (k - 250) / 250))
    assert heard.foreign.encode(HELLO) == b""


def test_a_gap_is_where_the_samples_are_missing():
    heard = Heard(Cyton, ("II",))
    got = [item for k in [*range(100), *range(700, 1500)] for item in heard.hears(cyton_data([k]), k / 250)]
    index = [item.index + j for item in chunks(got) for j in range(len(item.mv))]
    assert index == [*range(100), *range(700, 1500)]


def test_a_board_that_comes_back_counts_from_anew_and_the_clock_tells_the_rest():
    heard = Heard(Cyton, ("II",))
    heard.hears(cyton_data(range(250)), 1.0)
    heard.clock.s = 11.0
    heard.connect()
    items = heard.hears(cyton_data(range(3)), 11.0)
    (restarted,) = [item for item in items if isinstance(item, Restarted)]
    assert restarted.lost == pytest.approx(10 * 250, abs=5)
    assert chunks(items)[0].index == 0


def test_a_board_found_streaming_is_stopped_and_counts_from_anew():
    """As a run that was killed leaves it: its stream is still heard when the first command stops it."""
    heard = Heard(Cyton, ("II",))
    heard.hears(cyton_data(range(100, 110)), 0.1)
    heard.clock.s = 4.0
    assert heard.foreign.encode(HELLO) == b"v"
    (restarted, chunk) = [i for i in heard.hears(cyton_data(range(3)), 6.0) if isinstance(i, Restarted | Chunk)]
    assert restarted.lost == pytest.approx(5.9 * 250, abs=5)
    assert chunk.index == 0


def test_a_strap_that_comes_back_goes_on_by_its_own_clock():
    frames = polar_frames(np.arange(73 * 100), 130.0, NS_2026)
    heard = Heard(PolarH10, ("II",))
    heard.hears(frames[0], 1.0)
    heard.connect()
    (chunk,) = chunks(heard.hears(frames[50], 1.0 + 50 * 73 / 130))
    assert chunk.index == 50 * 73
    assert chunk.mv[0, 0] == pytest.approx(3.65)


def test_a_strap_that_refuses_ends_the_run_with_its_reason():
    with pytest.raises(SourceLost, match="charger"):
        Heard(PolarH10, ("II",)).hears(bytes.fromhex("f002000d00"))


@pytest.mark.skipif(not (SHARED / "polar.ecgz").exists(), reason="no shared recordings beside the checkout")
def test_a_real_strap_becomes_twelve_leads_with_their_uncertainty(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(SHARED), *sys.path])
    from ecgdata import load

    (record,) = load("polar")
    frames = polar_frames(
        np.rint(1000 * record.mv[: round(30 * record.rate), 0]).astype(np.int64), record.rate, NS_2026
    )
    heard = Heard(PolarH10, ("II",))
    items = list(itertools.chain.from_iterable(heard.hears(f, k * 73 / record.rate) for k, f in enumerate(frames)))
    pipeline = edge.Pipeline(described(items).montage, described(items).rate)
    out = [out for chunk in chunks(items) for out in pipeline.push(chunk)] + pipeline.flush()
    twelve = [block for block in out if isinstance(block, TwelveLeads)]
    inferred = [block for block in twelve if Origin.RECONSTRUCTED in block.origin]
    beats = [beat for beat in out if isinstance(beat, Beat)]
    assert sum(len(block.mv) for block in inferred) > 26 * 500
    middle = inferred[len(inferred) // 2]
    assert (middle.sd[:, 1] == 0).all()  # II is measured
    assert (middle.sd[:, [0, 6, 7, 8, 9, 10, 11]] > 0.01).all()  # mV; the others are guessed, and it is said how well
    assert 25 <= len(beats) <= 60
