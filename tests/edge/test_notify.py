import asyncio
import configparser
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.silent import Silent
from edge import notify, runner
from edge.bundle import open_bundle
from edge.cli.run import _parser
from edge.config import RunSettings
from edge.errors import InputError, SourceLost, SourceUnavailable, UsageError
from edge.montage import Montage
from edge.sinks.state import ViewState
from edge.sources.items import Described, Link
from edge.timeline import Chunk

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "edge/systemd/edge-run.service"
HEALTH_S = 0.05


@pytest.fixture
def listening(monkeypatch):
    """`listening(address)`: a socket as systemd's; NOTIFY_SOCKET names it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as at:

        def listen(address):
            at.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
            at.settimeout(1.0)
            monkeypatch.setenv("NOTIFY_SOCKET", address)
            return at

        yield listen


@pytest.mark.parametrize("kind", ["a path", "an abstract name"])
def test_systemd_is_told_in_its_own_words(listening, tmp_path, kind):
    at = listening(str(tmp_path / "notify") if kind == "a path" else f"@edge-ecg-test-{tmp_path.name}-{id(tmp_path)}")
    for tell in (notify.ready, notify.alive, notify.stopping):
        tell()
    assert [at.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.parametrize(
    "address", [None, "", "relative", "vsock:2:1", "/no/such/socket", "@nobody-listens", "/" * 300]
)
def test_where_nobody_listens_nothing_happens(monkeypatch, address):
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify.ready()


def test_one_who_does_not_read_holds_nobody_up(listening, tmp_path):
    listening(str(tmp_path / "notify"))
    for _ in range(2000):  # more than the socket's queue
        notify.alive()


class Fed:
    """Source: what `script` yields."""

    def __init__(self, script):
        self.script = script

    async def items(self):
        yield Described("a patch", Montage.of_leads(("II", "V1", "V5")), 500.0, "a test")
        async for item in self.script():
            yield item

    async def close(self):
        pass


async def samples():
    for k in range(20):
        yield Chunk(10 * k, np.zeros((10, 3), np.float32))
        await asyncio.sleep(HEALTH_S / 4)


async def stalled():
    yield Chunk(0, np.zeros((10, 3), np.float32))
    await asyncio.sleep(6 * HEALTH_S)


async def away():
    yield Link(False, "it vanished")
    await asyncio.sleep(6 * HEALTH_S)


async def broken():
    yield Chunk(0, np.zeros((10, 3), np.float32))
    raise ZeroDivisionError


def told_by_a_run(monkeypatch, script):
    told = []
    for what in ("ready", "alive", "stopping"):
        monkeypatch.setattr(notify, what, lambda what=what: told.append(what))
    monkeypatch.setattr(runner, "HEALTH_S", HEALTH_S)
    bundle = open_bundle()
    run = runner.Run(Fed(script), RunSettings(), bundle, bundle.choose(), Silent(bundle), [], ViewState())
    try:
        asyncio.run(run.go())
    except ZeroDivisionError:
        told.append("failed")
    return told


def test_a_run_is_ready_once_and_alive_while_samples_come(monkeypatch):
    told = told_by_a_run(monkeypatch, samples)
    assert (told[0], told[-1]) == ("ready", "stopping")
    assert set(told[1:-1]) == {"alive"}
    assert len(told) >= 4


def test_a_run_whose_samples_stall_is_not_alive(monkeypatch):
    assert told_by_a_run(monkeypatch, stalled) == ["ready", "alive", "stopping"]


def test_a_run_that_waits_for_a_lost_patch_is_alive(monkeypatch):
    assert told_by_a_run(monkeypatch, away).count("alive") >= 3


def test_a_run_that_fails_says_that_it_stops(monkeypatch):
    assert told_by_a_run(monkeypatch, broken) == ["ready", "stopping", "failed"]


@pytest.fixture
def unit():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNIT)
    return parser


def test_the_unit_starts_an_installed_command_with_options_that_it_has(unit):
    program, *words = unit["Service"]["ExecStart"].split()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert Path(program).name in scripts
    assert words[-1] == "$EDGE_OPTIONS"
    (source,) = re.findall(r'"EDGE_SOURCE=(.*?)"', UNIT.read_text())
    assert words[0] == "$EDGE_SOURCE"
    given = _parser().parse_args([*source.split(), *words[1:-1]])
    assert given.port == "/dev/ttyUSB0"
    state = f"/var/lib/{unit['Service']['StateDirectory']}"
    assert str(given.record) == state
    assert str(given.events).startswith(f"{state}/")


def test_the_unit_waits_for_the_run_and_watches_it(unit):
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert float(service["WatchdogSec"]) >= 3 * runner.HEALTH_S
    assert service["Restart"] == "on-failure"
    hopeless = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert hopeless == {UsageError.exit_code, InputError.exit_code}
    assert not hopeless & {SourceLost.exit_code, SourceUnavailable.exit_code}


def test_the_unit_leaves_serial_ports_and_the_bus_open(unit):
    service = unit["Service"]
    assert "dialout" in service["SupplementaryGroups"].split()
    assert "AF_UNIX" in service["RestrictAddressFamilies"].split()
    assert "PrivateDevices" not in service
    assert "DeviceAllow=char-ttyUSB rw" in UNIT.read_text().splitlines()


@pytest.mark.parametrize("name", ["edge-run", "edge-gateway"])
def test_systemd_understands_the_unit(tmp_path, name):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    here = tmp_path / f"{name}.service"  # with a program that is there
    text = (UNIT.parent / here.name).read_text()
    assert f"/opt/edge-ecg/bin/{name} " in text
    here.write_text(text.replace(f"/opt/edge-ecg/bin/{name}", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
