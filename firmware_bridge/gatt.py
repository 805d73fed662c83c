"""The patch's GATT service: two characteristics, one for each direction, so that messages stay in order."""

from __future__ import annotations

from typing import Final

from firmware_bridge.messages import MAX_CHANNELS, samples_that_fit

SERVICE: Final = "4b090001-86c6-4341-a96a-e69e80a0052c"
FROM_PATCH: Final = "4b090002-86c6-4341-a96a-e69e80a0052c"  # notify: one message a notification
TO_PATCH: Final = "4b090003-86c6-4341-a96a-e69e80a0052c"  # write with response: one command a write

ATT_HEADER: Final = 3  # bytes of the MTU that a notification does not have for its value
MIN_MTU: Final = 64  # one sample of MAX_CHANNELS channels (53 bytes) and every description (42) fit


def samples_per_notification(mtu: int, channels: int) -> int:
    """How many samples of `channels` channels one notification holds at this ATT MTU.

    Raises ValueError below MIN_MTU, where a sample of every allowed channel count is not sure to fit.
    """
    if mtu < MIN_MTU:
        raise ValueError(f"an MTU of {mtu} is too small: the protocol needs {MIN_MTU}")
    if not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f"{channels} channels: 1 to {MAX_CHANNELS} is possible")
    return samples_that_fit(mtu - ATT_HEADER, channels)
