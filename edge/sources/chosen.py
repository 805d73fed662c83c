"""The source that the settings name; only its own libraries are imported."""

from __future__ import annotations

from pathlib import Path

from edge.config import RunSettings
from edge.errors import UsageError
from edge.sources.items import Source


def chosen_source(s: RunSettings) -> Source:
    """Raises InputError for a recording that cannot be used; a port or a link is opened when the run starts."""
    if s.device and (foreign := _foreign(s, s.device)):
        return foreign
    if s.port:
        from edge.sources.serial import SerialPatch

        return SerialPatch(s.port, s.baud, s.channels, s.give_up)
    if s.ble:
        from edge.sources.ble import BlePatch

        return BlePatch(s.ble, s.channels, s.give_up, bond=s.bond)
    from edge.sources.replay import open_replay

    return open_replay(Path(s.replay or ""), s.channels, s.speed)


def _foreign(s: RunSettings, device: str) -> Source | None:
    """A device of another maker; None where it is a patch of ours."""
    from edge.sources.devices import OWN, decoder_of
    from edge.sources.foreign import Foreign
    from firmware_bridge.decoders.base import Serial

    make = decoder_of(device)
    if device == OWN:
        return None
    setup = (s.device_setup or "").encode("ascii")
    foreign = Foreign(make, s.channels, s.port or s.ble or "", uv_per_count=s.uv_per_count, setup=setup)
    link = foreign.link
    if isinstance(link, Serial):
        if not s.port:
            raise UsageError(f"--device {device} is heard on a serial port: give --port instead of --ble")
        from edge.sources.serial import Language, SerialPatch

        baud = link.baud if s.baud == RunSettings().baud else s.baud
        language = Language(foreign.decoder, foreign.encode, lambda: foreign.said, foreign.start_s)
        return SerialPatch(s.port, baud, (), s.give_up, language=language)
    if not s.ble:
        raise UsageError(f"--device {device} is heard by Bluetooth: give --ble instead of --port")
    from edge.sources.ble_foreign import BleDevice

    return BleDevice(s.ble, foreign, link, s.give_up, bond=s.bond)
