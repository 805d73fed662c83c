"""A device of another maker, told as a patch of ours: its bytes become the messages of our wire.

So all that is known of links that break, samples that are late and counts that begin anew holds for it as well.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.errors import Reason, SourceLost, UsageError
from edge.host_clock import now_ns
from edge.leads import canonical, electrode_weights
from edge.sources.patch import Incoming
from firmware_bridge import messages as wire
from firmware_bridge.decoders.base import Corrupt, Decoded, Decoder, Device, Event, Happened, Sampled, Serial, Status
from firmware_bridge.framing import Corrupt as CorruptFrame
from firmware_bridge.validate import MAX_RANGE_PV

SKIP = "-"  # in `channels`: this channel of the device is not used
ADC_BITS = 24
MAX_REACH_UV = MAX_RANGE_PV / 1e6
PV_PER_UV = 1_000_000
LEAST_GAIN_UV = 0.001  # finer codes lose their last bits: electrodes make a hundred times as much noise
STREAMS_S = 2.0  # a device that was heard so lately needs no starting


class Foreign:
    """One device: makes a decoder for each connection, and the bytes that start and stop it.

    `channels` says which lead each of its channels is, in its order, "-" leaving one out. Raises UsageError, where it
    is known at once, or SourceLost at the first samples, where they cannot be had.
    """

    def __init__(
        self,
        make: Callable[[], Decoder],
        channels: tuple[str, ...],
        source: str,
        *,
        uv_per_count: float | None = None,  # instead of what the maker says
        setup: bytes = b"",  # sent before the last step of its start
        clock_ns: Callable[[], int] = now_ns,
    ) -> None:
        self.source, self.clock_ns = source, clock_ns
        self.new_decoder, self.channels, self.uv_per_count = make, channels, uv_per_count
        self.link = make().link
        self._start = self.link.start if isinstance(self.link, Serial) else ()  # by BLE with each connection
        if setup and not self._start:
            raise UsageError("--device-setup is for a device that is told to start: leave it out")
        self._start = (*self._start[:-1], setup, *self._start[-1:]) if setup else self._start
        self._talk: Told | None = None
        self._step = 0
        self.heard_ns: int | None = None  # when something whole last came
        self.said = ""  # by the device, of itself, last
        device = make().device
        if device is not None and (why := _unusable(device, channels)):
            raise UsageError(why, Reason.NO_LEADS)

    @property
    def start_s(self) -> float:
        """What its start takes: a step with every Hello, and those come once a second."""
        return float(len(self._start))

    def decoder(self) -> Told:
        """For a new connection."""
        self._step, self.heard_ns = 0, None
        if self._talk is None or not self._talk.continues:
            boot = 1 if self._talk is None else self._talk.boot + 1
            self._talk = Told(self, self.new_decoder(), boot)
        return self._talk

    def encode(self, command: wire.Command) -> bytes:
        """What to send for a command of ours; empty where the device has nothing of the kind."""
        if isinstance(command, wire.Stop):
            return self.link.stop
        if not isinstance(command, wire.Hello) or not self._start:
            return b""
        if self.heard_ns is not None and self.clock_ns() - self.heard_ns < STREAMS_S * 1e9:
            return b""
        step, self._step = self._step, (self._step + 1) % len(self._start)
        if self._talk is not None:
            self._talk.begin_anew()
        return self._start[step]


class Told:
    """One connection's bytes as messages of our wire."""

    def __init__(self, foreign: Foreign, decoder: Decoder, boot: int) -> None:
        self._foreign, self._decoder, self.boot = foreign, decoder, boot
        self._identity: wire.Identity | None = None
        self._device: Device | None = None
        self._columns: list[int] = []
        self._divisor = 1
        self._next = 0

    @property
    def continues(self) -> bool:
        return self._decoder.continues

    def feed(self, data: bytes, at_ns: int | None = None, /) -> list[Incoming]:
        """`at_ns`: when it came (edge.host_clock.now_ns), where that was not just now."""
        at_ns = self._foreign.clock_ns() if at_ns is None else at_ns
        taken = self._decoder.taken
        decoded = self._decoder.feed(data, at_ns)
        if self._decoder.taken > taken:  # the samples may be held back, and the device streams all the same
            self._foreign.heard_ns = at_ns
        return [message for item in decoded for message in self._told(item)]

    def begin_anew(self) -> None:
        """The device is about to be started again: whatever it counts, it counts from 0."""
        if not self.continues and self._identity is not None:
            self._decoder, self._identity = self._foreign.new_decoder(), None
            self.boot += 1

    def _told(self, item: Decoded) -> list[Incoming]:
        match item:
            case Sampled():
                return self._samples(item)
            case Corrupt():
                return [CorruptFrame(item.bytes_lost)] if self._identity else []
            case Status():
                self._foreign.said = item.text or self._foreign.said
                return [] if item.battery_percent is None else [self._status(item.battery_percent)]
            case Event():
                return self._event(item)

    def _event(self, item: Event) -> list[Incoming]:
        self._foreign.said = item.text or self._foreign.said
        match item.kind:
            case Happened.REFUSED:
                raise SourceLost(f"{self._foreign.source}: {item.text}", Reason.PROTOCOL)
            case Happened.STOPPED:
                self._foreign.heard_ns = None
            case Happened.RESTARTED:
                self.boot += 1
                self._identity = None
            case Happened.BUTTON if item.index is not None:
                return [wire.Event(0, item.index % 2**32, wire.BUTTON)]
        return []

    def _samples(self, m: Sampled) -> list[Incoming]:
        new = self._identity is None
        before: list[Incoming] = [*self._describe()] if new else []
        device, identity = self._device, self._identity
        assert device is not None
        assert identity is not None
        codes = (m.counts[:, self._columns].astype(np.int64) - device.zero) // self._divisor
        limit = wire.full_scale(identity.adc_bits)
        if device.rail:
            codes[np.abs(codes) >= device.rail // self._divisor] = limit
        self._next = max(self._next, m.index + len(codes))
        counts = np.clip(codes, -limit, limit).astype(np.int32)
        out = [*before, wire.Samples(m.index % 2**32, 0, 0, counts), identity]  # nobody there could answer a Hello
        return [*out, self._status(wire.UNKNOWN_BATTERY)] if new else out

    def _describe(self) -> list[wire.Message]:
        device, foreign = self._decoder.device, self._foreign
        assert device is not None  # it has samples
        if why := _unusable(device, foreign.channels):
            raise SourceLost(f"{foreign.source}: {why}", Reason.NO_LEADS)
        self._device = device
        self._columns = [k for k, name in enumerate(foreign.channels) if name != SKIP]
        uv = [foreign.uv_per_count or device.uv_per_count[k] for k in self._columns]
        while min(uv) * self._divisor < LEAST_GAIN_UV:
            self._divisor *= 2
        who = (wire.MAJOR, wire.MINOR, _device_id(device), self.boot, (0, 0, 0))
        bits = _bits(max(uv) * self._divisor)
        self._identity = wire.Identity(*who, round(1000 * device.rate), bits, len(uv), 0, device.name)
        leads = [foreign.channels[k] for k in self._columns]
        channels = [_channel(k, lead, uv[k] * self._divisor) for k, lead in enumerate(leads)]
        return [self._identity, *channels]

    def _status(self, battery_percent: int) -> wire.Status:
        return wire.Status(0, self._next % 2**32, battery_percent, 0, 0, wire.STREAMING, 0)


def _unusable(device: Device, channels: tuple[str, ...]) -> str:
    """Why these names will not do for the device, or nothing."""
    has = f"{device.name} has {len(device.channels)} ({', '.join(device.channels)})"
    if len(channels) > len(device.channels):
        return f"--channels names {len(channels)} channels, {has}: name as many at most, in order"
    if not any(name != SKIP for name in channels):
        example = ",".join(("II", "V1", "V5")[: len(device.channels)])
        return f"--channels is to say which lead each channel is, such as {example}, - for none; {has}"
    return ""


def _bits(uv_per_count: float) -> int:
    """The widest codes that stay within what an amplifier for skin electrodes can reach."""
    fit = (bits for bits in range(ADC_BITS, 1, -1) if wire.full_scale(bits) * uv_per_count <= MAX_REACH_UV)
    return next(fit, 1)


def _channel(index: int, lead: str, gain_uv: float) -> wire.Channel:
    weights = np.rint(wire.WEIGHT_UNIT * electrode_weights(canonical(lead) or lead)).astype(int)
    return wire.Channel(index, round(gain_uv * PV_PER_UV), tuple(weights.tolist()))


def _device_id(device: Device) -> int:
    """The same for the same make: such a device has no number of its own that it sends."""
    return int.from_bytes(device.name.encode()[:8].ljust(8, b"\0"), "big")
