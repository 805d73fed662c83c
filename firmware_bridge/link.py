"""The line between a patch and its host, with the faults it is asked for and the truth about what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

from firmware_bridge import faults as fault
from firmware_bridge.disturbance import Disturbed, of_signal
from firmware_bridge.framing import DELIMITER, frame
from firmware_bridge.framing import Corrupt as CorruptBytes
from firmware_bridge.line_faults import LAST, Fate, Frame, lose, stages
from firmware_bridge.messages import Malformed, Message, Resend, Samples, Unknown, encode
from firmware_bridge.patch import VirtualPatch


class Link:
    """A patch behind its faults: `advance` and `command` as a `VirtualPatch` has them, frames instead of messages.

    Whoever takes the frames says of each, in order, whether it `arrived` or was `lost`; `patch.log` then holds
    sampled == delivered + lost once all is `finished`. The same seed gives the same frames, however it is advanced.
    `bare`: as over GATT, where a notification is a message: none is framed, and the line itself spoils no bits.
    """

    def __init__(
        self, patch: VirtualPatch, faults: Sequence[fault.Fault] = (), *, seed: int = 0, bare: bool = False
    ) -> None:
        self.patch = patch
        self.log = patch.log
        self.up = True
        self._bare = bare
        self.clock_ratio = math.prod(1 + f.ppm / 1e6 for f in faults if isinstance(f, fault.Drift))  # to the host's
        if disturbing := of_signal(faults):
            patch.source = Disturbed(patch.source, disturbing, patch.channels, patch.names, seed=seed)
        reboots = [f for f in faults if isinstance(f, fault.Reboot)]
        self._reboots = sorted(reboots, key=lambda f: f.at_s, reverse=True)  # the next one last
        self._unplugs = [f for f in faults if isinstance(f, fault.Unplug)]
        self._stalls = [f for f in faults if isinstance(f, fault.Stall)]
        self._stalled = False
        self._stages = stages(faults, seed, self.log, bare=bare)
        self._open: str | None = None  # by what the line was left without a delimiter
        self._flushed = False

    @property
    def finished(self) -> bool:
        return self._flushed

    def advance(self, samples: int) -> list[Frame]:
        """What is on the line while the patch takes the next `samples`, faults being what they are."""
        out: list[Frame] = []
        while samples > 0 and not self.patch.finished:
            step = min(samples, self.patch.until_message, self._until_reboot())
            out += self._carry(self._frames(self.patch.advance(step)))
            samples -= step
            self._reboot_if_due()
        if self.patch.finished and not self._flushed:
            self._flushed = True
            out += self._unless_away(self._through([], LAST))
        return out

    def command(self, message: Message | Unknown | Malformed | CorruptBytes) -> list[Frame]:
        """What comes back over the line for a command of the host's. Samples sent again make good what is lost."""
        answers = self.patch.command(message)
        return self._carry(self._frames(answers, again=isinstance(message, Resend)))

    def arrived(self, sent: Frame) -> bool:
        """The frame's bytes went out; whether a host can read it."""
        cause = sent.spoiled or self._open
        self._open = None if self._bare or sent.data.endswith(DELIMITER) else cause or "open"
        if cause:
            self.lost(sent, cause)
            return False
        sent.fate.copies -= 1
        if not sent.fate.arrived:
            sent.fate.arrived = True
            if sent.fate.again:
                self.log.regain(sent.fate.first, sent.fate.samples)
            else:
                self.log.delivered += sent.fate.samples
        return True

    def lost(self, sent: Frame, kind: str) -> None:
        """The frame's bytes never went out."""
        lose(self.log, sent.fate, kind)

    def bytes(self, samples: int) -> bytes:
        """`advance`, on a line that takes everything."""
        return b"".join(sent.data for sent in self.advance(samples) if self.arrived(sent) or True)

    def _frames(self, messages: Sequence[Message], *, again: bool = False) -> list[Frame]:
        wrap = encode if self._bare else frame
        return [Frame(wrap(m), self._fate(m, again)) for m in messages]

    def _fate(self, message: Message, again: bool) -> Fate:
        if isinstance(message, Samples):
            return Fate(self.patch.position(message.index), len(message.counts), again=again)
        return Fate(0, 0)

    def _carry(self, frames: list[Frame]) -> list[Frame]:
        return self._unless_away(self._through(frames, self.patch.elapsed_s))

    def _unless_away(self, frames: list[Frame]) -> list[Frame]:
        up, stalled = not self._now(self._unplugs), self._now(self._stalls)
        if self.up and not up:
            self.log.happened["unplug"] += 1
            self._open = None
        if stalled and not self._stalled:
            self.log.happened["stall"] += 1
        self.up, self._stalled = up, stalled
        if up and not stalled:
            return frames
        for sent in frames:
            self.lost(sent, "stall" if up else "unplug")
        return []

    def _now(self, faults: Sequence[fault.Unplug | fault.Stall]) -> bool:
        return any(f.at_s <= self.patch.elapsed_s < f.at_s + f.for_s for f in faults)

    def _through(self, frames: list[Frame], at_s: float) -> list[Frame]:
        for stage in self._stages:
            frames = stage.carry(frames, at_s)
        return frames

    def _until_reboot(self) -> int:
        if not self._reboots:
            return self.patch.until_message
        return max(1, math.ceil((self._reboots[-1].at_s - self.patch.elapsed_s) * self.patch.rate - 1e-6))

    def _reboot_if_due(self) -> None:
        half_a_sample_s = 0.5 / self.patch.rate
        if self._reboots and self.patch.elapsed_s > self._reboots[-1].at_s - half_a_sample_s:
            due = self._reboots.pop()
            self.log.happened["reboot"] += 1
            self.patch.reboot(round(due.for_s * self.patch.rate))
