"""A patch's side of the conversation with its host, for tests: messages of samples that say which they are."""

import numpy as np

from edge.sources.patch import PatchLink
from edge.timeline import Chunk
from firmware_bridge.messages import (
    ELECTRODES,
    MAJOR,
    MINOR,
    STREAMING,
    UNKNOWN_BATTERY,
    Channel,
    Identity,
    Samples,
    Status,
)

RATE = 250
COUNT_PV = 1_000_000  # 1 uV
FRAME = 10  # samples
WEIGHTS = {
    "II": (-12, 0, 12, 0, 0, 0, 0, 0, 0),
    "V1": (-4, -4, -4, 12, 0, 0, 0, 0, 0),
    "V5": (-4, -4, -4, 0, 0, 0, 0, 12, 0),
    "CH": (0, 0, 0, -12, 0, 0, 0, 12, 0),  # V5 against V1
}
PATCH = ("II", "V1", "V5")


def identity(channels=3, **changes):
    usual = {
        "major": MAJOR,
        "minor": MINOR,
        "device_id": 0xABC,
        "boot_id": 1,
        "firmware": (1, 2, 3),
        "rate_mhz": RATE * 1000,
        "adc_bits": 24,
        "channels": channels,
        "capabilities": 0,
        "name": "patch",
    }
    return Identity(**(usual | changes))


def channel(k, lead, gain=COUNT_PV):
    return Channel(k, gain, WEIGHTS[lead])


def description(leads=PATCH, **changes):
    return [identity(len(leads), **changes), *(channel(k, lead) for k, lead in enumerate(leads))]


def samples(index, count=FRAME, channels=3, off=()):
    """Samples that say which they are, another in each channel."""
    at = np.arange(index, index + count)[:, None] % 1_000_000 + np.arange(channels) * 1000
    bits = sum(1 << ELECTRODES.index(name) for name in off)
    return Samples(index % 2**32, 0, bits, at.astype(np.int32))


def status(index, flags=STREAMING, battery=UNKNOWN_BATTERY):
    return Status(0, index % 2**32, battery, 3700, 0, flags, 0)


class Talk:
    """A link and its host's clock, which goes on by what the messages last."""

    def __init__(self, channels=(), described=PATCH, **about):
        self.link = PatchLink("/dev/ttyX", channels)
        self.now_s = 10.0
        if described:
            self.say(*description(described, **about))
            self.link.asking.outgoing.clear()

    def say(self, *messages):
        items = []
        for message in messages:
            if isinstance(message, Samples):
                self.now_s += len(message.counts) / RATE
            items += self.link.feed(message, round(self.now_s * 1e9))
        return items

    def stream(self, first, frames):
        """Consecutive frames of samples from index `first` on."""
        return self.say(*(samples(first + FRAME * k) for k in range(frames)))

    def asked(self, kind):
        """Whether the patch was sent a command of this kind since the last time."""
        found = any(isinstance(command, kind) for command in self.link.asking.outgoing)
        self.link.asking.outgoing = [command for command in self.link.asking.outgoing if not isinstance(command, kind)]
        return found


def indices(items):
    return [(item.index, len(item.mv)) for item in items if isinstance(item, Chunk)]


def of_kind(items, kind):
    return [item for item in items if isinstance(item, kind)]
