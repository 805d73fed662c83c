"""What a broker asks of those who come: a name, a password, a certificate; none of them is ever told on."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import Reason, UsageError
from edge.mqtt_settings import MqttSettings

USERNAME, PASSWORD = "EDGE_MQTT_USERNAME", "EDGE_MQTT_PASSWORD"
MAX_PASSWORD_BYTES = 65_535  # MQTT 3.1.1, 3.1.3.5
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Access:
    """How to be let in."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None


class _Tidy(ssl.SSLSocket):
    """Closed where the other end will not do: paho forgets it then, and Python warns of that."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def access(s: MqttSettings, environment: Mapping[str, str] = os.environ) -> Access:
    """From the settings' files and the environment. Raises UsageError."""
    username = s.username or environment.get(USERNAME) or None
    password = _password(s.password_file) if s.password_file else environment.get(PASSWORD) or None
    if password is not None and username is None:
        raise UsageError(f"mqtt has a password and no name: set {USERNAME}, or username in [mqtt]", Reason.CONFIG)
    return Access(username, password, _context(s) if s.broker.tls else None)


def _password(path: Path) -> str:
    """The first line of a file that nobody else may read."""
    try:
        if (mode := stat.S_IMODE(path.stat().st_mode)) & OTHERS:
            text = f"{path}: others may read this password (mode {mode:o}): chmod 600 {path}"
            raise UsageError(text, Reason.PERMISSION)
        with path.open("rb") as file:
            first = file.read(MAX_PASSWORD_BYTES + 1).splitlines()[:1]
        password = first[0].decode() if first else ""
    except OSError as error:
        raise UsageError(f"{path}: the password cannot be read ({error.strerror})", Reason.UNREADABLE) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the password is no text in UTF-8", Reason.CONFIG) from None
    if not password or len(password.encode()) > MAX_PASSWORD_BYTES:
        raise UsageError(f"{path}: the first line must be the password", Reason.CONFIG)
    return password


def _context(s: MqttSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=s.ca)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "no certificates in PEM"
        raise UsageError(f"{s.ca}: ca cannot be used ({why})", Reason.UNREADABLE) from None
    context.sslsocket_class = _Tidy
    if s.cert:
        try:
            context.load_cert_chain(s.cert, s.key, password=lambda: "")  # else OpenSSL asks at the terminal
        except (OSError, ssl.SSLError) as error:
            missing = isinstance(error, FileNotFoundError | PermissionError)
            why = error.strerror if missing else "no certificate and its key in PEM, or the key has a password"
            raise UsageError(f"{s.cert}: cert and key cannot be used ({why})", Reason.UNREADABLE) from None
    return context
