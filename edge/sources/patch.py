"""The host's side of the conversation with a patch, without any I/O: messages in, items and commands out."""

from __future__ import annotations

import numpy as np

from edge.errors import Reason, SourceLost
from edge.leads import determined
from edge.montage import Montage
from edge.sources.items import Battery, Button, Contact, Corruption, Described, Item, Restarted, Suspected, Upto
from edge.timeline import Cause, Chunk
from firmware_bridge import messages as wire
from firmware_bridge.framing import Corrupt
from firmware_bridge.validate import refusal

STALE_FRAMES = 25  # this many frames from the past in a row: the patch may have started anew unseen
HELLO_TRIES = 4
NO_BATTERY = wire.UNKNOWN_BATTERY

Incoming = wire.Message | wire.Unknown | wire.Malformed | Corrupt


class PatchLink:
    """Follows one patch from its first word on, through lost frames, an index that wraps, reboots and returns."""

    def __init__(self, source: str, channels: tuple[str, ...] = ()) -> None:
        self.source = source
        self.described = False
        self.streaming = False
        self.ended = False  # the patch says that it has stopped
        self._channels = channels
        self._identity: wire.Identity | None = None
        self._table: dict[int, wire.Channel] = {}
        self._montage: Montage | None = None
        self._gain_mv = np.zeros(0)
        self._columns: list[int] = []  # of the patch's channels, the ones used
        self._index: int | None = None  # unwrapped index of the next sample expected
        self._last_ns = 0  # host time of the last samples
        self._off: frozenset[str] | None = None
        self._battery = NO_BATTERY
        self._stale = 0
        self._token = 0
        self._half = 0  # times that the patch left something of itself out
        self.outgoing: list[wire.Command] = []

    def greet(self) -> None:
        """Ask the patch who it is; to be called when the link comes up."""
        self.outgoing.append(wire.Hello(self._next_token(), wire.MAJOR, wire.MINOR))
        if self.described:
            self.outgoing.append(wire.Start(self._next_token()))

    def stop(self) -> None:
        """Ask the patch to be quiet; for the end of a run."""
        if self.streaming and not self.ended:
            self.outgoing.append(wire.Stop(self._next_token()))

    def feed(self, message: Incoming, now_ns: int) -> list[Item]:
        """What `message`, come at `now_ns` of the host's monotonic clock, says. Raises SourceLost to refuse a patch."""
        match message:
            case Corrupt() as m:
                return [Corruption(m.bytes_lost), Suspected(Cause.CORRUPT)]
            case wire.Malformed() as m:
                return [Corruption(m.bytes_lost), Suspected(Cause.CORRUPT)]
            case wire.Identity() as m:
                return self._identify(m, now_ns)
            case wire.Channel() as m:
                return self._channel(m)
            case wire.Samples() as m:
                return self._samples(m, now_ns)
            case wire.Status() as m:
                return self._status(m)
            case wire.Event() as m if m.kind == wire.BUTTON and self._index is not None:
                return [Button(self._unwrap(m.index))]
            case wire.Ack() as m if m.command == wire.Hello.TYPE and not self.described:
                return self._half_described()
        return []

    def _next_token(self) -> int:
        self._token = (self._token + 1) % 256
        return self._token

    def _identify(self, new: wire.Identity, now_ns: int) -> list[Item]:
        if new.major != wire.MAJOR:
            self._refuse(refusal(new, self._table) or f"protocol {new.major} is unknown")
        old, self._identity = self._identity, new
        if old is None or not self.described:
            if old is not None and old.boot_id != new.boot_id:
                self._table.clear()
            return self._describe()
        if new.device_id != old.device_id:
            self._refuse(
                f"another patch came back ({new.device_id:016x} instead of {old.device_id:016x}): start edge-run anew for it"
            )
        if (new.rate_mhz, new.channels) != (old.rate_mhz, old.channels):
            self._refuse("the patch came back with another rate or number of channels: start edge-run anew for it")
        if new.boot_id == old.boot_id or self._index is None:
            return []
        away_s = (now_ns - self._last_ns) * 1e-9
        self._index = None
        self._stale = 0
        self.outgoing.append(wire.Start(self._next_token()))
        return [Restarted(max(0, round(away_s * new.rate_mhz / 1000)))]

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
        table = [self._table[k] for k in range(identity.channels)]
        self._gain_mv = np.array([c.gain_pv_per_count for c in table]) * 1e-9
        montage = Montage.of_electrodes(np.array([c.weights for c in table]) / wire.WEIGHT_UNIT)
        self._montage, self._columns = _chosen(montage, self._channels, self.source)
        self.described = True
        self.outgoing.append(wire.Start(self._next_token()))
        return [
            Described(
                identity.name or f"{identity.device_id:016x}",
                self._montage,
                identity.rate_mhz / 1000,
                self.source,
                f"{identity.device_id:016x}",
                ".".join(map(str, identity.firmware)),
                tuple(table[k].gain_pv_per_count * 1e-6 for k in self._columns),
            )
        ]

    def _half_described(self) -> list[Item]:
        """The patch says that it has said all. A frame may have been lost, so it is asked again, but not for ever."""
        self._half += 1
        if self._identity is not None and self._half >= HELLO_TRIES:
            self._refuse(refusal(self._identity, self._table) or "the patch does not describe its channels")
        self.outgoing.append(wire.Hello(self._next_token(), wire.MAJOR, wire.MINOR))
        return []

    def _refuse(self, reason: str) -> None:
        raise SourceLost(f"{self.source}: {reason}", Reason.PROTOCOL)

    def _samples(self, m: wire.Samples, now_ns: int) -> list[Item]:
        identity, montage = self._identity, self._montage
        if identity is None or montage is None:
            return []  # nobody knows yet what they mean
        if m.counts.shape[1] != identity.channels:
            return [Corruption(m.counts.size * 3), Suspected(Cause.CORRUPT)]
        if self._index is None:
            self._index = m.index
        index = self._unwrap(m.index)
        stale = index + len(m.counts) <= self._index
        self._stale = self._stale + 1 if stale else 0
        if self._stale == STALE_FRAMES:
            self.outgoing.append(wire.Hello(self._next_token(), wire.MAJOR, wire.MINOR))
        self._index = max(self._index, index + len(m.counts))
        self._last_ns = now_ns
        self.streaming = True
        out = self._contact(m.electrode_off)
        mv = (m.counts * self._gain_mv).astype(np.float32)
        rail = wire.full_scale(identity.adc_bits)
        unusable = (m.counts >= rail) | (m.counts <= -rail)  # NO_VALUE is below every rail
        mv[unusable] = np.nan
        mv = mv[:, self._columns]
        mv[:, [name in (self._off or ()) for name in montage.names]] = np.nan
        return [*out, Chunk(index, mv)]

    def _contact(self, bits: int) -> list[Item]:
        """Which channels an electrode that is off takes with it: all that weigh it."""
        montage = self._montage
        assert montage is not None
        channels = zip(montage.names, self._columns, strict=True)
        off = {name for name, column in channels if self._table[column].is_off(bits)}
        now = frozenset(off)
        if now == (self._off or frozenset()):
            self._off = now
            return []
        self._off = now
        return [Contact(now)]

    def _status(self, m: wire.Status) -> list[Item]:
        out: list[Item] = []
        if self._index is not None:
            index = self._unwrap(m.index)
            if index >= self._index:
                out.append(Upto(index))
                self._index = index
            if self.streaming and not m.flags & wire.STREAMING:
                self.ended = True
        if m.battery_percent not in (NO_BATTERY, self._battery):
            self._battery = m.battery_percent
            out.append(Battery(m.battery_percent))
        return out

    def _unwrap(self, index: int) -> int:
        """The 32-bit index nearest to the one expected, as one that never wraps."""
        assert self._index is not None
        delta = (index - self._index) % 2**32
        return self._index + (delta - 2**32 if delta >= 2**31 else delta)


def _chosen(montage: Montage, channels: tuple[str, ...], source: str) -> tuple[Montage, list[int]]:
    """The montage the user asks for and the patch's channels it takes.

    Where the patch says which leads it measures, `channels` selects among them; where it does not, it names them in order.
    """
    names = montage.names
    if not channels:
        if not determined(montage.rows).any():
            text = f"{source}: no standard lead follows from the patch's channels; say what they are with --channels"
            raise SourceLost(text, Reason.NO_LEADS)
        return montage, list(range(len(names)))
    wanted = Montage.of_leads(channels)
    if set(wanted.names) <= set(names):
        return wanted, [names.index(name) for name in wanted.names]
    if montage.standard or len(channels) != len(names):
        text = f"{source}: --channels asks for {', '.join(wanted.names)}, the patch sends {', '.join(names)}"
        raise SourceLost(text, Reason.NO_LEADS)
    return wanted, list(range(len(names)))
