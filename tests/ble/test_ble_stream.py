from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import pytest
from streaming import Heard, listen, patch

from benchmarks.bluez.bus import PrivateBus
from edge.errors import SourceLost, SourceUnavailable
from edge.sources.items import Battery, Described, Suspected
from edge.timeline import Cause, Chunk
from firmware_bridge import gatt


@pytest.fixture
def served(bus):
    from contextlib import ExitStack

    from benchmarks.bluez.served import Served

    with ExitStack() as stack:
        yield lambda made, **how: stack.enter_context(Served(made, **{"speed": 8.0} | how))


def when(heard: Heard, condition, then) -> threading.Thread:
    """Does `then` in another thread once `condition` holds of what was heard."""

    def work() -> None:
        until = time.monotonic() + 15
        while not condition(heard) and time.monotonic() < until:
            time.sleep(0.01)
        then()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("mtu", [64, 185, 247, 517])
def test_every_sample_comes_once_and_in_order(served, impatient, mtu):
    server = served(patch(3.0, samples_per_message=25), mtu=mtu)
    heard = listen()
    chunks = [item for item in heard.items if isinstance(item, Chunk)]
    assert [c.index for c in chunks] == [sum(len(b.mv) for b in chunks[:k]) for k in range(len(chunks))]
    assert heard.samples == server.server.patch.log.sampled == 1500
    messages = 1500 / min(25, gatt.samples_per_notification(mtu, 3))
    assert messages <= heard.notifications <= messages + 20  # of samples, and what else there is to say
    assert heard.links == []


@pytest.mark.parametrize("target", ["ecg PATCH", "c0:ff:ee:00:00:01", gatt.SERVICE.upper()])
def test_a_patch_is_found_by_name_address_or_service(served, impatient, target):
    served(patch(1.0))
    assert listen(target).samples == 500


def test_the_nearest_of_two_names_is_no_guess_where_the_address_says_which(served, impatient):
    from benchmarks.bluez.remote import Remote

    served(patch(1.0)).daemon.add(Remote("AA:BB:CC:00:00:02", "ECG patch", ()))
    assert listen("C0:FF:EE:00:00:01").samples == 500


def test_a_link_that_breaks_is_made_again_and_what_was_missed_is_counted(served, impatient, monkeypatch):
    server = served(patch(4.0), speed=1.0)
    heard = Heard()
    breaker = when(heard, lambda h: h.samples > 500, lambda: server.do(server.daemon.drop()))
    run(heard)
    breaker.join()
    log = server.server.patch.log
    chunks = [item for item in heard.items if isinstance(item, Chunk)]
    jumps = [b.index - a.index - len(a.mv) for a, b in itertools.pairwise(chunks)]
    (hole,) = [jump for jump in jumps if jump]
    assert heard.samples + hole == log.sampled == 2000
    assert log.lost["unplug"] <= hole <= log.lost["unplug"] + 50  # and what was on its way when it broke
    assert heard.links == [False, True]
    assert Suspected(Cause.LINK) in heard.items
    assert server.daemon.connects == 2
    assert server.daemon.most_subscribed == 1


def run(heard: Heard, target: str = "ECG patch", **how: object) -> None:
    import asyncio

    from streaming import listened

    from edge.sources.ble import BlePatch

    async def work() -> None:
        await listened(BlePatch(target, **how), heard)  # type: ignore[arg-type]

    asyncio.run(work())


def test_ten_links_leave_no_socket_and_no_second_subscription(served, impatient, monkeypatch):
    monkeypatch.setattr("edge.sources.ble.RETRY_S", (0.02, 0.1))
    server = served(patch(30.0), speed=2.0)
    heard, open_files = Heard(), []

    def shake() -> None:
        for _ in range(10):
            came = heard.samples
            when(heard, lambda h, came=came: h.samples > came + 50, lambda: None).join()
            open_files.append(len([*Path("/proc/self/fd").iterdir()]))
            server.do(server.daemon.drop())
        when(heard, lambda h, came=heard.samples: h.samples > came + 50, lambda: None).join()
        server.do(stop_patch(server))

    thread = threading.Thread(target=shake)
    thread.start()
    run(heard)
    thread.join()
    assert server.daemon.connects == 11
    assert server.daemon.most_subscribed == 1
    assert max(open_files[2:]) <= open_files[1] + 1
    firsts = [item.index for item in heard.items if isinstance(item, Chunk)]
    assert len(firsts) == len(set(firsts))  # no notification twice


async def stop_patch(server) -> None:
    from firmware_bridge.messages import Stop, encode

    server.server.patch.written(encode(Stop(1)), 247)


def test_a_link_that_is_up_and_silent_is_made_anew(served, impatient):
    server = served(patch(12.0), speed=2.0)
    heard = Heard()

    def deafen() -> None:
        server.daemon.deaf = True
        until = time.monotonic() + 10
        while server.daemon.connects < 2 and time.monotonic() < until:
            time.sleep(0.01)
        server.daemon.deaf = False

    thread = when(heard, lambda h: h.samples > 300, deafen)
    run(heard)
    thread.join()
    assert server.daemon.connects == 2
    assert heard.links[0] is False
    assert heard.links[-1] is True
    assert heard.samples < 6000
    last = [item for item in heard.items if isinstance(item, Chunk)][-1]
    assert last.index + len(last.mv) == server.server.patch.log.sampled == 6000


def test_a_patch_that_stalls_is_asked_to_go_on_and_its_losses_are_counted(served, impatient):
    server = served(patch(5.0), speed=1.5)
    heard = Heard()

    def stall() -> None:
        server.stall(True)
        time.sleep(0.8)
        server.stall(False)

    thread = when(heard, lambda h: h.samples > 500, stall)
    run(heard)
    thread.join()
    log = server.server.patch.log
    assert log.lost["stall"] > 0
    assert heard.samples + log.lost["stall"] == log.sampled == 2500
    assert heard.links == [False, True]


def test_a_patch_that_stays_away_is_given_up_and_what_came_is_kept(served, impatient):
    server = served(patch(60.0), speed=1.0)
    heard = Heard()

    async def away() -> None:
        server.daemon.in_range = False
        await server.daemon.drop()

    thread = when(heard, lambda h: h.samples > 500, lambda: server.do(away()))
    with pytest.raises(SourceLost, match=r"went out of reach and did not come back within 1 s: bring it nearer"):
        run(heard, give_up_s=1.0)
    thread.join()
    assert heard.samples > 500
    assert heard.links == [False]


def test_a_link_that_only_comes_and_goes_is_given_up_too(served, impatient):
    server = served(patch(60.0), speed=1.0)
    heard, over = Heard(), threading.Event()

    def flap() -> None:
        server.daemon.deaf = True
        while not over.wait(0.3):
            server.do(server.daemon.drop())

    thread = when(heard, lambda h: h.samples > 300, flap)
    began = time.monotonic()
    with pytest.raises(SourceLost):
        run(heard, give_up_s=2.0)
    over.set()
    thread.join()
    assert time.monotonic() - began < 12
    assert server.daemon.connects > 2


@pytest.mark.parametrize("how", ["power", "remove_adapter"])
def test_an_adapter_that_goes_away_is_waited_for_and_named(served, impatient, how):
    server = served(patch(60.0), speed=1.0)
    heard = Heard()
    off = {"power": lambda: server.daemon.power(False), "remove_adapter": server.daemon.remove_adapter}[how]
    thread = when(heard, lambda h: h.samples > 300, lambda: server.do(off()))
    with pytest.raises(SourceLost, match="did not come back within 1 s"):
        run(heard, give_up_s=1.0)
    thread.join()


def test_an_adapter_that_is_switched_on_again_goes_on(served, impatient):
    server = served(patch(10.0), speed=2.0)
    heard = Heard()

    def blink() -> None:
        server.do(server.daemon.power(False))
        time.sleep(0.5)
        server.do(server.daemon.power(True))

    thread = when(heard, lambda h: h.samples > 300, blink)
    run(heard)
    thread.join()
    assert heard.links == [False, True]
    assert server.daemon.most_subscribed == 1


def test_a_bus_that_dies_ends_the_run_in_words(impatient, bus_that):
    from benchmarks.bluez.served import Served

    heard = Heard()
    with bus_that() as bus, Served(patch(60.0)):
        thread = when(heard, lambda h: h.samples > 300, bus.stop)
        with pytest.raises(SourceLost, match=r"did not come back within 0.5 s"):
            run(heard, give_up_s=0.5)
        thread.join()
    assert isinstance(bus, PrivateBus)


def test_a_patch_that_a_dead_run_left_connected_is_taken_over(served, impatient, tmp_path):
    from cli.command_line import process, wait_for

    server = served(patch(60.0), speed=1.0)
    events = tmp_path / "events"
    first = process("--ble", "ECG patch", "--events", events, "--view", "none")
    wait_for(lambda: events.exists() and events.stat().st_size > 0, first)
    first.kill()
    first.communicate()
    server.do(server.daemon.forget_subscriptions())  # as BlueZ does of a program that is gone
    assert server.daemon.patch.connected
    heard = listen(until=lambda h: h.samples > 300)
    assert heard.samples > 300
    assert server.daemon.connects == 1


def test_a_bonded_link_is_listened_to(served, impatient):
    server = served(patch(1.0))
    assert listen(bond=True).samples == 500
    assert server.daemon.patch.bonded


def test_without_bond_nothing_is_paired(served, impatient):
    server = served(patch(1.0))
    listen()
    assert not server.daemon.patch.bonded


def test_the_standard_services_say_what_the_patch_does_not(served, impatient):
    silent = patch(2.0, name="")
    silent._firmware, silent.battery_percent = (0, 0, 0), 255
    server = served(silent)
    server.server._battery_percent = 61
    heard = listen()
    (described,) = [item for item in heard.items if isinstance(item, Described)]
    assert (described.firmware, described.name) == ("1.0.0", "edge-ecg")
    assert [item for item in heard.items if isinstance(item, Battery)] == [Battery(61)]


def test_what_the_patch_says_itself_is_believed_first(served, impatient):
    server = served(patch(2.0))
    server.server._battery_percent = 61
    heard = listen()
    assert [item for item in heard.items if isinstance(item, Battery)] == [Battery(90)]


def test_an_mtu_that_bluez_does_not_tell_is_no_reason_to_refuse(served, impatient):
    served(patch(1.0), mtu=None)
    assert listen().samples == 500


def test_after_a_refusal_the_patch_is_free_again(served, impatient):
    server = served(patch(1.0), mtu=23)
    with pytest.raises(SourceUnavailable):
        listen()
    assert not server.daemon.patch.connected
