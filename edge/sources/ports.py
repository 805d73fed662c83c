"""The serial ports of this machine, and the Bluetooth devices around it."""

from __future__ import annotations


def listing() -> str:
    """For people: one port a line, then one device a line; where there are none, why."""
    from edge.sources.ble_scan import listing as devices

    return f"{_ports()}\n{devices()}"


def _ports() -> str:
    from serial.tools import list_ports

    ports = sorted(list_ports.comports())
    if not ports:
        return "no serial ports here: plug a patch in (on a virtual machine, pass the device through)"
    width = max(len(p.device) for p in ports)
    return "\n".join(f"{p.device:<{width}}  {p.description}" for p in ports)
