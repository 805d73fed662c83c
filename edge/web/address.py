"""Where the page is served: the address that was asked for, the socket on it, and the names that browsers may use."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import OutputError, Reason, UsageError

BACKLOG = 64
SEND_BUFFER = (
    1 << 17
)  # bytes the system holds for one page: else it takes minutes until one that does not read is known
UNREAD_MS = 15_000  # after which the system drops a connection whose other end takes nothing
ELSEWHERE = ("192.0.2.1", 9)  # an address for documentation: nothing is sent, it tells which of ours would be used


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is."""

    ip: str
    port: int
    tls: bool
    names: tuple[str, ...] = ()  # by which it may be called, besides what the machine is called

    @property
    def local(self) -> bool:
        """Only programs on this machine reach it."""
        return ipaddress.ip_address(self.ip).is_loopback

    @property
    def url(self) -> str:
        """For people."""
        ip = ipaddress.ip_address(self.ip)
        host = (self.names[0] if self.names else _our_ip()) if ip.is_unspecified else self.ip
        return f"{'https' if self.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def called(self, host: str, reached_ip: str) -> bool:
        """Whether a browser whose Host header is `host` means us, and not some name that was bent to our address.

        reached_ip: our end of its connection.
        """
        name, port = _split(host)
        if name is None or port not in (str(self.port), "" if self.port == (443 if self.tls else 80) else None):
            return False
        with contextlib.suppress(ValueError):  # a number cannot be bent
            ip, reached = ipaddress.ip_address(name), ipaddress.ip_address(reached_ip.partition("%")[0])
            return ip == (getattr(reached, "ipv4_mapped", None) or reached)
        if ipaddress.ip_address(reached_ip.partition("%")[0]).is_loopback and name == "localhost":
            return True
        ours = socket.gethostname().lower().partition(".")[0]
        return name in self.names or (not self.local and name in {ours, f"{ours}.local"})


def _split(host: str) -> tuple[str | None, str]:
    """Name (or number, without brackets) and port of a Host header."""
    if host.startswith("["):
        name, found, rest = host[1:].partition("]")
        return (name, rest[1:]) if found and rest[:1] in ("", ":") else (None, "")
    name, _, port = host.partition(":")
    return (name.lower().rstrip(".") or None), port


def split(serve: str) -> tuple[str, int]:
    """Host and port of --serve, which its rule has checked."""
    host, _, port = serve.rpartition(":")
    return host.strip("[]"), int(port)


def bound(serve: str) -> socket.socket:
    """A socket that listens there. Raises UsageError, OutputError."""
    host, port = split(serve)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--serve {serve}: no such host, {host}: give an address of this machine") from error
    family, kind, _, _, address = found[0]
    listening = socket.socket(family, kind)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        with contextlib.suppress(AttributeError, OSError):  # Linux's
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
        if family == socket.AF_INET6:
            with contextlib.suppress(OSError):
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _refused(serve, host, port, error) from error
    listening.setblocking(False)
    return listening


def place(listening: socket.socket, *, tls: bool, names: Sequence[str]) -> Place:
    ip, port = listening.getsockname()[:2]
    return Place(ip, port, tls, tuple(names))


def _refused(serve: str, host: str, port: int, error: OSError) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return OutputError(f"--serve {serve}: port {port} is in use by another program: choose another", Reason.BUSY)
    if error.errno in (errno.EACCES, errno.EPERM):
        text = f"--serve {serve}: no permission for port {port}: choose one from 1024 up"
        return OutputError(text, Reason.PERMISSION)
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(
            f"--serve {serve}: {host} is no address of this machine: give one that is, or 0.0.0.0 for all"
        )
    return OutputError(f"--serve {serve}: cannot listen there ({error.strerror})", Reason.UNWRITABLE)


def _our_ip() -> str:
    """The address by which others most likely reach this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.connect(ELSEWHERE)
        return str(asking.getsockname()[0])
    return socket.gethostname()
