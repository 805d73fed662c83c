"""A patch in software: what a firmware does between its converter and its transmitter, without I/O or a clock.

Time is signal time: it passes by `advance`, and by nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware_bridge.framing import Corrupt
from firmware_bridge.losses import Log
from firmware_bridge.messages import (
    BAD_ARGUMENT,
    CAN_RESEND,
    CAN_SET_RATE,
    MAJOR,
    MAX_CHANNELS,
    MAX_MESSAGE,
    MINOR,
    NO_VALUE,
    NOT_AVAILABLE,
    OK,
    STREAMING,
    UNKNOWN_COMMAND,
    Ack,
    Channel,
    Hello,
    Identity,
    Malformed,
    Message,
    Resend,
    Samples,
    SetRate,
    Start,
    Status,
    Stop,
    Unknown,
    full_scale,
    samples_that_fit,
)
from firmware_bridge.source import Millivolts, Source
from firmware_bridge.validate import refused_rate

GAIN_PV_PER_COUNT = 47_684  # ADS1298: 2.4 V reference, gain 6, 24 bits: 2.4 / 6 / 2^23 V a count
PV_PER_MV = 1e9
MESSAGE_S = 0.02  # of signal in one message: 50 messages a second, as a radio's connection interval allows
ANNOUNCE_S = 5.0  # between identities, so that a host that joins late need not ask
STATUS_S = 1.0
FAREWELLS = 3  # a line that loses one frame in ten loses all of them once in a thousand
INDEX_MODULUS = 1 << 32
FIRST_COMMAND = 0x80  # type bytes from here on flow towards the patch
BOOT_STRIDE = 0x9E3779B9  # odd: boot ids repeat only after 2^32 boots


class VirtualPatch:
    """The state of a firmware. It streams from the start; `Stop` stops the samples, their index goes on."""

    def __init__(
        self,
        source: Source,
        channels: Sequence[Channel],
        *,
        names: Sequence[str] = (),  # what faults may call the channels; not on the wire
        device_id: int = 0xEC6,
        boot_id: int = 1,
        first_index: int = 0,  # of the first sample of the first boot
        firmware: tuple[int, int, int] = (1, 0, 0),
        name: str = "virtual patch",
        adc_bits: int = 24,
        samples_per_message: int | None = None,
        ring_s: float = 0.0,  # of samples held for Resend; with none it cannot
    ) -> None:
        if not 0 < len(channels) <= MAX_CHANNELS:
            raise ValueError(f"{len(channels)} channels: a patch has 1 to {MAX_CHANNELS}")
        fit = samples_that_fit(MAX_MESSAGE, len(channels))
        if samples_per_message is not None and not 0 < samples_per_message <= fit:
            raise ValueError(f"{samples_per_message} samples of {len(channels)} channels a message: 1 to {fit} fit")
        self.source = source
        self.channels = tuple(channels)
        self.names = tuple(names)
        self.log = Log()
        self.battery_percent, self.battery_mv = 90, 3900
        self.finished = False
        self._device_id, self._firmware, self._name, self._adc_bits = device_id, firmware, name, adc_bits
        self._counts_per_mv = np.array([PV_PER_MV / c.gain_pv_per_count for c in channels])
        self._wanted, self._fit, self._ring_s = samples_per_message, fit, ring_s
        self.boot_id = boot_id
        self._dropped = 0
        self._silent = 0  # samples until the next boot is done
        self._rate_mhz = source.rate_mhz
        self._at_rate_since = (0.0, 0)  # seconds and samples of signal, when the rate was set
        self._boot(first_index)

    def _boot(self, first_index: int = 0) -> None:
        self.streaming = True
        self._at_rate_since = (self.elapsed_s, self.log.sampled)
        self._rate_mhz = self.source.rate_mhz
        per_message = self._wanted or max(1, round(MESSAGE_S * self.rate))
        self._most = min(per_message, samples_that_fit(MAX_MESSAGE, len(self.channels)))
        self.samples_per_message = min(self._most, self._fit)
        self._first = self._index = self._sent = first_index  # next: to be sampled, to be sent
        self._booted_at = self.log.sampled
        self._announce_at = self._status_at = first_index
        self._electrode_off = 0
        self._held = math.ceil(self._ring_s * self.rate)  # samples, at most
        self._room = self._held + self._most
        self._counts = np.zeros((self._room, len(self.channels)), np.int32)
        self._off = np.zeros(self._room, np.uint16)

    @property
    def rate(self) -> float:
        """Samples a second."""
        return self._rate_mhz / 1000

    @property
    def elapsed_s(self) -> float:
        """Seconds of signal since its start, boots notwithstanding."""
        seconds, samples = self._at_rate_since
        return seconds + (self.log.sampled - samples) / self.rate

    @property
    def until_message(self) -> int:
        """Samples until there is something to send."""
        return self._silent or self.samples_per_message - (self._index - self._sent)

    def position(self, index: int) -> int:
        """Samples since the start of the signal of the sample with wire index `index` of this boot."""
        return self._booted_at + self._unwrapped(index) - self._first

    def advance(self, samples: int) -> list[Message]:
        """What the patch sends while it takes the next `samples`; at the end of its source it is `finished`."""
        out: list[Message] = []
        while samples > 0 and not self.finished:
            step = min(samples, self.until_message)
            out += self._stay_silent(step) if self._silent else self._sample(step)
            samples -= step
        return out

    def limit(self, samples: int) -> None:
        """No message holds more samples than this from now on, as a line may ask between two messages."""
        self._fit = samples
        self.samples_per_message = min(self._most, samples)

    def reboot(self, silent_samples: int = 0) -> None:
        """Lose what is not sent yet, sample nothing for `silent_samples`, then begin at 0 under a new boot id."""
        self.log.lose("reboot", self.position(self._sent), self._index - self._sent)
        self._sent = self._index
        self._silent = silent_samples
        self.boot_id = (self.boot_id + BOOT_STRIDE) % INDEX_MODULUS
        self._dropped = 0
        if not silent_samples:
            self._boot()

    def drop(self, samples: int) -> None:
        """The transmitter had no room for `samples`: the next `Status` says so."""
        self._dropped += samples

    def command(self, message: Message | Unknown | Malformed | Corrupt) -> list[Message]:
        """The answers to what came from the host; nothing while booting, nothing to what is no command."""
        if self._silent:
            return []
        match message:
            case Hello(token=token):
                return [*self._announce(), Ack(Hello.TYPE, token, OK)]
            case Start(token=token):
                changes, self.streaming = self.finished or not self.streaming, not self.finished
                return [Ack(Start.TYPE, token, OK), *([self._status()] if changes else [])]
            case Stop(token=token):
                rest = self._send()
                self.streaming = False
                return [*rest, self._status(), Ack(Stop.TYPE, token, OK)]
            case SetRate(token=token, rate_mhz=rate_mhz):
                return self._set_rate(token, rate_mhz)
            case Resend(token=token, first=first, count=count):
                return self._resend(token, first, count)
            case Unknown(type=kind, body=body) if kind >= FIRST_COMMAND:
                return [Ack(kind, body[0] if body else 0, UNKNOWN_COMMAND)]
            case Malformed(type=kind) if kind >= FIRST_COMMAND:
                return [Ack(kind, 0, BAD_ARGUMENT)]
        return []

    def _stay_silent(self, samples: int) -> list[Message]:
        taken = len(self.source.take(samples)[0])
        self.log.lose("reboot", self.log.sampled, taken)
        self.log.sampled += taken
        self.finished = taken < samples
        self._silent = 0 if self.finished else self._silent - samples
        if not self._silent:
            self._boot()
        return [*self._announce(), *self._farewell()] if self.finished else []

    def _sample(self, samples: int) -> list[Message]:
        out = self._due() if self._index == self._sent else []
        mv, off = self.source.take(samples)
        taken = len(mv)
        places = np.arange(self._index, self._index + taken) % self._room
        self._counts[places] = self._convert(mv)
        self._off[places] = off
        self._index += taken
        self.log.sampled += taken
        self.finished = taken < samples
        if self.finished or self._index - self._sent == self.samples_per_message:
            out += self._send()
        return [*out, *self._farewell()] if self.finished else out

    def _farewell(self) -> list[Message]:
        """The index of the end, so that a loss just before it is noticed; and that nothing more will come."""
        self.streaming = False
        return [self._status()] * FAREWELLS

    def _convert(self, mv: Millivolts) -> npt.NDArray[np.int32]:
        top = full_scale(self._adc_bits)
        counts = np.clip(np.rint(mv * self._counts_per_mv), -top, top)
        return np.where(np.isnan(counts), NO_VALUE, counts).astype(np.int32)

    def _send(self) -> list[Message]:
        """The message of the samples not sent yet."""
        first, count = self._sent, self._index - self._sent
        self._sent = self._index
        if not count:
            return []
        message = self._message(first, count)
        changed = message.electrode_off != self._electrode_off
        self._electrode_off = message.electrode_off
        out: list[Message] = [message]
        if not self.streaming:
            self.log.lose("stopped", self.position(first), count)
            out = []
        return [*out, self._status()] if changed else out

    def _message(self, first: int, count: int) -> Samples:
        places = np.arange(first, first + count) % self._room
        off = int(np.bitwise_or.reduce(self._off[places]))
        return Samples(first % INDEX_MODULUS, self._clock_us(first), off, self._counts[places])

    def _due(self) -> list[Message]:
        out: list[Message] = []
        if self._index >= self._announce_at:
            out += self._announce()
        if self._index >= self._status_at:
            self._status_at += math.ceil(STATUS_S * self.rate)
            out.append(self._status())
        return out

    def _announce(self) -> list[Message]:
        self._announce_at = self._index + math.ceil(ANNOUNCE_S * self.rate)
        can = CAN_SET_RATE | (CAN_RESEND if self._held else 0)
        who = (MAJOR, MINOR, self._device_id, self.boot_id, self._firmware)
        what = (self._rate_mhz, self._adc_bits, len(self.channels), can, self._name)
        return [Identity(*who, *what), *self.channels]

    def _status(self) -> Status:
        flags = STREAMING if self.streaming else 0
        battery = (self.battery_percent, self.battery_mv)
        clock_us, index = self._clock_us(self._sent), self._sent % INDEX_MODULUS
        return Status(clock_us, index, *battery, self._electrode_off, flags, self._dropped % INDEX_MODULUS)

    def _set_rate(self, token: int, rate_mhz: int) -> list[Message]:
        if refused_rate(rate_mhz):
            return [Ack(SetRate.TYPE, token, BAD_ARGUMENT)]
        source = self.source.at_rate(rate_mhz)
        if source is None:
            return [Ack(SetRate.TYPE, token, NOT_AVAILABLE)]
        self.source = source
        self.reboot()
        return [Ack(SetRate.TYPE, token, OK), *self._announce()]

    def _resend(self, token: int, first: int, count: int) -> list[Message]:
        if not 0 < count < INDEX_MODULUS // 2:
            return [Ack(Resend.TYPE, token, BAD_ARGUMENT)]
        oldest = max(self._first, self._index - self._held)
        start = self._unwrapped(first)
        stop = min(start + count, self._sent)
        start = max(start, oldest)
        if start >= stop:
            return [Ack(Resend.TYPE, token, NOT_AVAILABLE)]
        step = self.samples_per_message
        again = [self._message(at, min(step, stop - at)) for at in range(start, stop, step)]
        return [Ack(Resend.TYPE, token, OK), *again]

    def _clock_us(self, index: int) -> int:
        return index * 1_000_000_000 // self._rate_mhz

    def _unwrapped(self, index: int) -> int:
        """The sample with wire index `index`, as the one of its kind nearest to now."""
        half = INDEX_MODULUS // 2
        return self._index + (index - self._index + half) % INDEX_MODULUS - half
