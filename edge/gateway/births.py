"""The supervisor's end of the nursery: orders a process, gets its number; a nursery that is gone is started anew."""

from __future__ import annotations

import asyncio
import pickle
import socket
import subprocess
from collections.abc import Sequence

from edge.bench.fresh import command, environment
from edge.config import RunSettings
from edge.gateway.shared import distinct
from edge.gateway.worker import Order

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # threads do not survive a fork


class Births:
    """Gives birth to one process at a time."""

    def __init__(self, wanted: Sequence[RunSettings], *, mqtt: bool = False) -> None:
        """wanted: whose networks to load beforehand; mqtt: its modules too."""
        self.wanted, self._mqtt = wanted, mqtt
        self._turn = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._sock: socket.socket | None = None

    async def bear(self, order: Order, link: socket.socket) -> int:
        """The number of a new process with `link` as its own end. Raises OSError where none can be had."""
        async with self._turn:
            return await self._asked(order, link) or await self._asked(order, link, anew=True)

    async def _asked(self, order: Order, link: socket.socket, *, anew: bool = False) -> int:
        """0 where the nursery has ended; what ends one that was started `anew` would end the next. Raises OSError."""
        sock = self._sock or self._start()
        try:
            socket.send_fds(sock, [pickle.dumps(order)], [link.fileno()])
            told = await asyncio.get_running_loop().sock_recv(sock, 32)
        except OSError:
            told = b""
        if not told:
            self.close()
            if anew:
                raise OSError("the process that starts the others ends as soon as it is asked")
        return int(told or 0)

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()  # it ends by that
            self._sock = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        call, env = command("edge.gateway.nursery", theirs.fileno()), {**environment(), **ONE_THREAD}
        self._process = subprocess.Popen(
            call, env=env, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
        )
        theirs.close()
        self._sock = ours
        ours.send(pickle.dumps((distinct(self.wanted), self._mqtt)))
        return ours
