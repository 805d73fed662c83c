"""The token and its file, the cookie, guesses; the address and the names it may be called by."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from pages import served

from edge.config import settings
from edge.errors import EdgeError, OutputError, Reason, UsageError
from edge.web.access import FREE_TRIES, SESSION_S, Access, opened_token, token_file
from edge.web.address import Place, bound, split
from edge.web.guard import Rates

TOKEN = "correct-horse-battery-staple"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_made_once_for_its_owner_alone_whatever_the_umask(tmp_path):
    path = tmp_path / "new" / "page-token"
    before = os.umask(0)
    try:
        token, new = opened_token(path)
    finally:
        os.umask(before)
    assert new
    assert len(token) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert opened_token(path) == (token, False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_token_that_others_can_read_is_refused_in_words(tmp_path, mode):
    path = tmp_path / "page-token"
    path.write_text(TOKEN)
    path.chmod(mode)
    with pytest.raises(UsageError, match=rf"mode {mode:o}\): chmod 600 it") as told:
        opened_token(path)
    assert told.value.reason is Reason.PERMISSION


def _a_link(path: Path) -> None:
    path.with_name("other").write_text(TOKEN)
    path.symlink_to(path.with_name("other"))


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("short"),
        lambda path: path.write_text("two words of a token"),
        lambda path: path.write_text("x" * 300),
        lambda path: path.write_bytes(bytes(range(128, 160))),
        lambda path: path.mkdir(),
        os.mkfifo,
        _a_link,
    ],
    ids=["short", "words", "long", "bytes", "folder", "fifo", "link"],
)
def test_what_is_no_token_is_refused_in_words_and_left_as_it_is(tmp_path, make):
    path = tmp_path / "page-token"
    make(path)
    if path.is_file() and not path.is_symlink():
        path.chmod(0o600)
    with pytest.raises(UsageError, match="the page's token"):
        opened_token(path)
    assert path.exists()


def test_a_token_that_cannot_be_kept_is_told_with_the_way_out(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--serve-token-file") as told:
        opened_token(tmp_path / "file" / "page-token")
    assert told.value.exit_code == 6


def test_the_token_lies_beside_the_choices_unless_another_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert token_file(None) == tmp_path / "edge-ecg" / "page-token"
    assert token_file(tmp_path / "mine") == tmp_path / "mine"


def test_a_cookie_is_good_for_a_month_and_outlives_a_restart():
    wall = Clock()
    first, second = Access(TOKEN, wall=wall), Access(TOKEN, wall=wall)
    session = first.session()
    assert second.valid(session)
    wall.now += SESSION_S - 2
    assert second.valid(session)
    wall.now += 3
    assert not second.valid(session)


def test_another_token_ends_every_session():
    assert not Access(TOKEN + "!").valid(Access(TOKEN).session())


def test_an_ended_session_is_over_and_the_others_are_not():
    access = Access(TOKEN)
    mine, other = access.session(), access.session()
    access.end(mine)
    assert not access.valid(mine)
    assert access.valid(other)


@pytest.mark.parametrize("change", [0, 3, -1])
def test_a_cookie_of_which_one_character_was_changed_is_none(change):
    session = list(Access(TOKEN).session())
    session[change] = "0" if session[change] != "0" else "1"
    assert not Access(TOKEN).valid("".join(session))


@pytest.mark.parametrize("made_up", ["", ".", "..", "9999999999.aa.", "9999999999", "٣.a.b", "a" * 5000])
def test_a_made_up_cookie_is_none(made_up):
    assert not Access(TOKEN).valid(made_up)


def test_after_five_wrong_tokens_one_waits_and_each_time_longer():
    clock = Clock()
    access = Access(TOKEN, clock)
    waits = []
    for _ in range(FREE_TRIES + 12):
        assert access.wait_s("10.0.0.9") == 0
        assert not access.right("wrong", "10.0.0.9")
        waits.append(access.wait_s("10.0.0.9"))
        clock.now += waits[-1]
    assert waits[: FREE_TRIES - 1] == [0.0] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1 :] == [min(900.0, 2.0**k) for k in range(13)]
    assert access.wait_s("10.0.0.8") == 0
    assert access.right(TOKEN, "10.0.0.9")
    assert access.wait_s("10.0.0.9") == 0


def test_one_who_has_a_whole_ipv6_network_to_choose_from_is_one():
    access = Access(TOKEN)
    for k in range(FREE_TRIES):
        access.right("wrong", f"2001:db8:1:2::{k:x}")
    assert access.wait_s("2001:db8:1:2:ffff::1") > 0
    assert access.wait_s("2001:db8:1:3::1") == 0


def test_who_asks_too_much_waits_and_may_ask_again():
    clock = Clock()
    rates = Rates(clock)
    assert sum(rates.allow("a") for _ in range(1000)) == 400
    assert rates.allow("b")
    clock.now += 1.0
    assert sum(rates.allow("a") for _ in range(1000)) == 100


LOCAL, OUTSIDE = Place("127.0.0.1", 8080, False), Place("0.0.0.0", 8080, False, ("ecg.example.org",))


@pytest.mark.parametrize(
    ("place", "host", "reached", "called"),
    [
        (LOCAL, "127.0.0.1:8080", "127.0.0.1", True),
        (LOCAL, "localhost:8080", "127.0.0.1", True),
        (LOCAL, "LOCALHOST:8080", "127.0.0.1", True),
        (LOCAL, "localhost", "127.0.0.1", False),
        (LOCAL, "localhost:8081", "127.0.0.1", False),
        (LOCAL, "evil.example:8080", "127.0.0.1", False),
        (LOCAL, "127.0.0.1.evil.example:8080", "127.0.0.1", False),
        (LOCAL, "localhost.evil.example:8080", "127.0.0.1", False),
        (LOCAL, "", "127.0.0.1", False),
        (LOCAL, "[", "127.0.0.1", False),
        (LOCAL, "[::1]evil:8080", "::1", False),
        (Place("::1", 8080, False), "[::1]:8080", "::1", True),
        (OUTSIDE, "192.0.2.7:8080", "192.0.2.7", True),
        (OUTSIDE, "192.0.2.7:8080", "::ffff:192.0.2.7", True),
        (OUTSIDE, "192.0.2.8:8080", "192.0.2.7", False),
        (OUTSIDE, "ecg.example.org:8080", "192.0.2.7", True),
        (OUTSIDE, "localhost:8080", "192.0.2.7", False),
        (OUTSIDE, "example.org:8080", "192.0.2.7", False),
        (Place("0.0.0.0", 443, True), "192.0.2.7", "192.0.2.7", True),
        (Place("0.0.0.0", 80, False), "192.0.2.7", "192.0.2.7", True),
    ],
)
def test_a_browser_means_us_by_our_number_or_a_name_that_is_ours(place, host, reached, called):
    assert place.called(host, reached) is called


def test_on_a_network_this_machines_name_is_ours():
    ours = socket.gethostname().lower().partition(".")[0]
    assert OUTSIDE.called(f"{ours}.local:8080", "192.0.2.7")
    assert not LOCAL.called(f"{ours}.local:8080", "127.0.0.1")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("8080", ("127.0.0.1", 8080)),
        ("0", ("127.0.0.1", 0)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("pi.local:1", ("pi.local", 1)),
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_serve_takes_a_port_or_an_address_and_a_port(told, meant):
    chosen = settings({"demo": True, "serve": told})
    assert chosen.serve is not None
    assert split(chosen.serve) == meant


@pytest.mark.parametrize(
    "told", ["", "x", "65536", "-1", "1.5", "::1:80", "http://pi:80", "a b:80", "pi:", "٣", "a@b:1"]
)
def test_what_is_no_address_is_refused_with_what_would_be_one(told):
    with pytest.raises(UsageError, match=r"--serve.*must be a port such as 8080"):
        settings({"demo": True, "serve": told})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"serve_cert": "a"}, "--serve-cert goes with --serve only"),
        ({"serve_token_file": "a"}, "--serve-token-file goes with --serve only"),
        ({"serve": "1", "serve_cert": "a"}, "go together"),
        ({"serve": "1", "serve_key": "a"}, "go together"),
        ({"serve": "1", "serve_name": "a b"}, "--serve-name is 'a b'"),
    ],
)
def test_options_that_make_no_sense_alone_are_refused(given, words):
    with pytest.raises(UsageError, match=words):
        settings({"demo": True, **given})


def test_a_port_that_is_taken_is_told_before_anything_begins():
    with bound("127.0.0.1:0") as first, pytest.raises(OutputError, match="in use by another program") as told:
        bound(f"127.0.0.1:{first.getsockname()[1]}")
    assert told.value.exit_code == 6


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_ours_is_refused(host):
    with pytest.raises(UsageError, match=r"no address of this machine|no such host"):
        bound(f"{host}:8080")


@pytest.mark.parametrize("what", ["missing", "no certificate", "a folder"])
def test_a_certificate_that_cannot_be_used_is_told_in_words(tmp_path, what):
    path = tmp_path / "cert.pem"
    if what == "no certificate":
        path.write_text("hello")
    elif what == "a folder":
        path.mkdir()
    with pytest.raises(EdgeError, match=r"cert\.pem") as told, served(serve_cert=path, serve_key=path):
        pass
    assert told.value.exit_code == 2
