"""Alerts, losses and restarts on the live page, in a real browser and with a real run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the extra edge-ecg[web] is not installed")

from live_run import PHONE, LiveRun, Watched, heart, live, patch, violations, wait, watched

LEADS = ("II", "V1", "V5")
NAME = "<b><script>1</b>"  # sixteen bytes, all that a patch may call itself
LOG = "[...document.querySelectorAll('#log li')].map(one => one.textContent).join('\\n')"
# of the hole between two stretches, once it is shown: its seconds, and how many rows of it are drawn upon
HOLES = """() => {
  const { traces, stream } = edgePage, { ring } = stream, { scale } = traces, pane = traces.plan.panes[0];
  let first = null, last = null;
  for (let s = Math.max(ring.first, ring.end - ring.size); s < ring.end; s++) {
    if (ring.origin[s & ring.mask] !== 4) { if (last !== null) break; continue; }
    first ??= s;
    if (ring.origin[(s + 1) & ring.mask] !== 4) last = s + 1;
  }
  if (last === null || edgePage.traces.drawn < Math.floor(last * scale.pps) + 10) return null;
  const column = Math.floor((last - 50) * scale.pps) % pane.width;
  const { data } = traces.context.getImageData(pane.x + column, 0, 1, pane.height);
  return { seconds: (last - first) / stream.rate, hatched: data.filter((alpha, k) => k % 4 === 3 && alpha).length };
}"""
CONFIG = "[alerts]\npause_s = 1.6\nasystole_s = 2.0\nclear_s = 1.0\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    (made / "edge.toml").write_text(CONFIG)
    return made


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[str]:
    """A patch whose heart stands still for 3 s of every 8."""
    with patch(heart(8.0, silent=[(4.0, 7.0)]), LEADS, folder / "patch", ["unplug:at=18,for=2"], NAME) as path:
        yield path


def started(folder: Path, port: str, at: int = 0) -> Any:
    return live(folder, "--port", port, "--config", str(folder / "edge.toml"), port=at)


@pytest.fixture(scope="module")
def run(folder: Path, port: str) -> Iterator[LiveRun]:
    with started(folder, port) as running:
        yield running


@pytest.fixture(scope="module")
def seen(browser: Any, run: LiveRun) -> Iterator[Watched]:
    with watched(browser, run.url) as page:
        yield page


def acknowledged(run: LiveRun) -> list[str]:
    return [told["id"] for told in run.events() if told["type"] == "alert" and told["state"] == "acknowledged"]


def test_an_alert_rises_is_acknowledged_and_the_log_says_so(seen: Watched, run: LiveRun):
    seen.until("!document.getElementById('urgent').hidden")
    page = seen.page
    assert "Asystole" in page.locator("#urgent-words").inner_text()
    card = page.locator("#active .alert").first
    assert card.locator(".priority.high").inner_text() == "high"
    assert "no beat for" in card.inner_text()
    assert "measured II, V1, V5" in card.inner_text()
    assert page.title().startswith("▲ Asystole")
    assert violations(seen) == []

    card.get_by_role("button", name="Strip").click()
    seen.until("document.querySelector('.strip canvas')?.width > 400")
    assert [label.inner_text().split()[0] for label in card.locator(".strip .lead").all()] == [*LEADS]

    card.get_by_role("button", name="Acknowledge").click()
    seen.until("document.getElementById('urgent').hidden")
    seen.until(f"{LOG}.includes('Asystole acknowledged')")
    wait(lambda: len(acknowledged(run)) == 1, run.process)  # the file is written within a second


def test_a_key_acknowledges_too(seen: Watched, run: LiveRun):
    seen.until("!document.getElementById('urgent').hidden")
    seen.page.keyboard.press("a")
    seen.until("document.getElementById('urgent').hidden")
    wait(lambda: len(acknowledged(run)) == 2, run.process)


def test_reconstructed_leads_have_their_band(seen: Watched):
    """Below and above the line there is a band as wide as the interval, and no wider."""
    seen.until(
        "edgePage.stream.playOut.head - edgePage.stream.ring.first > 3000"
    )  # after what the network had to wait for
    told = seen.page.evaluate("""() => {
      const { traces, stream } = edgePage, { ring } = stream, { scale } = traces, pane = traces.plan.panes[1];
      edgePage.settings.set({ layout: "6x2", mode: "scroll", mmPerS: 25, mmPerMv: 10 });
      const now = traces.plan.panes[1], { baseline, lead } = now.leads[1], found = [];
      for (let back = 20; back < now.width - 20; back += 7) {
        const column = traces.drawn - back, s = Math.floor((column + 0.5) / scale.pps), at = lead * ring.size;
        const k = at + (s & ring.mask), code = ring.origin[k], half = 1.645 * ring.sd[k] / 1000 * scale.ppmv;
        const { data } = traces.context.getImageData(now.x + now.width - back, 0, 1, now.height);
        const middle = baseline - ring.uv[k] / 1000 * scale.ppmv;
        let first = Math.round(middle), last = first;
        while (first > 0 && data[4 * (first - 1) + 3]) first -= 1;
        while (last < now.height - 1 && data[4 * (last + 1) + 3]) last += 1;
        if (code === 3 && middle + half < baseline + 30) found.push([last - middle, half]);
      }
      return found;
    }""")
    assert len(told) > 20
    for drawn, half in told:
        assert drawn == pytest.approx(max(half, 1.0), abs=3 + 0.5 * half), told


def test_what_a_device_calls_itself_is_text(seen: Watched):
    assert seen.page.locator("#device").inner_text() == NAME
    assert seen.page.locator("script").count() == 1


def test_a_link_is_lost_and_found(seen: Watched):
    seen.until("document.getElementById('trouble').textContent.includes('Link to the patch lost')", 20)
    assert seen.page.locator("#up").inner_text() == "link lost"
    assert "stale" in seen.page.locator("body").get_attribute("class")
    seen.until("document.getElementById('up').textContent === 'live'")
    assert seen.page.locator("#trouble").inner_text() == ""
    told = seen.page.evaluate(LOG)
    assert "Patch disconnected began" in told
    assert "samples lost (link)" in seen.page.evaluate(LOG) or seen.until(f"{LOG}.includes('samples lost (link)')")
    assert seen.errors == []


def test_a_page_outlives_its_server_and_shows_the_hole(browser: Any, tmp_path: Path):
    (tmp_path / "edge.toml").write_text(CONFIG)
    off = ["off:electrode=V5,at=0.5,for=600"]
    with contextlib.ExitStack() as runs, patch(heart(), LEADS, tmp_path / "patch", off) as port:
        first = runs.enter_context(started(tmp_path, port))
        page = runs.enter_context(watched(browser, first.url, PHONE))
        page.until("edgePage.traces.drawn")
        page.until("document.querySelector('#labels .trouble')?.textContent.startsWith('V5')")
        assert "electrode off" in page.page.locator("#labels .trouble").inner_text()
        assert page.page.locator("#leads .off").inner_text() == "off"
        before, known = page.page.evaluate("[edgePage.stream.ring.end, edgePage.stream.run]")
        first.process.terminate()
        assert first.process.wait(10) == 0
        page.until("document.body.classList.contains('stale')")
        assert "trying again" in page.page.locator("#trouble").inner_text()
        runs.enter_context(started(tmp_path, port, first.port))
        page.until(f"edgePage.stream.run !== {known!r} && edgePage.stream.ring.end > {before}")
        page.until(f"{LOG}.includes('another run begins')")
        hole = page.until(HOLES)
        assert 0.5 < hole["seconds"] < 60  # as long as a busy machine takes to start a run
        assert hole["hatched"] > 5
        assert "stale" not in page.page.locator("body").get_attribute("class")
        assert [told for told in page.errors if "ERR_CONNECTION_REFUSED" not in told] == []


def test_a_browser_that_slept_goes_on_and_says_what_it_missed(browser: Any, run: LiveRun):
    with watched(browser, run.url) as page:
        page.until("edgePage.traces.drawn")
        end = page.page.evaluate("edgePage.stream.ring.end")
        page.page.context.set_offline(True)
        page.page.evaluate("edgePage.socket.lost('asleep')")
        page.until("document.body.classList.contains('stale')")
        page.page.wait_for_timeout(2500)
        page.page.context.set_offline(False)
        page.until(f"edgePage.stream.ring.end > {end} + 1000 && !document.body.classList.contains('stale')")
        told = page.page.evaluate(LOG)
        assert "Connection lost: asleep" in told
        assert "Connected again" in told
