"""Our own protocol on a serial line, in the shape of every other decoder; `edge-run` itself hears it whole.

For programs that read devices of several makes by this one interface. What the protocol says beyond it (the electrodes
of each channel, which of them are off, a patch's number) is in `firmware_bridge.messages`.
"""

from __future__ import annotations

from typing import ClassVar

from firmware_bridge import messages as wire
from firmware_bridge.decoders.base import Ble, Corrupt, Decoded, Device, Event, Happened, Sampled, Serial, Status
from firmware_bridge.framing import Corrupt as CorruptFrame
from firmware_bridge.framing import SerialDecoder, frame

MODULUS = 1 << 32  # of the index on the wire
PV_PER_UV = 1e6


class Own:
    """Decoder: see the module."""

    link: ClassVar[Serial | Ble] = Serial(
        baud=115_200,
        start=(frame(wire.Hello(1, wire.MAJOR, wire.MINOR)) + frame(wire.Start(2)),),
        stop=frame(wire.Stop(3)),
    )
    source: ClassVar[str] = "firmware_bridge/PROTOCOL.md"
    continues: ClassVar[bool] = True  # by the index; a boot is told by its number

    def __init__(self) -> None:
        self.taken = 0
        self.device: Device | None = None
        self._decoder = SerialDecoder()
        self._identity: wire.Identity | None = None
        self._channels: dict[int, wire.Channel] = {}
        self._first: int | None = None  # the wire's index of sample 0
        self._next = 0

    @property
    def held(self) -> int:
        return self._decoder.held

    def feed(self, data: bytes, at_ns: int, /) -> list[Decoded]:
        before = self.held + len(data)
        out = [item for message in self._decoder.feed(data) for item in self._told(message)]
        lost = sum(item.bytes_lost for item in out if isinstance(item, Corrupt))
        self.taken += before - self.held - lost
        return out

    def flush(self) -> list[Decoded]:
        return []

    def _told(self, message: wire.Message | wire.Unknown | wire.Malformed | CorruptFrame) -> list[Decoded]:
        match message:
            case CorruptFrame() | wire.Malformed() as m:
                return [Corrupt(m.bytes_lost)]
            case wire.Identity() as m:
                return self._identify(m)
            case wire.Channel() as m:
                self._channels[m.index] = m
                self._describe()
            case wire.Samples() as m if self.device is not None:
                return self._samples(m, len(self.device.channels))
            case wire.Status() as m if m.battery_percent != wire.UNKNOWN_BATTERY:
                return [Status(battery_percent=m.battery_percent)]
            case wire.Event() as m if m.kind == wire.BUTTON and self._first is not None:
                return [Event(Happened.BUTTON, self._unwrapped(m.index))]
        return []

    def _identify(self, m: wire.Identity) -> list[Decoded]:
        old, self._identity = self._identity, m
        if old is None or (old.device_id, old.boot_id) == (m.device_id, m.boot_id):
            self._describe()
            return []
        self.device, self._first, self._next = None, None, 0
        self._channels.clear()
        return [Event(Happened.RESTARTED)]

    def _describe(self) -> None:
        m = self._identity
        if self.device is not None or m is None or not all(k in self._channels for k in range(m.channels)):
            return
        channels = [self._channels[k] for k in range(m.channels)]
        scale = tuple(channel.gain_pv_per_count / PV_PER_UV for channel in channels)
        names = tuple(f"CH{k + 1}" for k in range(len(channels)))
        rail = wire.full_scale(m.adc_bits) if m.adc_bits else 0
        self.device = Device(m.name, names, m.rate_mhz / 1000, scale, rail=rail)

    def _samples(self, m: wire.Samples, channels: int) -> list[Decoded]:
        if m.counts.shape[1] != channels:
            return [Corrupt(m.counts.size * 3)]
        if self._first is None:
            self._first = m.index
        index = self._unwrapped(m.index)
        self._next = max(self._next, index + len(m.counts))
        return [Sampled(index, m.counts)]

    def _unwrapped(self, index: int) -> int:
        """The number nearest to the next one whose wire index this is."""
        assert self._first is not None
        half = MODULUS // 2
        return self._next + (index - self._first - self._next + half) % MODULUS - half
