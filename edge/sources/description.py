"""What a patch's channels measure, once it has described them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edge.blocks import Signal
from edge.errors import Reason, SourceLost
from edge.leads import determined
from edge.montage import Montage
from edge.sources.items import Described
from firmware_bridge import messages as wire


@dataclass(frozen=True, eq=False)
class Description:
    """A whole description, and the channels of it that are used."""

    identity: wire.Identity
    channels: tuple[wire.Channel, ...]  # all that the patch has
    montage: Montage  # of the ones used
    columns: tuple[int, ...]  # their places among the patch's

    @classmethod
    def of(
        cls, identity: wire.Identity, table: Mapping[int, wire.Channel], wanted: tuple[str, ...], source: str
    ) -> Description:
        """Of a patch that is not to be refused. Raises SourceLost where the channels `wanted` cannot be had."""
        channels = tuple(table[k] for k in range(identity.channels))
        montage = Montage.of_electrodes(np.array([c.weights for c in channels]) / wire.WEIGHT_UNIT)
        return cls(identity, channels, *_chosen(montage, wanted, source))

    @property
    def rate(self) -> float:
        """Hz."""
        return self.identity.rate_mhz / 1000

    def item(self, source: str) -> Described:
        device_id = f"{self.identity.device_id:016x}"
        firmware = ".".join(map(str, self.identity.firmware))
        uv_per_count = tuple(self.channels[k].gain_pv_per_count * 1e-6 for k in self.columns)
        name = self.identity.name or device_id
        return Described(name, self.montage, self.rate, source, device_id, firmware, uv_per_count)

    def off(self, bits: int) -> frozenset[str]:
        """The channels that the electrodes off by these bits take with them: all that weigh one."""
        channels = zip(self.montage.names, self.columns, strict=True)
        return frozenset(name for name, column in channels if self.channels[column].is_off(bits))

    def millivolts(self, counts: npt.NDArray[np.int32], off: frozenset[str]) -> Signal:
        """Of the channels used; NaN where one is off, saturated or without a value."""
        counts = counts[:, self.columns]
        mv = (counts * self._gains_mv).astype(np.float32)
        mv[np.abs(counts) >= wire.full_scale(self.identity.adc_bits)] = np.nan  # NO_VALUE is below every rail
        if off:
            mv[:, [name in off for name in self.montage.names]] = np.nan
        return mv

    @cached_property
    def _gains_mv(self) -> npt.NDArray[np.float64]:
        """A count, of the channels used."""
        return np.array([self.channels[k].gain_pv_per_count for k in self.columns]) * 1e-9


def _chosen(montage: Montage, wanted: tuple[str, ...], source: str) -> tuple[Montage, tuple[int, ...]]:
    """The montage the user asks for and the patch's channels it takes.

    Where the patch says which leads it measures, `wanted` selects among them; where it does not, it names them in
    order.
    """
    names = montage.names
    if not wanted:
        if not determined(montage.rows).any():
            text = f"{source}: no standard lead follows from the patch's channels; say what they are with --channels"
            raise SourceLost(text, Reason.NO_LEADS)
        return montage, tuple(range(len(names)))
    chosen = Montage.of_leads(wanted)
    if set(chosen.names) <= set(names):
        return chosen, tuple(names.index(name) for name in chosen.names)
    if montage.standard or len(wanted) != len(names):
        text = f"{source}: --channels asks for {', '.join(chosen.names)}, the patch sends {', '.join(names)}"
        raise SourceLost(text, Reason.NO_LEADS)
    return chosen, tuple(range(len(names)))
