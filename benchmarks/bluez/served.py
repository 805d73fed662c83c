"""A virtual patch over Bluetooth without a radio, in this process: for tests, and for a patch's faults."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Self, TypeVar

from benchmarks.bluez.bluetoothd import Bluetoothd
from benchmarks.bluez.bus import PrivateBus
from edge.sinks.ble_server import NAME, BlePatchServer
from edge.sources.ble import BlePatch
from firmware_bridge import gatt
from firmware_bridge.faults import Fault
from firmware_bridge.patch import VirtualPatch

READY_S = 10.0

T = TypeVar("T")


class Served:
    """A bluetoothd, and `patch` registered with it, on the bus that is the system's; in a thread, for `with`."""

    def __init__(
        self,
        patch: VirtualPatch | None = None,
        faults: Sequence[Fault] = (),
        *,
        mtu: int | None = gatt.GOOD_MTU,
        adapter: bool = True,
        name: str = NAME,
        speed: float = 1.0,
        seed: int = 0,
        wait_for_host: bool = True,
    ) -> None:
        self.daemon = Bluetoothd(mtu=mtu, adapter=adapter)
        self._how: dict[str, Any] = {"name": name, "speed": speed, "seed": seed, "wait_for_host": wait_for_host}
        self._patch, self._faults = patch, faults
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="bluetoothd", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(READY_S) or self._error is not None:
            raise RuntimeError("the bluetoothd of our own did not start") from self._error
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Where the daemon runs, for instance `do(served.daemon.drop())`."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(READY_S)

    def stall(self, stalled: bool) -> None:
        """The patch says nothing over a link that is up."""
        self.server.patch.stalled = stalled

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  told where it was started
            self._error = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.daemon)
            serving: asyncio.Task[None] | None = None
            if self._patch is not None:
                self.server = BlePatchServer(self._patch, self._faults, **self._how)
                await stack.enter_async_context(self.server)
                serving = asyncio.create_task(self.server.serve())
            self._ready.set()
            await self._over.wait()
            if serving is not None:
                serving.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await serving


@contextlib.contextmanager
def over_ble(
    patch: VirtualPatch,
    faults: Sequence[Fault] = (),
    *,
    seed: int = 0,
    speed: float = 1.0,
    mtu: int = gatt.GOOD_MTU,
    give_up_s: float = 10.0,
) -> Iterator[BlePatch]:
    """The source that hears `patch`, with its `faults`, through bleak and BlueZ's interfaces."""
    with PrivateBus(), Served(patch, faults, mtu=mtu, seed=seed, speed=speed):
        yield BlePatch(NAME, give_up_s=give_up_s)
