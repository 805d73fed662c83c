"""The server of the page: its answers, how it begins as a command, and how it ends."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pages import Served, blocks, served, until

from edge.config import RunSettings
from edge.leads import LEAD
from edge.sinks.state import ViewState
from edge.synthetic import synthesise
from edge.web import page as pages_module
from edge.web.address import Place
from edge.web.page import Page

SENT = ("II", "V1", "V5")


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
            sources = [hello["source"] for name, hello in told if name == "hello"]
            assert "three.csv" in sources[0]
            assert not any("/" in source for source in sources)
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
