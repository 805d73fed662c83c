"""The live page's parts by themselves, in a real browser: play-out, ring, messages, login."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the extra edge-ecg[web] is not installed")

from live_run import Watched, violations, watched
from pages import served

CUTS = (
    [(0, 3000)],
    [(0, 700), (700, 701), (701, 2500), (2400, 3000), (0, 700)],
    [(0, 1900), (1950, 3000)],
)
PLAYED = """async ({ hop_s, jitter_s, away_s }) => {
  const { PlayOut } = await import("/static/playout.js");
  const play = new PlayOut(500), hop = hop_s * 500, heads = [];
  let end = 0, due = hop_s, seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let frame = 0; frame < 60 * 30; frame++) {
    const now_s = frame / 60;
    if (!(now_s > 20 && now_s < 20 + away_s)) while (due <= now_s) {
      play.arrived(end, end + hop, now_s);
      end += hop;
      due = end / 500 + hop_s + jitter_s * random();
    }
    const head = play.at(now_s);
    if (head !== null) heads.push([now_s, head, end]);
  }
  return heads;
}"""
RINGED = """async (cuts) => {
  const { Ring } = await import("/static/ring.js");
  const block = (start, n) => ({
    start, n, sdStep: 25, origin: new Uint8Array(12).fill(3),
    uv: Int16Array.from({ length: 12 * n }, (_, k) => (Math.floor(k / n) * 100 + start + (k % n)) % 30000),
    sd: new Uint16Array(12 * Math.ceil(n / 25)).fill(70),
  });
  const ring = new Ring(10);
  for (const [start, end] of cuts) ring.put(block(start, end - start));
  const told = [];
  for (let s = ring.end - ring.size; s < ring.end; s++) {
    const k = 5 * ring.size + (s & ring.mask);
    told.push([s, ring.origin[k], ring.origin[k] === 4 ? null : ring.uv[k], ring.sd[k]]);
  }
  return { end: ring.end, told };
}"""
CUT_SHORT = """async () => {
  const { eachFrame } = await import("/static/frames.js");
  const n = 30, size = 44 + 24 * n + 24 * 2, whole = new ArrayBuffer(8 + 16 + 8 + size), view = new DataView(whole);
  new Uint8Array(whole).set(new TextEncoder().encode('{"run":"a"}     '), 8);
  view.setUint16(0, 0x0101, true); view.setUint32(4, 16, true);
  view.setUint16(24, 0x0102, true); view.setUint32(28, size, true);
  view.setUint16(32 + 16, n, true); view.setUint8(32 + 18, 25);
  const counts = [];
  for (let length = 0; length <= whole.byteLength; length++) {
    const told = [];
    eachFrame(whole.slice(0, length), { hello: () => told.push("hello"), block: (one) => told.push(one.uv.length) });
    counts.push(told.join());
  }
  return counts;
}"""


@pytest.fixture(scope="module")
def seen(browser: Any) -> Iterator[Watched]:
    """A page whose run has not begun."""
    with served() as page, watched(browser, page.origin) as waiting:
        yield waiting


@pytest.mark.parametrize(("hop_s", "jitter_s"), [(1.0, 0.0), (1.0, 0.1), (0.02, 0.01)])
def test_what_comes_in_bursts_is_shown_at_a_constant_pace(seen: Watched, hop_s: float, jitter_s: float):
    heads = seen.page.evaluate(PLAYED, {"hop_s": hop_s, "jitter_s": jitter_s, "away_s": 0})
    settled = [(now, head, end) for now, head, end in heads if now > 8]
    for (before, left, _), (now, head, end) in pairwise(settled):
        assert head <= end
        assert (head - left) / (now - before) == pytest.approx(500, rel=0.05)
    assert settled[-1][2] - settled[-1][1] < 500 * (2 * hop_s + 0.5)  # and no longer behind than it must be


def test_after_a_long_silence_it_is_on_time_again(seen: Watched):
    heads = seen.page.evaluate(PLAYED, {"hop_s": 1.0, "jitter_s": 0.0, "away_s": 5})
    silent = [head for now, head, _ in heads if 22 < now < 25]
    assert max(silent) == min(silent)  # nothing is invented
    _, head, end = heads[-1]
    assert 0 <= end - head < 1500
    assert all(later[1] >= sooner[1] for sooner, later in pairwise(heads))


@pytest.mark.parametrize("cuts", CUTS)
def test_the_ring_holds_the_last_samples_and_every_hole(seen: Watched, cuts: list[tuple[int, int]]):
    told = seen.page.evaluate(RINGED, cuts)
    assert told["end"] == 3000
    for sample, origin, uv, sd in told["told"]:
        here = [start for start, end in cuts if start <= sample < end]
        assert (origin, uv) == ((3, (500 + sample) % 30000) if here else (4, None)), sample
        assert sd == 70 or not here


def test_a_message_that_is_cut_short_is_taken_as_far_as_it_goes(seen: Watched):
    counts = seen.page.evaluate(CUT_SHORT)
    assert set(counts[:24]) == {""}
    assert set(counts[24:-1]) == {"hello"}
    assert counts[-1] == "hello,360"


def test_a_page_that_waits_says_so_and_axe_finds_nothing(seen: Watched):
    assert seen.page.locator("#device").inner_text() == "Waiting for a patch"
    seen.until("document.getElementById('up').textContent === 'waiting'")
    assert seen.page.locator("#empty").is_visible()
    assert violations(seen) == []


def test_the_token_is_asked_for_and_taken_out_of_the_address(browser: Any, tmp_path: Path):
    kept = tmp_path / "token"
    with served(serve_token_file=kept) as page:
        token = kept.read_text().strip()
        with watched(browser, page.origin) as asked:
            asked.until("!document.getElementById('login').hidden")
            assert asked.page.locator(".sheet").is_hidden()
            assert violations(asked) == []
            asked.page.fill("#token", "wrong")
            asked.page.keyboard.press("Enter")
            asked.until("document.querySelector('.wrong').textContent.includes('not the token')")
            asked.page.fill("#token", token)
            asked.page.keyboard.press("Enter")
            asked.until("document.getElementById('login').hidden && edgePage.socket.up")
            assert asked.page.locator(".sheet").is_visible()
        with watched(browser, f"{page.origin}/#token={token}") as opened:
            opened.until("edgePage.socket.up")
            assert opened.page.url == f"{page.origin}/"
            assert opened.errors == []
