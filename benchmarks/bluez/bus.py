"""A dbus-daemon of our own on a private socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

ADDRESS_VARIABLE = "DBUS_SYSTEM_BUS_ADDRESS"  # where bleak and dbus-fast look for the system's bus
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>{auth}</auth>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
    {extra}
  </policy>
</busconfig>
"""
DENY = '<deny send_destination="org.bluez" send_type="method_call"/>'


def available() -> bool:
    """Whether there is a dbus-daemon (Debian's package dbus or dbus-daemon) and dbus-fast (it comes with bleak)."""
    from importlib.util import find_spec

    return shutil.which("dbus-daemon") is not None and find_spec("dbus_fast") is not None


class PrivateBus:
    """A bus for `with`; inside, it is the system's bus of this process and its children.

    `deny`: its policy forbids calling org.bluez, as an unprivileged user may meet it. `auth` ANONYMOUS: it refuses the
    way by which clients say who they are.
    """

    def __init__(self, *, deny: bool = False, auth: str = "EXTERNAL") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bus-")
        socket = Path(self._folder.name) / "bus"
        self.address = f"unix:path={socket}"
        self._configuration = socket.with_name("bus.conf")
        self._configuration.write_text(CONFIGURATION.format(socket=socket, auth=auth, extra=DENY if deny else ""))
        self._before: str | None = None

    def __enter__(self) -> Self:
        command = ["dbus-daemon", "--nofork", "--nopidfile", "--print-address", f"--config-file={self._configuration}"]
        self._daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._daemon.stdout is not None
        self._daemon.stdout.readline()  # comes once the socket is there
        self._before = os.environ.get(ADDRESS_VARIABLE)
        os.environ[ADDRESS_VARIABLE] = self.address
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is None:
            os.environ.pop(ADDRESS_VARIABLE, None)
        else:
            os.environ[ADDRESS_VARIABLE] = self._before
        self.stop()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        return self._daemon.pid

    def stop(self) -> None:
        """It dies, as it may under a running program."""
        if self._daemon.poll() is None:
            self._daemon.terminate()
            self._daemon.wait()
        if self._daemon.stdout is not None:
            self._daemon.stdout.close()
