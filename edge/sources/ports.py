"""The serial ports of this machine."""

from __future__ import annotations


def listing() -> str:
    """One port a line, for people."""
    from serial.tools import list_ports

    ports = sorted(list_ports.comports())
    if not ports:
        return "no serial ports here: plug a patch in (on a virtual machine, pass the device through)"
    width = max(len(p.device) for p in ports)
    return "\n".join(f"{p.device:<{width}}  {p.description}" for p in ports)
