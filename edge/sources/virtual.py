"""A virtual patch in this process: the real bytes and the real conversation, without a port and without waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from edge.sources.items import Item, Link, Restarted, Suspected
from edge.sources.patch import PatchLink
from edge.sources.serial import GREET_EVERY_S, STALL_S
from edge.timeline import Cause, Chunk
from firmware_bridge.faults import Fault
from firmware_bridge.framing import SerialDecoder, frame
from firmware_bridge.line_faults import Frame
from firmware_bridge.link import Link as Line
from firmware_bridge.patch import VirtualPatch

NAME = "virtual patch"


class VirtualSource:
    """Source: `patch` behind its `faults`, as fast as it goes; the same seed gives the same items.

    The host's clock is the signal's time, so what a reboot costs is known to a sample. In a script, without asyncio:

        mv = synthesise("sinus", 60).mv[:, [LEAD[name] for name in ("II", "V1", "V5")]]
        patch = virtual_patch(mv, 500, ("II", "V1", "V5"))
        for item in VirtualSource(patch, [parse_fault("unplug:at=20,for=5")]).play():
            print(item)
    """

    def __init__(
        self, patch: VirtualPatch, faults: Sequence[Fault] = (), *, seed: int = 0, channels: Sequence[str] = ()
    ) -> None:
        self.log = patch.log
        self._patch, self._line = patch, Line(patch, faults, seed=seed)
        self._host = PatchLink(NAME, tuple(channels))
        self._from_patch, self._from_host = SerialDecoder(), SerialDecoder()
        self._heard_s = self._greeted_s = 0.0  # the host's time of the last item, of the last greeting
        self._samples_s = 0.0  # the same, of the last samples
        self._silent = False  # told so

    async def items(self) -> AsyncIterator[Item]:
        for item in self.play():
            yield item

    async def close(self) -> None:
        pass

    def play(self) -> Iterator[Item]:
        """All that happens, in the order in which it does. Raises SourceLost to refuse the patch."""
        self._host.greet()
        while not (self._line.finished or self._host.ended):
            yield from self._heard(self._answers())
            was_up = self._line.up
            frames = self._line.advance(min(self._patch.until_message, self._patch.samples_per_message))
            if was_up and not self._line.up:
                yield Link(False, f"{NAME} unplugged")
            elif self._line.up and not was_up:
                yield from self._returned()
            yield from self._heard(frames)
            yield from self._greet_the_silent()
        yield from self._heard(self._answers())
        yield from self._host.settle()

    @property
    def _now_s(self) -> float:
        """By the host's clock, which the patch's crystal may not agree with."""
        return self._patch.elapsed_s / self._line.clock_ratio

    def _answers(self) -> list[Frame]:
        """What comes back for the host's commands; nothing over a link that is down."""
        commands = self._host.asking.take()
        if not self._line.up:
            return []
        messages = [m for command in commands for m in self._from_host.feed(frame(command))]
        return [sent for message in messages for sent in self._line.command(message)]

    def _heard(self, frames: Iterable[Frame]) -> Iterator[Item]:
        for sent in frames:
            self._line.arrived(sent)
            for message in self._from_patch.feed(sent.data):
                for item in self._host.feed(message, round(self._now_s * 1e9)):
                    self._heard_s = self._now_s
                    yield from self._with_link(item)

    def _returned(self) -> Iterator[Item]:
        self._from_patch, self._from_host = SerialDecoder(), SerialDecoder()
        self._host.greet()
        self._heard_s = self._greeted_s = self._samples_s = self._now_s
        self._silent = False
        yield Suspected(Cause.LINK)
        yield Link(True, f"{NAME} is back")

    def _with_link(self, item: Item) -> Iterator[Item]:
        """`item`, and around it what it says of a patch that had fallen silent."""
        if not isinstance(item, Chunk | Restarted):
            yield item
            return
        self._samples_s = self._now_s
        was_silent, self._silent = self._silent, False
        if was_silent and isinstance(item, Chunk):  # else a hole with a cause of its own
            yield Suspected(Cause.LINK)
        yield item
        if was_silent:
            yield Link(True, f"{NAME} is back")

    def _greet_the_silent(self) -> Iterator[Item]:
        if not self._line.up:
            return
        silent = self._host.described and self._now_s - self._samples_s > STALL_S
        if silent and not self._silent:
            self._silent = True
            yield Link(False, f"{NAME}: no samples for {STALL_S:g} s")
        waiting = silent or not self._host.described or self._now_s - self._heard_s > STALL_S
        if waiting and self._now_s - self._greeted_s >= GREET_EVERY_S:
            self._host.greet(silent=True)
            self._greeted_s = self._now_s
