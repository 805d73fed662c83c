"""Who may look on: the token, kept in a file of its owner's; the cookie it buys; and how often one may guess."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.choice import choices_file
from edge.errors import OutputError, Reason, UsageError

FILE = "page-token"
TOKEN_BYTES = 24  # of chance: 32 characters, never to be guessed
SHORTEST, LONGEST = 16, 256  # characters, of a token that somebody chose
SESSION_S = 30 * 86400.0  # a month: a screen beside a bed is not to ask at night
FREE_TRIES = 5  # wrong ones, before one has to wait
WAIT_S = (1.0, 900.0)  # first and longest: it doubles with every wrong try
MOST_PEERS = 1000  # whose wrong tries are remembered: 0.2 MB
MOST_ENDED = 1000  # sessions that were ended: 0.2 MB


def token_file(chosen: Path | None) -> Path:
    """Where the token is kept. Raises OutputError where there is no home folder."""
    if chosen is not None:
        return chosen
    try:
        return choices_file().parent / FILE
    except RuntimeError as error:
        text = "there is no home folder to keep the page's token in: name a file with --serve-token-file"
        raise OutputError(text, Reason.UNWRITABLE) from error


def opened_token(path: Path) -> tuple[str, bool]:
    """The token in `path`, made if there is none; and whether it was made. Raises UsageError, OutputError."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return _made(path), True
    except OSError as error:
        text = f"the page's token {path} cannot be read ({error.strerror}): check the file, or delete it for a new one"
        raise UsageError(text, Reason.UNREADABLE) from error
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"the page's token {path} is no file: name another with --serve-token-file")
        if found.st_mode & 0o077:
            mode = stat.S_IMODE(found.st_mode)
            text = f"others can read the page's token {path} (mode {mode:o}): chmod 600 it, or delete it for a new one"
            raise UsageError(text, Reason.PERMISSION)
        if found.st_uid not in (os.geteuid(), 0):
            raise UsageError(f"the page's token {path} is another user's: name another file with --serve-token-file")
        told = os.read(number, LONGEST + 2)
    finally:
        os.close(number)
    token = told.decode("ascii", "replace").strip()
    if not SHORTEST <= len(token) <= LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        text = f"the page's token {path} must be one word of {SHORTEST} to {LONGEST} ASCII characters"
        raise UsageError(f"{text}: write a better one, or delete it for a new one", Reason.CONFIG)
    return token, False


def _made(path: Path) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "w") as file:
            os.fchmod(number, 0o600)  # whatever the umask
            file.write(token + "\n")
            file.flush()
            os.fsync(number)
    except OSError as error:
        text = f"the page's token {path} cannot be written ({error.strerror}): name another with --serve-token-file"
        raise OutputError(text, Reason.UNWRITABLE) from error
    return token


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    until_s: float = 0.0  # of the clock, before which none counts


class Access:
    """Judges tokens and cookies. Without a token everybody may look on: the address is this machine's alone."""

    def __init__(
        self,
        token: str | None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock, self._wall = clock, wall
        self._token = token
        # A cookie outlives a restart, and a new token ends them all.
        self._key = hashlib.sha256(b"edge-ecg page session\0" + (token or secrets.token_hex()).encode()).digest()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()  # by peer, the longest idle first

    @property
    def needed(self) -> bool:
        return self._token is not None

    def wait_s(self, peer: str) -> float:
        """How long this peer has to wait before its next try counts."""
        tries = self._tries.get(_of_one_hand(peer))
        return 0.0 if tries is None else max(0.0, tries.until_s - self._clock())

    def right(self, token: str, peer: str) -> bool:
        """Whether it is the token; a wrong one is remembered. Not to be asked while `wait_s`."""
        peer = _of_one_hand(peer)
        if self._token is not None and hmac.compare_digest(token.encode(), self._token.encode()):
            self._tries.pop(peer, None)
            return True
        tries = self._tries.pop(peer, None) or _Tries()
        tries.wrong += 1
        if tries.wrong >= FREE_TRIES:
            tries.until_s = self._clock() + min(WAIT_S[1], WAIT_S[0] * 2.0 ** min(20, tries.wrong - FREE_TRIES))
        self._tries[peer] = tries
        while len(self._tries) > MOST_PEERS:
            self._tries.popitem(last=False)
        return False

    def session(self) -> str:
        """What a cookie holds: until when, a number used once, and our word for both."""
        told = f"{int(self._wall() + SESSION_S)}.{secrets.token_hex(8)}"
        return f"{told}.{self._word(told)}"

    def valid(self, session: str) -> bool:
        told, _, word = session.rpartition(".")
        if not session.isascii() or not hmac.compare_digest(word, self._word(told)):
            return False
        until, _, once = told.partition(".")
        return until.isdigit() and int(until) > self._wall() and once not in self._ended

    def end(self, session: str) -> None:
        """This one is valid no more."""
        if self.valid(session):
            self._ended[session.split(".")[1]] = None
            while len(self._ended) > MOST_ENDED:
                self._ended.popitem(last=False)

    def _word(self, told: str) -> str:
        return hmac.new(self._key, told.encode(), hashlib.sha256).hexdigest()


def _of_one_hand(peer: str) -> str:
    """Addresses that one computer can choose among count as one: of IPv6, the network."""
    try:
        ip = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
