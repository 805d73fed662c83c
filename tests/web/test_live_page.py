"""The live page in a real browser: what a patch of known signal looks like on it, in pixels."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra edge-ecg[web] is not installed")

from live_run import DESKTOP, INDEPENDENT, PHONE, LiveRun, Watched, heart, heights_mv, live, patch, violations, watched

from edge.leads import LEADS

BUSY_S = 20.0
WITHIN = 0.02
RATIO = 2  # device pixels a CSS pixel: a line's middle can be told to a quarter of a pixel
LARGE = {"width": 1500, "height": 950}

# of each lead, for each column of its pane: the trace's upper and lower edge and its middle, pixels above 0 mV
ROWS = """() => {
  const { traces } = edgePage, told = {};
  const { mm, pps, ppmv } = traces.scale, names = ["I","II","III","aVR","aVL","aVF","V1","V2","V3","V4","V5","V6"];
  for (const pane of traces.plan.panes) pane.leads.forEach(({ lead, top, baseline }, k) => {
    const from = top + (k ? 0 : 2 * mm), below = pane.leads[k + 1]?.top ?? pane.y + pane.height;
    const { data, width, height } = traces.context.getImageData(pane.x, from, pane.width, below - from);
    const up = [], down = [], middle = [];
    for (let x = 0; x < width; x++) {
      let first = null, last = null, sum = 0, weight = 0;
      for (let y = 0; y < height; y++) {
        const alpha = data[4 * (y * width + x) + 3];
        if (alpha > 127) { first ??= y; last = y; }
        sum += alpha * (y + 0.5); weight += alpha;
      }
      const part = (y) => (y < 0 || y >= height ? 0 : data[4 * (y * width + x) + 3] / 255); // of a pixel, covered
      up.push(first === null ? null : baseline - from - (first + 1 - part(first) - part(first - 1)));
      down.push(last === null ? null : baseline - from - (last + part(last) + part(last + 1)));
      middle.push(weight ? baseline - from - sum / weight : null);
    }
    told[names[lead]] = { up, down, middle, x: pane.x, y: baseline };
  });
  return { leads: told, mm, pps, ppmv };
}"""
PULSE = """() => {
  const { traces } = edgePage, { left, baselines } = traces.plan, [baseline] = baselines;
  const context = traces.under.getContext("2d"), ink = [23, 33, 43];
  const { data, width } = context.getImageData(0, 0, left, baseline + 4);
  const rows = new Map(), columns = new Map();
  for (let k = 0; k < data.length; k += 4) {
    if (ink.some((value, c) => Math.abs(data[k + c] - value) > 60)) continue;
    const x = (k / 4) % width, y = Math.floor(k / 4 / width);
    rows.set(y, (rows.get(y) ?? 0) + 1);
    columns.set(x, (columns.get(x) ?? 0) + 1);
  }
  const long = (map, least) => [...map].filter(([, n]) => n >= least).map(([at]) => at);
  return { rows: long(rows, traces.scale.mm * 1.5), columns: long(columns, traces.scale.mm * 5), mm: traces.scale.mm };
}"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRun]:
    """A patch with all eight independent leads: twelve measured or derived ones, of known height, 60 a minute."""
    with patch(heart(), INDEPENDENT) as port, live(tmp_path_factory.mktemp("run"), "--port", port) as running:
        yield running


@pytest.fixture(scope="module")
def seen(browser: Any, run: LiveRun) -> Iterator[Watched]:
    with watched(browser, run.url, LARGE, RATIO) as page:
        page.until("edgePage.traces.drawn && edgePage.stream.ring.end - edgePage.stream.ring.first > 2200")
        yield page


def drawn(seen: Watched) -> dict[str, Any]:
    return seen.page.evaluate(ROWS)


def height_mv(of: dict[str, Any], told: dict[str, Any], sign: float) -> float:
    """From the flat line to the top of the R wave's line, less half its thickness."""
    edge = np.array(of["up" if sign > 0 else "down"], float)
    flat = np.nanmedian(np.array(of["middle"], float))
    half = 0.5 * np.nanmedian(np.array(of["up"], float) - np.array(of["down"], float))
    peak = np.nanmax(sign * edge) - half
    return float(sign * (peak - sign * flat) / told["ppmv"])


def test_a_known_signal_is_as_high_and_as_long_as_it_must_be(seen: Watched):
    seen.settings(layout="6x2", mmPerS=25, mmPerMv=10, mode="sweep")
    told = drawn(seen)
    assert told["ppmv"] == 10 * told["mm"]
    assert height_mv(told["leads"]["II"], told, 1) == pytest.approx(1.0, rel=WITHIN)
    assert period_s(told["leads"]["II"], told) == pytest.approx(1.0, rel=WITHIN)


def period_s(of: dict[str, Any], told: dict[str, Any]) -> float:
    """Between the R waves next to each other, in seconds of the paper."""
    up = np.nan_to_num(np.array(of["up"], float))
    high = np.flatnonzero(up > 0.7 * up.max())
    peaks = [part.mean() for part in np.split(high, np.flatnonzero(np.diff(high) > 5) + 1)]
    assert len(peaks) >= 3
    steps = np.diff(peaks) / (25 * told["mm"])
    return float(np.median(steps))


def test_every_lead_is_in_its_place(seen: Watched):
    seen.settings(layout="6x2", mmPerS=25, mmPerMv=10, mode="sweep")
    told = drawn(seen)
    for lead, mv in heights_mv().items():
        is_mv = height_mv(told["leads"][lead], told, np.sign(mv))
        assert is_mv == pytest.approx(mv, rel=WITHIN, abs=0.5 / told["ppmv"]), lead  # half a pixel
    left, right = sorted({of["x"] for of in told["leads"].values()})
    columns = [[lead for lead in LEADS if told["leads"][lead]["x"] == x] for x in (left, right)]
    assert columns == [list(LEADS[:6]), list(LEADS[6:])]
    for column in columns:
        places = [told["leads"][lead]["y"] for lead in column]
        assert places == sorted(places)


@pytest.mark.parametrize(
    ("mode", "mm_per_s", "mm_per_mv"), [("sweep", 50, 10), ("scroll", 25, 20), ("sweep", 25, 5), ("scroll", 50, 5)]
)
def test_the_scales_do_what_they_say(seen: Watched, mode: str, mm_per_s: int, mm_per_mv: int):
    seen.settings(layout="6x2", mmPerS=mm_per_s, mmPerMv=mm_per_mv, mode=mode)
    first = seen.page.evaluate("edgePage.traces.drawn")
    seen.until(f"edgePage.traces.drawn > {first} + 40")  # not only what was drawn anew
    told = drawn(seen)
    assert told["ppmv"] == mm_per_mv * told["mm"]
    assert told["pps"] * 500 == pytest.approx(mm_per_s * told["mm"])
    right = pytest.approx(0.6, rel=WITHIN, abs=0.6 / told["ppmv"])
    until_s = time.monotonic() + BUSY_S
    while (high := height_mv(told["leads"]["V6"], told, 1)) != right and time.monotonic() < until_s:
        seen.page.wait_for_timeout(250)  # a machine that is busy tells the page late, and late is hatched
        told = drawn(seen)
    assert high == right


def test_what_is_drawn_frame_by_frame_is_what_is_drawn_at_once(seen: Watched):
    """Sweeping and scrolling leave the picture that drawing everything anew gives, but for a line's soft edges."""
    for mode in ("sweep", "scroll"):
        seen.settings(layout="3x4", mmPerS=25, mmPerMv=10, mode=mode)
        first = seen.page.evaluate("edgePage.traces.drawn")
        seen.until(f"edgePage.traces.drawn > {first} + 150")
        apart = seen.page.evaluate("""() => {
          const { traces } = edgePage, { width, height } = traces.over;
          const read = () => traces.context.getImageData(0, 0, width, height).data.filter((_, k) => k % 4 === 3);
          const grown = read();
          traces.redraw();
          const anew = read();
          let far = 0, inked = 0;
          for (let k = 0; k < anew.length; k++) {
            inked += anew[k] > 127;
            far += Math.abs(anew[k] - grown[k]) > 127;
          }
          return far / inked;
        }""")
        assert apart < 0.02


def test_the_pulse_is_ten_millimetres_high_and_five_wide(seen: Watched):
    seen.settings(layout="6x2", mmPerS=25, mmPerMv=10, mode="sweep", theme="light")
    told = seen.page.evaluate(PULSE)
    rows, columns, mm = told["rows"], told["columns"], told["mm"]
    thick = max(1, round(mm / 4))
    assert (max(rows) - min(rows) - thick + 1) / mm == pytest.approx(10, abs=0.2)
    assert (max(columns) - min(columns) - thick + 1) / mm == pytest.approx(5, abs=0.2)


def test_measured_and_derived_leads_say_so(seen: Watched):
    names = "all => all.map(one => [one.children[0].textContent, one.className])"
    told = dict(seen.page.eval_on_selector_all("#labels .lead", names))
    assert told["II"] == "lead measured"
    assert {told[lead] for lead in ("III", "aVR", "aVL", "aVF")} == {"lead derived"}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_fits_the_screen(browser: Any, run: LiveRun, size: dict[str, int]):
    with watched(browser, run.url, size, 3 if size is PHONE else 1) as page:
        page.until("edgePage.traces.drawn")
        page.until("document.getElementById('bpm').textContent !== '--'")
        assert page.page.evaluate("document.documentElement.scrollWidth") == size["width"]
        rows = page.page.evaluate("edgePage.traces.plan.name")
        assert rows == ("12x1" if size is PHONE else "6x2")
        for button in ("#freeze", "#display", "#help"):
            box = page.page.locator(button).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size["width"]
        assert page.errors == []


def test_it_asks_nothing_of_anybody_else_and_complains_of_nothing(seen: Watched, run: LiveRun):
    assert seen.hosts == {f"127.0.0.1:{run.port}"}
    assert seen.errors == []


def test_axe_finds_nothing_in_either_theme_or_size(browser: Any, run: LiveRun):
    with watched(browser, run.url) as page:
        page.until("document.getElementById('bpm').textContent !== '--'")
        for size, opened in ((DESKTOP, "#display"), (PHONE, "#help")):
            page.page.set_viewport_size(size)
            page.page.emulate_media(color_scheme="light")
            assert violations(page) == []
            page.page.emulate_media(color_scheme="dark")
            assert violations(page, "color-contrast") == []  # nothing else is another in the dark
            page.page.click(opened)
            assert violations(page) == []
            page.page.keyboard.press("Escape")


def test_the_keys_choose_and_are_remembered(browser: Any, run: LiveRun):
    with watched(browser, run.url) as page:
        page.until("edgePage.traces.drawn")
        for key in "sgmlt":
            page.page.keyboard.press(key)
        chosen = page.page.evaluate("edgePage.settings.values")
        told = {name: chosen[name] for name in ("mmPerS", "mmPerMv", "mode", "layout", "theme")}
        assert told == {"mmPerS": 50, "mmPerMv": 20, "mode": "scroll", "layout": "12x1", "theme": "light"}
        page.page.reload()
        page.until("edgePage.traces.drawn")
        assert page.page.evaluate("edgePage.settings.values") == chosen
        page.page.keyboard.press("Space")
        held = page.page.evaluate("edgePage.traces.drawn")
        page.until(f"edgePage.stream.ring.end * edgePage.traces.scale.pps > {held} + 100")
        assert page.page.evaluate("edgePage.traces.drawn") == held
        page.page.keyboard.press("?")
        assert page.page.locator("#help-box").is_visible()


def test_the_page_is_light(seen: Watched, run: LiveRun):
    """What a browser fetches to show it, before anything is packed."""
    weights = {path: len(seen.page.request.get(urljoin(run.url, path)).body()) for path in seen.parts}
    assert {"/", "/static/main.js", "/static/style.css", "/static/paper.js"} <= set(weights)
    assert sum(weights.values()) < 150_000


def test_no_part_holds_script_or_style_within_markup():
    from edge.web import static_files

    page = (Path(static_files.__file__).parent / "static" / "index.html").read_text()
    for forbidden in ("<style", "style=", "onclick", "onload", "javascript:", "http://", "https://"):
        assert forbidden not in page
    assert page.count("<script") == page.count('<script type="module" src="/static/')
