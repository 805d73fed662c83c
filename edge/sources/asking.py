"""What a host asks of a patch: commands, each with a token by which its answer is known."""

from __future__ import annotations

from edge.sources.running_index import INDEX_MODULUS
from firmware_bridge import messages as wire

TOKENS = 256


class Asking:
    """Keeps the commands until somebody takes them to the patch."""

    def __init__(self) -> None:
        self._token = 0
        self.outgoing: list[wire.Command] = []

    def take(self) -> list[wire.Command]:
        """Those since the last call, in order."""
        taken, self.outgoing = self.outgoing, []
        return taken

    def who(self) -> None:
        self.outgoing.append(wire.Hello(self._next(), wire.MAJOR, wire.MINOR))

    def start(self) -> None:
        self.outgoing.append(wire.Start(self._next()))

    def stop(self) -> None:
        self.outgoing.append(wire.Stop(self._next()))

    def again(self, first: int, samples: int) -> int:
        """For `samples` from index `first` on; the token."""
        token = self._next()
        self.outgoing.append(wire.Resend(token, first % INDEX_MODULUS, samples))
        return token

    def _next(self) -> int:
        self._token = (self._token + 1) % TOKENS
        return self._token
