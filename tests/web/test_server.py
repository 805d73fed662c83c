"""A run and its page, from the run's first sample to what a browser is sent; how it begins, and how it ends."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pages import SECONDS, Served, frames, served, until, wait_for

from benchmarks.silent import Silent
from edge import runner
from edge.blocks import TwelveLeads
from edge.bundle import open_bundle
from edge.config import RunSettings
from edge.leads import LEAD, LEADS
from edge.montage import Montage
from edge.sinks.state import ViewState
from edge.sources.items import Described, Item
from edge.synthetic import synthesise
from edge.timeline import Chunk
from edge.web import page as pages_module
from edge.web.address import Place
from edge.web.page import Page

SENT = ("II", "V1", "V5")
RATE = 500


class Fed:
    """Source: an asystole from 20 to 35 s; it waits at 28 s until it may go on, and at 45 s until it may end."""

    def __init__(self) -> None:
        heart = synthesise("asystole", 45.0, float(RATE), seed=3, noise_uv=10)
        self._mv = heart.mv[:, [LEAD[lead] for lead in SENT]].astype(np.float32)
        self.at_28_s, self.go_on, self.at_its_end, self.end = (threading.Event() for _ in range(4))

    async def items(self) -> AsyncIterator[Item]:
        yield Described("<b>bed</b> 7", Montage.of_leads(SENT), float(RATE), "a test")
        for second in range(45):
            yield Chunk(second * RATE, self._mv[second * RATE : (second + 1) * RATE])
            await asyncio.sleep(0)
            if second == 28:
                self.at_28_s.set()
                while not self.go_on.is_set():
                    await asyncio.sleep(0.01)
        self.at_its_end.set()
        while not self.end.is_set():
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        pass


class Kept:
    """Sink: all that the page was told too."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.blocks: list[TwelveLeads] = []

    def start(self, info: object) -> None: ...

    def event(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def twelve(self, block: TwelveLeads) -> None:
        self.blocks.append(block)

    raw = close = start


class Running(Served):
    """A run with its page; somebody looks at it from another thread, for signals come to the first."""

    def __init__(self) -> None:
        bundle, self.kept, self.source = open_bundle(), Kept(), Fed()
        s = RunSettings(port="/dev/none", serve="127.0.0.1:0")
        super().__init__(Page(s, state := ViewState()), state)
        sinks: list[Any] = [self.kept, *self.page.sinks]
        parts: tuple[Any, ...] = (self.source, s, bundle, bundle.choose(), Silent(bundle), sinks, state)
        self._parts, self.may_begin = parts, threading.Event()

    def go(self) -> None:
        assert self.may_begin.wait(SECONDS)
        asyncio.run(runner.Run(*self._parts).go())

    def end(self) -> None:
        for event in (self.may_begin, self.source.go_on, self.source.end):
            event.set()


@pytest.fixture(scope="module")
def run() -> Iterator[dict[str, Any]]:
    """One run, seen by a page from before its start to its end; what each step of it showed."""
    running = Running()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as other:
        patch.setattr(
            "edge.web.client.MOST_SIGNAL", 10_000_000
        )  # nobody is skipped anything, on however slow a machine
        patch.setattr("edge.web.client.MOST_MINOR", 10_000)
        seeing = other.submit(look_on, running)
        try:
            running.go()
        finally:
            running.page.close()
        yield seeing.result(SECONDS) | {"kept": running.kept}


def look_on(running: Running) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    try:
        with running.socket() as line:
            seen["waiting"] = until(line, lambda name, told: name == "state")
            running.may_begin.set()
            seen["first"] = until(line, lambda name, told: name == "event" and told.get("state") == "on")
            assert running.source.at_28_s.wait(SECONDS)
            asystole = seen["first"][-1][1]["id"]
            wait_for(lambda: [a["id"] for a in running.ask("GET", "/api/run").told["state"]["alerts"]] == [asystole])
            seen["run"], seen["alerts"] = (running.ask("GET", path).told for path in ("/api/run", "/api/alerts"))
            seen["answer"] = running.ask("POST", f"/api/alerts/{asystole}/acknowledge", "{}")
            seen["then"] = until(line, lambda name, told: name == "event" and told.get("state") == "acknowledged")
            seen["shown"] = until(line, lambda name, told: name == "state" and bool(told["alerts"]))
            running.source.go_on.set()
            assert running.source.at_its_end.wait(SECONDS)
            seen["strip"] = running.ask("GET", f"/api/alerts/{asystole}/strip")
            with running.socket(f"/ws?run={seen['run']['hello']['run']}&after=20000") as again:
                seen["again"] = until(again, lambda name, told: name == "state")
            running.end()
            seen["last"] = until(line, lambda name, told: name == "over")
        return seen
    finally:
        running.end()


def everything(run: dict[str, Any]) -> list[tuple[str, Any]]:
    return [*run["waiting"], *run["first"], *run["then"], *run["shown"], *run["last"]]


def blocks(told: list[tuple[str, Any]]) -> list[tuple[int, np.ndarray]]:
    found = []
    for name, payload in told:
        if name == "block":
            start, _, n = struct.unpack_from("<qdH", payload)
            found.append((start, np.frombuffer(payload, "<i2", 12 * n, 44).reshape(12, n).T))
    return found


def test_a_page_that_is_early_waits_and_is_told_who_sends_when_that_is_known(run):
    hellos = [told for name, told in everything(run) if name == "hello"]
    assert [hello["phase"] for hello in hellos] == ["waiting", "live", "over"]
    assert (hellos[0]["device"], hellos[0]["kind"], hellos[0]["montage"]) == ("", "port", [])
    assert (hellos[1]["device"], hellos[1]["montage"], hellos[1]["rate"]) == ("<b>bed</b> 7", [*SENT], 500)
    assert len({hello["run"] for hello in hellos}) == 1
    assert set(hellos[0]) == set(hellos[1])


def test_every_sample_of_the_twelve_leads_comes_once_in_its_place(run):
    told = blocks(everything(run))
    assert [start for start, _ in told] == list(np.cumsum([0, *(len(uv) for _, uv in told)]))[:-1]
    shown, kept = np.concatenate([uv for _, uv in told]), np.concatenate([b.mv for b in run["kept"].blocks])
    assert len(shown) == len(kept) == 45 * RATE
    here = np.isfinite(kept)
    np.testing.assert_array_equal(shown[here], np.rint(1000 * kept[here]))
    assert (shown[~here] == -32768).all()


def test_the_events_are_those_that_every_sink_is_told(run):
    kept = [event for event in run["kept"].events if event["type"] not in ("summary", "health")]
    told = [told for name, told in everything(run) if name == "event" and told["type"] not in ("summary", "health")]
    assert told == json.loads(json.dumps(kept))


def test_an_alert_is_acknowledged_by_its_id_and_the_run_says_so_to_all(run):
    assert run["answer"].status == 202
    states = [event["state"] for event in run["kept"].events if event["type"] == "alert"]
    assert states == ["on", "acknowledged", "off"]
    assert run["shown"][-1][1]["alerts"][0]["state"] == "acknowledged"


def test_what_is_asked_by_http_is_what_the_socket_says(run):
    state = run["run"]["state"]
    assert state["alerts"][0]["kind"] == "asystole"
    assert run["run"]["hello"]["montage"] == [*SENT]
    assert run["alerts"]["active"] == [told for name, told in run["first"] if name == "event"][-1:]
    assert [one["type"] for one in run["alerts"]["log"]] == ["alert"]


def test_an_alerts_strip_is_the_signal_around_it(run):
    assert run["strip"].headers["content-type"] == "application/octet-stream"
    told = blocks(frames(run["strip"].body))
    alert = next(event for event in run["kept"].events if event["type"] == "alert")
    assert told[0][0] <= alert["onset"] - 10 * RATE < told[0][0] + len(told[0][1])
    last = told[-1][0] + len(told[-1][1])
    assert last - RATE < alert["sample"] + 10 * RATE <= last
    kept = np.concatenate([b.mv for b in run["kept"].blocks])[told[0][0] : last, LEADS.index("V5")]
    np.testing.assert_array_equal(np.concatenate([uv for _, uv in told])[:, LEADS.index("V5")], np.rint(1000 * kept))


def test_a_page_that_comes_back_gets_what_it_lacks_and_the_alerts_in_force(run):
    told = run["again"]
    assert blocks(told)[0][0] <= 20_000 < blocks(told)[0][0] + len(blocks(told)[0][1])
    assert blocks(told)[0][0] > 19_000
    assert {told["type"] for name, told in told if name == "event"} >= {"start", "rhythm", "beat"}


def test_the_end_is_told_before_the_socket_closes(run):
    assert run["last"][-1][1] == {"how": "ended", "text": "the run is over", "staying": False}
    assert [told["type"] for name, told in run["last"] if name == "event"][-1] == "summary"


# ---- the answers around it


@pytest.fixture(scope="module")
def page() -> Iterator[Served]:
    with served() as one:
        yield one


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (("GET", "/"), 200),
        (("GET", "/review"), 200),
        (("GET", "/static/style.css"), 200),
        (("GET", "/nothing"), 404),
        (("POST", "/api/run"), 405),
        (("GET", "/api/recordings"), 404),
    ],
)
def test_every_answer_tells_the_browser_to_take_nothing_from_elsewhere(page, how, status):
    answer = page.ask(*how)
    assert answer.status == status
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == ("no-cache" if status == 200 else "no-store")
    assert "server" not in answer.headers
    if status != 200:
        assert answer.told["error"]


def test_a_part_of_the_page_is_sent_once_and_then_only_when_it_has_changed(page):
    first = page.ask("GET", "/static/style.css")
    assert page.ask("GET", "/static/style.css", if_none_match=first.headers["etag"]).status == 304
    packed = page.ask("GET", "/static/style.css", accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(first.body) / 2
    assert page.ask("HEAD", "/static/style.css").body == b""


def test_what_nobody_runs_nobody_can_acknowledge(page):
    assert page.ask("POST", "/api/alerts/acknowledge", "{}").status == 409


def test_a_page_ends_within_a_second_though_another_reads_nothing(page):
    with served() as other, other.socket(), other.socket():
        began = time.monotonic()
        other.page.close()
        assert time.monotonic() - began < 1.0


def test_a_bug_in_an_answer_is_told_once_and_the_run_goes_on(page):
    with served() as other:
        other.page.hub.alerts = None  # type: ignore[assignment]
        assert other.ask("GET", "/api/alerts").status == 500
        assert other.ask("GET", "/api/alerts").status == 500
        news = other.page.sinks[0].take_news()  # type: ignore[attr-defined]
        assert [("a bug in the page" in one.text, one.up) for one in news] == [(True, False)]
        assert other.ask("GET", "/api/session").status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    call = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    call += [
        "-subj",
        "/CN=localhost",
        "-days",
        "2",
        "-keyout",
        str(folder / "key.pem"),
        "-out",
        str(folder / "cert.pem"),
    ]
    try:
        subprocess.run(call, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate")
    return folder


def test_with_tls_the_cookie_goes_by_tls_only_and_to_this_host_alone(certificate, tmp_path):
    tls = {"serve_cert": certificate / "cert.pem", "serve_key": certificate / "key.pem"}
    with served(serve="0.0.0.0:0", serve_token_file=tmp_path / "token", **tls) as page:
        assert page.page.place.url.startswith("https://")
        token = (tmp_path / "token").read_text().strip()
        answer = page.ask("POST", "/api/session", json.dumps({"token": token}))
        cookie, *attributes = answer.headers["set-cookie"].split("; ")
        assert cookie.startswith("__Host-edge_page=")
        assert {*map(str.lower, attributes)} >= {"httponly", "secure", "samesite=strict", "path=/"}
        with page.socket(cookie=cookie) as line:
            assert until(line, lambda name, told: name == "hello")
        assert page.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 2) == b"", "it answers without TLS"


def test_without_tls_the_cookie_is_still_kept_from_scripts_and_other_sites(tmp_path):
    with served(serve="0.0.0.0:0", serve_token_file=tmp_path / "token") as page:
        token = (tmp_path / "token").read_text().strip()
        assert page.ask("GET", "/api/session").told == {"needed": True, "open": False, "wait_s": 0.0}
        answer = page.ask("POST", "/api/session", json.dumps({"token": token}))
        assert {"HttpOnly", "SameSite=strict"} <= {*answer.headers["set-cookie"].split("; ")}
        cookie = answer.headers["set-cookie"].partition(";")[0]
        assert page.ask("GET", "/api/session", cookie=cookie).told["open"]
        assert page.ask("GET", "/api/run", cookie=cookie).status == 200
        with page.socket(cookie=cookie) as line:
            until(line, lambda name, told: name == "hello")
            page.ask("POST", "/api/session/end", "{}", cookie=cookie)
            with pytest.raises(Exception, match="1001"):
                until(line, lambda name, told: False)


# ---- as a command


def edge_run(*arguments: object, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edge.cli.run", *map(str, arguments), "--view", "none"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "XDG_CONFIG_HOME": str(home)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def told_url(running: subprocess.Popen[str]) -> tuple[str, str]:
    """The line that says where the page is, and its address."""
    assert running.stderr is not None
    line = running.stderr.readline()
    found = re.search(r"https?://\S+", line)
    assert found, line + (running.stderr.read() if running.poll() is not None else "")
    return line, found[0]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("record")
    mv = synthesise("sinus", 4.0, 500.0, seed=3).mv[:, [LEAD[lead] for lead in SENT]]
    lines = ["# rate: 500", ",".join(SENT), *(",".join(f"{v:.4f}" for v in row) for row in mv)]
    path = folder / "three.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_replays_page_stays_when_it_is_over_until_ctrl_c(record, tmp_path):
    running = edge_run("--replay", record, "--channels", "II,V1,V5", "--speed", "max", "--serve", 0, home=tmp_path)
    try:
        _, url = told_url(running)
        assert running.stderr is not None
        assert "stays until Ctrl-C" in running.stderr.readline()
        page = Served(_at(url), ViewState())
        with page.socket() as line:
            told = until(line, lambda name, told: name == "over")
            assert told[-1][1]["staying"] is True
            assert sum(len(uv) for _, uv in blocks(told)) == 2000
            began = time.monotonic()
            running.send_signal(signal.SIGINT)
            assert until(line, lambda name, told: name == "over")[-1][1]["staying"] is False
        assert running.wait(5) == 0
        assert time.monotonic() - began < 5.0  # two at most, and what a busy machine adds
        assert running.stderr.read() == ""
    finally:
        running.kill()
        running.communicate()


def test_a_set_duration_ends_the_page_too(record, tmp_path):
    running = edge_run(
        *("--replay", record, "--channels", "II,V1,V5", "--speed", "max", "--duration", 2, "--serve", 0), home=tmp_path
    )
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (0, "")
    assert len(err.splitlines()) == 1


def test_a_new_token_is_shown_once_on_a_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    told = []
    for _ in range(2):
        with served(serve="0.0.0.0:0", serve_token_file=tmp_path / "token"):
            told.append(capsys.readouterr().err)
    token = (tmp_path / "token").read_text().strip()
    assert f"/#token={token} (shown this once" in told[0]
    assert told[0].count(token) == 1
    assert token not in told[1]


def test_for_another_address_a_token_is_made_and_kept_for_its_owner(record, tmp_path):
    call = ("--replay", record, "--channels", "II,V1,V5", "--duration", 1, "--serve", "0.0.0.0:0")
    first, second = (edge_run(*call, home=tmp_path).communicate(timeout=20)[1] for _ in range(2))
    path = tmp_path / "edge-ecg" / "page-token"
    for err in (first, second):
        assert path.read_text().strip() not in err, "what goes to no terminal goes into a log"
        assert str(path) in err
    assert "whoever listens on the way can read it all" in first
    path.chmod(0o644)
    running = edge_run(*call, home=tmp_path)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (2, "")
    assert "others can read the page's token" in err


def test_a_folder_of_recordings_that_is_not_there_is_told(tmp_path):
    running = edge_run("--review", tmp_path / "none", "--serve", 0, home=tmp_path)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (3, "")
    assert err == f"edge-run: no such folder for --review: {tmp_path / 'none'}: check the name\n"


def test_a_port_in_use_is_told_in_one_line_and_ends_with_6(page, record, tmp_path):
    running = edge_run("--replay", record, "--channels", "II,V1,V5", "--serve", page.port, home=tmp_path)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (6, "")
    assert err == (
        f"edge-run: --serve 127.0.0.1:{page.port}: port {page.port} is in use by another program: choose another\n"
    )


def _at(url: str) -> Page:
    """As much of a page in another process as `Served` asks for."""
    return SimpleNamespace(place=Place("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]), False))  # type: ignore[return-value]


def test_a_server_that_was_started_again_is_another_run(tmp_path):
    with served() as first:
        port = first.port
        run = first.ask("GET", "/api/run").told["hello"]["run"]
    with served(serve=f"127.0.0.1:{port}") as second, second.socket(f"/ws?run={run}&after=99") as line:
        assert until(line, lambda name, told: name == "hello")[-1][1]["run"] != run


def test_without_the_extra_the_way_out_is_told(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name))
    with pytest.raises(pages_module.UsageError, match=r"pip install 'edge-ecg\[web\]'"):
        Page(RunSettings(demo=True, serve="127.0.0.1:0"), ViewState())


def test_recordings_alone_need_no_run(tmp_path):
    running = edge_run("--review", tmp_path, "--serve", 0, home=tmp_path)
    try:
        _, url = told_url(running)
        page = Served(_at(url), ViewState())
        assert page.ask("GET", "/").headers["location"] == "/review"
        assert page.ask("GET", "/api/recordings").status == 200
        assert page.ask("GET", "/api/run").told["hello"]["kind"] == "review"
    finally:
        running.terminate()
        _, err = running.communicate(timeout=10)
    assert (running.returncode, err) == (0, "")
