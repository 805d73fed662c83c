"""Where patches' processes come from: a process that has loaded all they need, and forks them.

    python -m edge.gateway.nursery FD      (started by the supervisor; FD is its end of a socket pair)

Each is forked twice, so that its parent is the supervisor (which adopts orphans): what befalls this process touches
none of them. It has one thread, reads one order after another, and ends when the supervisor does.
"""

from __future__ import annotations

import gc
import os
import pickle
import socket
import sys
from collections.abc import Sequence

from edge.config import RunSettings
from edge.gateway.linux import name_process
from edge.gateway.shared import Shared
from edge.gateway.worker import Order, work

MOST_ORDER = 65_536  # bytes: settings of one patch


def main(fd: int) -> int:
    name_process("edge:nursery")
    sock = socket.socket(fileno=fd)
    shared = Shared()
    data = sock.recv(MOST_ORDER)
    if not data:
        return 0
    wanted: Sequence[RunSettings]
    wanted, mqtt = pickle.loads(data)  # by our own supervisor, over a socket without a name
    shared.prepare(wanted, mqtt=mqtt)
    gc.collect()
    gc.freeze()  # a collection in a fork does not write into pages that are shared
    while True:
        data, (*links,), _, _ = socket.recv_fds(sock, MOST_ORDER, 1)
        if not data:
            return 0
        link = socket.socket(fileno=links[0])
        pid = _born(pickle.loads(data), link, sock, shared)
        link.close()
        sock.send(str(pid).encode())


def _born(order: Order, link: socket.socket, sock: socket.socket, shared: Shared) -> int:
    """The number of a new process, an orphan already."""
    readable, writable = os.pipe()
    between = os.fork()
    if between == 0:
        child = os.fork()
        if child:
            os.write(writable, str(child).encode())
            os._exit(0)
        os.close(readable)
        os.close(writable)
        sock.close()
        _live(order, link, shared)
    os.close(writable)
    told = os.read(readable, 32)
    os.close(readable)
    os.waitpid(between, 0)
    return int(told)


def _live(order: Order, link: socket.socket, shared: Shared) -> None:
    """Never returns: what this process would do at its end is not the fork's to do."""
    code = 1
    try:
        code = work(order, link, shared)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
