"""The host's side of the conversation with a patch, without any I/O: messages in, items and commands out."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from edge.errors import Reason, SourceLost
from edge.sources.asking import Asking
from edge.sources.description import Description
from edge.sources.items import Battery, Button, Contact, Corruption, Item, Restarted, Suspected, Upto
from edge.sources.resending import Resending
from edge.sources.running_index import INDEX_MODULUS, LEAP_S, QUIET_S, Place, RunningIndex
from edge.timeline import Cause, Chunk
from firmware_bridge import messages as wire
from firmware_bridge.framing import Corrupt
from firmware_bridge.validate import refusal

HELLO_TRIES = 10  # a line that loses every third frame hides a channel from so many answers once in 20,000
ASK_EVERY = 10  # frames of samples that wait, from the fifth on: sooner than an answer on its way can be noticed
MAX_WAITING = 1000  # messages, a megabyte: what a patch sends between two announcements, 5 s, at twelve channels
STRAYS = 25  # messages in turn from beyond what is believed, half a second: the index has gone wrong for good
NO_BATTERY = wire.UNKNOWN_BATTERY

Incoming = wire.Message | wire.Unknown | wire.Malformed | Corrupt


class PatchLink:
    """Follows one patch from its first word on, through lost frames, an index that wraps, reboots and returns.

    What comes while it is not certain what the patch measures, or which boot counts, waits until an Identity tells;
    nothing is lost meanwhile. The first sample counted is the first one heard, or the one that a `Status` before named.
    """

    def __init__(self, source: str, channels: tuple[str, ...] = ()) -> None:
        self.source = source
        self.streaming = False  # samples of this boot have come
        self.ended = False  # the patch says that it has stopped
        self.asking = Asking()  # what is to go to the patch
        self._channels = channels
        self._identity: wire.Identity | None = None
        self._table: dict[int, wire.Channel] = {}
        self._description: Description | None = None  # once it is whole
        self._now_ns = 0  # of the host's clock, at the latest message
        self._count = RunningIndex(0.0)
        self._resending = Resending(0.0, self.asking.again)
        self._doubtful = False  # whether the boot is still the one known
        self._away = False  # the link was down, and no samples have come since
        self._waiting: deque[tuple[Incoming, int]] = deque(maxlen=MAX_WAITING)  # with the host's time
        self._asked = 0  # frames of samples that waited since the patch was asked
        self._begins: int | None = None  # the index that a Status gave before the first samples of a boot
        self._restarting = False  # a boot has ended, and the next one's samples are not there yet
        self._started = False  # Start is acknowledged in this boot
        self._strays = 0
        self._off: frozenset[str] = frozenset()
        self._battery = NO_BATTERY
        self._half = 0  # times that the patch left something of itself out

    @property
    def described(self) -> bool:
        """Whether it is known what the patch measures."""
        return self._description is not None

    def greet(self, *, silent: bool = False) -> None:
        """Ask the patch who it is; to be called when the link comes up, or (`silent`) was up and says nothing."""
        self.asking.who()
        self._away |= not silent
        self._resending.link_returned()
        if self.described:
            self._doubtful = True
            self.asking.start()

    def stop(self) -> None:
        """Ask the patch to be quiet; for the end of a run."""
        if self.streaming and not self.ended:
            self.asking.stop()

    def feed(self, message: Incoming, now_ns: int) -> list[Item]:
        """What `message`, come at `now_ns` of the host's monotonic clock, says. Raises SourceLost to refuse a patch."""
        self._now_ns = now_ns
        match message:
            case wire.Identity() as m:
                return self._identify(m)
            case wire.Channel() as m:
                return self._channel(m)
            case wire.Ack() as m:
                return self._acknowledged(m)
        if self._doubtful or not self.described:
            return self._wait(message, now_ns)
        return self._take(message, now_ns, sure=False)

    def settle(self) -> list[Item]:
        """What still waits, taken for what it says it is: for the end, when nobody will answer any more."""
        if not self.described:
            return []
        self._doubtful = False
        waiting = list(self._waiting)
        self._waiting.clear()
        return [item for message, at_ns in waiting for item in self._take(message, at_ns, sure=True)]

    def _wait(self, message: Incoming, now_ns: int) -> list[Item]:
        if len(self._waiting) == MAX_WAITING and self.described:  # nobody answers
            return [*self.settle(), *self._take(message, now_ns, sure=True)]
        if not self.described and self._waiting and now_ns - self._waiting[-1][1] > QUIET_S * 1e9:
            self._waiting.clear()  # may be of another boot, and there is no count yet to hold it against
        self._waiting.append((message, now_ns))
        if isinstance(message, wire.Samples):
            self._asked += 1
            if self._asked % ASK_EVERY == ASK_EVERY // 2:
                self.asking.who()
        return []

    def _doubt(self, message: Incoming, now_ns: int) -> list[Item]:
        """`message` does not fit the count, or comes after a silence: ask whether the count has begun anew."""
        self._doubtful, self._asked = True, 0
        self.asking.who()
        return self._wait(message, now_ns)

    def _take(self, message: Incoming, now_ns: int, *, sure: bool) -> list[Item]:
        """`sure`: the boot is the one known, whatever the message's index."""
        match message:
            case Corrupt() | wire.Malformed() as m:
                return [Corruption(m.bytes_lost), Suspected(Cause.CORRUPT)]
            case wire.Samples() as m:
                return self._samples(m, now_ns, sure)
            case wire.Status() as m:
                return self._status(m, now_ns, sure)
            case wire.Event() as m if m.kind == wire.BUTTON and self._count.next is not None:
                return [Button(self._count.unwrap(m.index))]
        return []

    def _identify(self, new: wire.Identity) -> list[Item]:
        if new.major != wire.MAJOR:
            self._refuse(refusal(new, self._table) or f"protocol {new.major} is unknown")
        old, self._identity = self._identity, new
        if old is None or not self.described:
            if old is not None and old.boot_id != new.boot_id:
                self._table.clear()
                self._waiting.clear()  # of the boot before
                self._half = 0
            return self._describe()
        if new.device_id != old.device_id:
            self._refuse(
                f"another patch came back ({new.device_id:016x} instead of {old.device_id:016x}): "
                "start edge-run anew for it"
            )
        if (new.rate_mhz, new.channels) != (old.rate_mhz, old.channels):
            self._refuse("the patch came back with another rate or number of channels: start edge-run anew for it")
        before: list[Item] = []
        if new.boot_id != old.boot_id:
            before = self._last_of_the_boot()
            self._restart()
        return [*before, *self.settle()]

    def _last_of_the_boot(self) -> list[Item]:
        """What waits and goes on from what came before the wait: the patch sent it before it started anew."""
        out: list[Item] = []
        while self._waiting and self._count.next is not None:
            message, at_ns = self._waiting[0]
            if (end := self._end(message)) is not None:
                if not (self._count.keeps_pace(end, at_ns) or (self._count.follows(end) and not self._away)):
                    break
                at_ns = min(at_ns, self._count.due_ns(end))  # whatever held it up, it was sent before the reboot
            self._waiting.popleft()
            out += self._take(message, at_ns, sure=True)
        return out

    def _end(self, message: Incoming) -> int | None:
        """The index, unwrapped, that `message` reaches up to."""
        match message:
            case wire.Samples() as m:
                return self._count.unwrap(m.index) + len(m.counts)
            case wire.Status() | wire.Event() as m:
                return self._count.unwrap(m.index)
        return None

    def _restart(self) -> None:
        """The patch counts from anew; by how much the timeline moves on is told with the first that comes."""
        self._restarting |= self._count.next is not None
        self._count.end()
        self._resending.restart()
        self._begins, self._strays = None, 0
        self.streaming = self._started = False
        self.asking.start()

    def _channel(self, new: wire.Channel) -> list[Item]:
        if self.described:
            if new != self._table.get(new.index):
                self._refuse(f"channel {new.index} changed its electrodes or its gain: start edge-run anew for it")
            return []
        self._table[new.index] = new
        return self._describe()

    def _describe(self) -> list[Item]:
        identity = self._identity
        if self.described or identity is None or len(self._table) < identity.channels:
            return []
        reason = refusal(identity, self._table)
        if reason:
            self._refuse(reason)
        self._description = Description.of(identity, self._table, self._channels, self.source)
        self._count = RunningIndex(self._description.rate)
        self._resending = Resending(self._description.rate, self.asking.again)
        self._resending.capable(bool(identity.capabilities & wire.CAN_RESEND))
        self.asking.start()
        return [replace(self._description.item(self.source), at_ns=self._now_ns), *self.settle()]

    def _acknowledged(self, m: wire.Ack) -> list[Item]:
        if m.command == wire.Start.TYPE and m.result == wire.OK:
            self._started = True
        if m.command == wire.Hello.TYPE and not self.described:  # said all, but a frame may have been lost
            self._half += 1
            if self._identity is not None and self._half >= HELLO_TRIES:
                self._refuse(refusal(self._identity, self._table) or "the patch does not describe its channels")
            self.asking.who()
        if m.command == wire.Resend.TYPE and m.result != wire.OK:
            return self._resending.refused(m.token, m.result == wire.UNKNOWN_COMMAND)
        return []

    def _refuse(self, reason: str) -> None:
        raise SourceLost(f"{self.source}: {reason}", Reason.PROTOCOL)

    def _samples(self, m: wire.Samples, now_ns: int, sure: bool) -> list[Item]:
        known, count = self._description, self._count
        assert known is not None
        if m.counts.shape[1] != len(known.channels):
            return [Corruption(m.counts.size * 3), Suspected(Cause.CORRUPT)]
        off = known.off(m.electrode_off)
        if self._restarting and not self._away and (left := count.left_over(m.index)) is not None:
            return [Chunk(left, known.millivolts(m.counts, off))]
        out = self._begin(m, now_ns) if count.next is None else []
        assert count.next is not None
        index, expected = count.unwrap(m.index), count.next
        end = index + len(m.counts)
        live = not self._resending.answers(index, end)
        if live:
            place = count.place(end, now_ns)
            if not sure and (place is not Place.HERE or count.quiet(now_ns)):
                return self._doubt(m, now_ns)
            if place is Place.AHEAD:
                return self._stray(m, now_ns)
            self._strays, self.streaming, self._away = 0, True, False
            if count.heard(end, now_ns) and off != self._off:
                self._off = off
                out.append(Contact(off))
        missing = self._resending.came(index, end, expected, now_ns)
        came_ns = now_ns if live else None
        return [*out, *missing, Chunk(index, known.millivolts(m.counts, off), m.clock_us, came_ns)]

    def _begin(self, m: wire.Samples, now_ns: int) -> list[Item]:
        """The first samples of a boot: where its count begins, and how much of the timeline passed before."""
        ahead = 0 if self._begins is None else (m.index - self._begins) % INDEX_MODULUS
        if ahead > LEAP_S * self._count.rate:
            ahead = 0
        begins = m.index - ahead
        taken_ns = now_ns - round((ahead + len(m.counts)) / self._count.rate * 1e9)
        return [*self._resume(begins, taken_ns), *([Upto(begins)] if ahead else [])]

    def _resume(self, begins: int, at_ns: int) -> list[Item]:
        lost = self._count.since_end(at_ns)
        self._count.begin(begins, at_ns)
        restarting, self._restarting = self._restarting, False
        return [Restarted(lost)] if restarting else []

    def _stray(self, m: wire.Samples, now_ns: int) -> list[Item]:
        """Of this boot, and of an index that it cannot have come to. One is an error; many are a new count."""
        self._strays += 1
        if self._strays < STRAYS:
            return [Corruption(m.counts.size * 3), Suspected(Cause.CORRUPT)]
        self._restart()
        return self._samples(m, now_ns, True)

    def _status(self, m: wire.Status, now_ns: int, sure: bool) -> list[Item]:
        count, streams = self._count, bool(m.flags & wire.STREAMING)
        out: list[Item] = []
        if count.next is not None:
            place = count.place(count.unwrap(m.index), now_ns)
            if not sure and (place is not Place.HERE or (streams and count.quiet(now_ns))):
                return self._doubt(m, now_ns)
            if place is Place.AHEAD:
                return [Corruption(wire.MIN_SIZE[m.TYPE]), Suspected(Cause.CORRUPT)]
            if place is Place.BEHIND:
                self._restart()  # a Status is never sent again: this is where the patch is now
        if count.next is None and streams:
            self._begins = m.index if self._begins is None else self._begins
        elif count.next is None and self._restarting:
            out += self._resume(m.index, now_ns)
        if count.next is not None and (index := count.unwrap(m.index)) >= count.next:
            out.append(Upto(index))
            count.announced(index, now_ns)
            self.ended = not streams and (self.streaming or self._started)
        if m.battery_percent not in (NO_BATTERY, self._battery):
            self._battery = m.battery_percent
            out.append(Battery(m.battery_percent))
        return out
