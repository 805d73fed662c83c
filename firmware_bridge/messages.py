"""The messages of the wire and their bytes; PROTOCOL.md says the same for a firmware engineer.

A message is a type byte and a fixed little-endian body; `Samples` adds packed 24-bit values. A body may be longer than
this version knows (a later minor version): what follows is ignored.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from firmware_bridge.codes import NO_VALUE as NO_VALUE  # part of these messages' language, so importable from here
from firmware_bridge.codes import full_scale as full_scale
from firmware_bridge.codes import pack24 as pack24
from firmware_bridge.codes import unpack24 as unpack24

MAJOR, MINOR = 1, 0
ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6", "RL")  # bit 0 upwards in `electrode_off`
WEIGHTED = 9  # RL drives; it is in no lead
WEIGHT_UNIT = 12  # weights travel in twelfths: a half is 6, a third is 4, both exact
MAX_MESSAGE = 244  # bytes: one notification at MTU 247
MAX_CHANNELS = 12
MAX_NAME = 16  # bytes of UTF-8
RL_OFF = 1 << ELECTRODES.index("RL")
UNKNOWN_BATTERY = 255


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the patch is and what it sends; followed by one `Channel` a channel."""

    TYPE: ClassVar[int] = 0x01
    BODY: ClassVar[struct.Struct] = struct.Struct("<BBQI3BIBBH16s")

    major: int
    minor: int
    device_id: int  # 64 bits, for life
    boot_id: int  # 32 bits, another one whenever the sample index starts again at 0
    firmware: tuple[int, int, int]
    rate_mhz: int  # samples a second, times 1000
    adc_bits: int  # 12 to 24: the width of the codes sent, which tells where they saturate
    channels: int
    capabilities: int  # bits: CAN_*
    name: str  # at most MAX_NAME bytes of UTF-8


CAN_SET_RATE, CAN_RESEND, HAS_BUTTON = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Channel:
    """What one channel measures: a weighted sum of electrode potentials."""

    TYPE: ClassVar[int] = 0x02
    BODY: ClassVar[struct.Struct] = struct.Struct("<BI9b")

    index: int
    gain_pv_per_count: int
    weights: tuple[int, ...]  # nine, in twelfths, in the order of ELECTRODES

    def is_off(self, electrode_off: int) -> bool:
        """Whether these bits make the channel invalid: an electrode it weighs is off, or RL, which drives them all."""
        own = sum(1 << bit for bit, weight in enumerate(self.weights) if weight)
        return bool(electrode_off & (own | RL_OFF))


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Consecutive samples of all channels."""

    TYPE: ClassVar[int] = 0x03
    BODY: ClassVar[struct.Struct] = struct.Struct("<IQHBB")

    index: int  # of the first sample; wraps at 2^32
    clock_us: int  # the patch's clock at the first sample
    electrode_off: int  # bits, see ELECTRODES
    counts: npt.NDArray[np.int32]  # samples x channels

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Samples)
            and (self.index, self.clock_us, self.electrode_off) == (other.index, other.clock_us, other.electrode_off)
            and np.array_equal(self.counts, other.counts)
        )


@dataclass(frozen=True, slots=True)
class Status:
    """How the patch is; once a second and on change."""

    TYPE: ClassVar[int] = 0x04
    BODY: ClassVar[struct.Struct] = struct.Struct("<QIBHHBI")

    clock_us: int
    index: int  # of the next sample to come: what is missing before it was lost on the way
    battery_percent: int  # 255: unknown
    battery_mv: int
    electrode_off: int
    flags: int  # bits: STREAMING, CHARGING
    dropped: int  # samples the patch lost before sending, since its start


STREAMING, CHARGING = 1, 2


@dataclass(frozen=True, slots=True)
class Event:
    """Something the wearer did."""

    TYPE: ClassVar[int] = 0x05
    BODY: ClassVar[struct.Struct] = struct.Struct("<QIB")

    clock_us: int
    index: int  # of the sample at that moment
    kind: int  # BUTTON


BUTTON = 1


@dataclass(frozen=True, slots=True)
class Ack:
    """The answer to a command."""

    TYPE: ClassVar[int] = 0x06
    BODY: ClassVar[struct.Struct] = struct.Struct("<BBB")

    command: int  # the command's type byte
    token: int  # the command's token
    result: int  # OK, UNKNOWN_COMMAND, BAD_ARGUMENT, NOT_AVAILABLE


OK, UNKNOWN_COMMAND, BAD_ARGUMENT, NOT_AVAILABLE = range(4)


@dataclass(frozen=True, slots=True)
class Hello:
    """Command: say who you are (`Identity` and every `Channel`)."""

    TYPE: ClassVar[int] = 0x80
    BODY: ClassVar[struct.Struct] = struct.Struct("<BBB")

    token: int
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class Start:
    """Command: stream."""

    TYPE: ClassVar[int] = 0x81
    BODY: ClassVar[struct.Struct] = struct.Struct("<B")

    token: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Command: stop streaming; the sample index goes on."""

    TYPE: ClassVar[int] = 0x82
    BODY: ClassVar[struct.Struct] = struct.Struct("<B")

    token: int


@dataclass(frozen=True, slots=True)
class SetRate:
    """Command: another rate; a new `Identity` follows, and the index starts at 0 under a new boot id."""

    TYPE: ClassVar[int] = 0x83
    BODY: ClassVar[struct.Struct] = struct.Struct("<BI")

    token: int
    rate_mhz: int


@dataclass(frozen=True, slots=True)
class Resend:
    """Command: send samples `first` to `first + count - 1` again, where they are still held."""

    TYPE: ClassVar[int] = 0x84
    BODY: ClassVar[struct.Struct] = struct.Struct("<BII")

    token: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of a type this version does not know; to be ignored."""

    type: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Malformed:
    """A whole message whose body is too short or contradicts itself."""

    type: int
    bytes_lost: int


Command = Hello | Start | Stop | SetRate | Resend
Message = Identity | Channel | Samples | Status | Event | Ack | Command
TYPES: dict[int, type[Message]] = {
    t.TYPE: t for t in (Identity, Channel, Samples, Status, Event, Ack, Hello, Start, Stop, SetRate, Resend)
}
MIN_SIZE = {t: 1 + kind.BODY.size for t, kind in TYPES.items()}  # bytes, with the type byte


def encode(message: Message) -> bytes:
    """The bytes of a message. Raises ValueError or struct.error where a field does not fit."""
    kind, body = bytes([message.TYPE]), message.BODY
    match message:
        case Identity() as m:
            name = m.name.encode()
            if len(name) > MAX_NAME or b"\0" in name:
                raise ValueError(f"the name {m.name!r} takes {len(name)} bytes: {MAX_NAME} fit, none of them zero")
            fields = (m.major, m.minor, m.device_id, m.boot_id, *m.firmware, m.rate_mhz, m.adc_bits, m.channels)
            return kind + body.pack(*fields, m.capabilities, name)
        case Channel() as m:
            return kind + body.pack(m.index, m.gain_pv_per_count, *m.weights)
        case Samples() as m:
            count, channels = m.counts.shape
            if not count or not 1 <= channels <= MAX_CHANNELS:
                raise ValueError(
                    f"{count} samples of {channels} channels: one or more, of 1 to {MAX_CHANNELS}, are needed"
                )
            data = pack24(m.counts)
            if 1 + body.size + len(data) > MAX_MESSAGE:
                raise ValueError(
                    f"{count} samples of {channels} channels do not fit one message of {MAX_MESSAGE} bytes"
                )
            return kind + body.pack(m.index, m.clock_us, m.electrode_off, count, channels) + data
        case Status() as m:
            return kind + body.pack(
                m.clock_us, m.index, m.battery_percent, m.battery_mv, m.electrode_off, m.flags, m.dropped
            )
        case Event() as m:
            return kind + body.pack(m.clock_us, m.index, m.kind)
        case Ack() as m:
            return kind + body.pack(m.command, m.token, m.result)
        case Hello() as m:
            return kind + body.pack(m.token, m.major, m.minor)
        case Start() | Stop() as m:
            return kind + body.pack(m.token)
        case SetRate() as m:
            return kind + body.pack(m.token, m.rate_mhz)
        case Resend() as m:
            return kind + body.pack(m.token, m.first, m.count)


def decode(data: bytes) -> Message | Unknown | Malformed:
    """The message in `data` (type byte and body); never raises."""
    if not data:
        return Malformed(0, 0)
    kind = TYPES.get(data[0])
    if kind is None:
        return Unknown(data[0], data[1:])
    if len(data) < MIN_SIZE[data[0]]:
        return Malformed(data[0], len(data))
    fields = kind.BODY.unpack_from(data, 1)
    if kind is Identity:
        major, minor, device_id, boot_id, *firmware, rate_mhz, adc_bits, channels, capabilities, name = fields
        version = (firmware[0], firmware[1], firmware[2])
        described = (rate_mhz, adc_bits, channels, capabilities, _printable(name))
        return Identity(major, minor, device_id, boot_id, version, *described)
    if kind is Channel:
        return Channel(fields[0], fields[1], tuple(fields[2:]))
    if kind is Samples:
        index, clock_us, off, count, channels = fields
        at = MIN_SIZE[Samples.TYPE]
        end = at + 3 * count * channels
        if not count or not 1 <= channels <= MAX_CHANNELS or not end <= min(len(data), MAX_MESSAGE):
            return Malformed(data[0], len(data))
        return Samples(index, clock_us, off, unpack24(data[at:end]).reshape(count, channels))
    return kind(*fields)


def _printable(name: bytes) -> str:
    """The name up to its first zero, fit for a terminal whatever the patch sent."""
    text = name.split(b"\0")[0].decode(errors="replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def samples_that_fit(message_bytes: int, channels: int) -> int:
    """How many samples of `channels` channels one message of at most `message_bytes` holds."""
    return max(0, min(message_bytes, MAX_MESSAGE) - MIN_SIZE[Samples.TYPE]) // (3 * channels)
