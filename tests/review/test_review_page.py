"""The page of recordings as a person uses it, in a browser without a window."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from exports.recorded import Recorded
from review.a_page import served
from sinks.a_run import BEGAN, blocks, info

from edge.leads import LEAD
from edge.sinks.recorder import Recorder

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[test]'")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium")

ARGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
RATE = 500
READY = "#traces[data-ready=true]"
NEXT_FRAME = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
TRACE = """() => {  // of the one lead shown: by column the highest dark pixel, and the row that is dark most often
  const canvas = document.getElementById("paper"), { width, height } = canvas;
  const rows = new Array(height).fill(0), tops = [];
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const head = 9 * 8, foot = height - 5 * 8;
  for (let x = 0; x < width; x++) {
    let top = -1;
    for (let y = head; y < foot; y++) {
      const at = 4 * (y * width + x);
      if (data[at] < 80 && data[at + 1] < 80 && data[at + 2] < 90) { rows[y]++; if (top < 0) top = y; }
    }
    tops.push(top);
  }
  return { tops, baseline: rows.indexOf(Math.max(...rows)) };
}"""


@pytest.fixture(scope="module")
def folder(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds of a night, a signal of 1 mV and 60 a minute, and garbage."""
    folder = Path(shutil.copytree(recorded.path.parent, tmp_path_factory.mktemp("page") / "night"))
    beats(folder)
    (folder / "torn.hea").write_text("what is this")
    (folder / "torn.json").write_text("{}")
    return folder


def beats(folder: Path) -> None:
    """DIR/a_b_known_b: 30 s of II with an R wave of 1 mV every second, from a device with a name like markup.

    It believes that 25 s have passed when it has been 25.5.
    """
    t = np.arange(30 * RATE) % RATE / RATE
    mv = np.zeros((len(t), 12), np.float32)
    mv[:, LEAD["II"]] = np.exp(-(((t - 0.5) / 0.015) ** 2))
    sink = Recorder(folder, raw=False)
    sink.start(info("a <b>known</b>"))
    for block in blocks(mv, 500):
        sink.twelve(block)
    told = {"start_utc": BEGAN.isoformat(), "drift_ppm": -20_000.0}
    sink.event({"type": "time", "sample": 25 * RATE, "utc": (BEGAN + timedelta(seconds=25.5)).isoformat(), **told})
    sink.close({})


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


@dataclass
class Watched:
    """A page, and what went wrong on it."""

    page: playwright.Page
    url: str
    expected: list[str] = field(default_factory=list)  # what the console may say
    trouble: list[str] = field(default_factory=list)

    def open(self, name: str = "", at_s: float | None = None) -> playwright.Page:
        self.page.goto(f"{self.url}#{name}" + (f"@{at_s}" if at_s is not None else ""))
        if name:
            self.page.wait_for_selector(READY)
        else:
            self.page.wait_for_selector("#recordings tr")
        return self.page


def watched(browser: playwright.Browser, address: str, **options: object) -> Iterator[Watched]:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "timezone_id": "UTC"} | options)
    page = context.new_page()
    one = Watched(page, f"{address}/review")
    page.on("console", lambda told: told.type == "error" and one.trouble.append(told.text))
    page.on("pageerror", lambda error: one.trouble.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith(address) or one.trouble.append(f"asked {asked.url}"))
    page.set_default_timeout(10_000)
    yield one
    context.close()
    assert [told for told in one.trouble if not any(word in told for word in one.expected)] == []


@pytest.fixture
def on(browser: playwright.Browser, address: str) -> Iterator[Watched]:
    yield from watched(browser, address)


@pytest.fixture
def on_a_phone(browser: playwright.Browser, address: str) -> Iterator[Watched]:
    yield from watched(
        browser, address, viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2, is_mobile=True
    )


def words(page: playwright.Page, selector: str) -> str:
    return " ".join(page.inner_text(selector).split())


def told_when(page: playwright.Page, selector: str, pattern: str) -> str:
    """The text of an element once it looks like `pattern`."""
    page.locator(selector, has_text=re.compile(pattern)).wait_for()
    return words(page, selector)


def violations(page: playwright.Page) -> list[str]:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed: pip install '.[test]'"
    )
    found = axe.Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


def test_the_list_names_every_recording_and_what_is_wrong_with_one(on):
    page = on.open()
    rows = [" ".join(row.split()) for row in page.locator("#recordings tr").all_inner_texts()]
    assert len(rows) == 3
    assert any(
        row.startswith("bed 7") and "40 s" in row and "3 s" in row and "2 and 1 of the equipment" in row for row in rows
    )
    assert any(row.startswith("torn") and "header" in row for row in rows)
    assert any("a <b>known</b>" in row for row in rows), "a name is text, whatever is in it"
    assert page.locator("#recordings b").count() == 0
    assert violations(page) == []


def test_a_recording_opens_with_twelve_leads_and_where_they_come_from(on):
    page = on.open()
    page.click("text=bed 7")
    page.wait_for_selector(READY)
    assert words(page, "#title") == "bed 7"
    labels = page.locator("#labels .lead")
    assert labels.count() == 12
    assert page.locator("#labels .lead.measured").all_inner_texts()[0].startswith("II")
    assert page.locator("#labels .lead.derived").count() == 2
    told = told_when(page, "#shown", "beats")
    assert told.startswith("2026-03-01 12:00:00.2 to 12:00:09")
    assert "sinus" in told
    page.click("#back")
    page.wait_for_selector("#recordings tr")
    assert page.is_hidden("#viewer")


def test_an_address_names_a_recording_and_a_second_of_it(on):
    page = on.open("bed_7", 25.5)
    assert "12:00:25.7 to" in words(page, "#shown")
    page.keyboard.press("Home")
    page.wait_for_url(re.compile(r"#bed_7@0$"))


def test_scrolling_and_zooming_by_keys_wheel_and_slider(on):
    page = on.open("bed_7")
    page.focus("#traces")
    page.keyboard.press("PageDown")
    assert "12:00:08." in told_when(page, "#shown", "12:00:08")
    page.keyboard.press("End")
    assert "to 12:00:40.2" in told_when(page, "#shown", "40.2")
    page.keyboard.press("Home")
    page.keyboard.press("+")
    assert told_when(page, "#speed", "50") == "50 mm/s"
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert told_when(page, "#speed", "12.5") == "12.5 mm/s"
    page.hover("#traces")
    page.mouse.wheel(0, 2000)
    told_when(page, "#shown", "40 s")
    page.keyboard.press("0")
    told_when(page, "#speed", "^25 mm/s")
    page.focus("#position")
    page.keyboard.press("End")
    told_when(page, "#shown", "to 12:00:40.2")
    assert "12:00:40" in (page.get_attribute("#position", "aria-valuetext") or "")


def test_dragging_moves_the_paper_with_the_hand(on):
    page = on.open("bed_7")
    box = page.locator("#traces").bounding_box()
    x, y = box["x"] + 600, box["y"] + 200
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 250, y, steps=3)
    page.mouse.up()
    assert "12:00:02.7 to" in told_when(page, "#shown", "12:00:02")


@pytest.fixture
def fine(browser: playwright.Browser, address: str) -> Iterator[Watched]:
    yield from watched(browser, address, device_scale_factor=2)


def test_calipers_measure_a_known_signal_to_two_per_cent(fine):
    page = fine.open("a_b_known_b")
    page.select_option("#leads", "II")
    page.select_option("#gain", "20")
    page.click("#calipers")
    page.evaluate(NEXT_FRAME)
    seen = page.evaluate(TRACE)
    tops = np.array(seen["tops"], float)
    tops[tops < 0] = np.inf
    tops[:200] = np.inf  # under the label
    peaks = [x for x in range(1, len(tops) - 1) if tops[x] <= tops.min() + 2]
    firsts = [x for k, x in enumerate(peaks) if not k or x - peaks[k - 1] > 20]
    lasts = [x for k, x in enumerate(peaks) if k + 1 == len(peaks) or peaks[k + 1] - x > 20]
    middles = [(a + b) / 2 for a, b in zip(firsts, lasts, strict=True)]
    box = page.locator("#traces").bounding_box()
    for name, x in zip("AB", middles[1:3], strict=True):
        drag(page, f"Time line {name}", box["x"] + x / 2, None)
    drag(page, "Level line 1", None, box["y"] + (seen["baseline"] + 0.5) / 2)
    drag(page, "Level line 2", None, box["y"] + (tops.min() + 1.5) / 2)
    ms, per_min, mv = (float(text.split()[0]) for text in page.locator("#readout b").all_inner_texts())
    assert ms == pytest.approx(1000, rel=0.02)
    assert per_min == pytest.approx(60, rel=0.02)
    assert mv == pytest.approx(1.0, rel=0.02)


def drag(page: playwright.Page, label: str, x: float | None, y: float | None) -> None:
    handle = page.get_by_label(label, exact=True).bounding_box()
    at = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] if x is None else x, at[1] if y is None else y, steps=2)
    page.mouse.up()


def test_calipers_move_by_keys_a_sample_at_a_time_and_say_what_they_measure(on):
    page = on.open("a_b_known_b")
    page.keyboard.press("c")
    line = page.get_by_label("Time line A")
    line.focus()
    before = float(words(page, "#readout b >> nth=0").split()[0])
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert float(words(page, "#readout b >> nth=0").split()[0]) == pytest.approx(before - 30, abs=1.01)
    assert "seconds" in line.get_attribute("aria-valuetext")
    assert page.get_attribute("#readout", "aria-live") == "polite"
    page.get_by_label("Level line 2").focus()
    page.keyboard.press("Shift+ArrowUp")
    assert words(page, "#readout b >> nth=2") == "1.100 mV"
    assert "12:00:00.2 to" in words(page, "#shown"), "the arrows moved the line, not the paper"
    v5, box = page.locator("#labels .lead >> nth=10").bounding_box(), page.locator("#traces").bounding_box()
    page.mouse.dblclick(box["x"] + 300, v5["y"] + 15)
    told_when(page, "#readout", "levels on V5")


def test_from_alert_to_alert_with_what_speaks_for_them(on):
    page = on.open("bed_7")
    page.wait_for_selector("#alerts tr")
    page.keyboard.press("n")
    told = told_when(page, "#alert", "1 of 2")
    assert "Ventricular tachycardia" in told
    assert "high priority" in told
    assert "rate 140 per minute" in told
    assert "measured II, V1, V5" in told
    assert "12:00:07." in told_when(page, "#shown", "12:00:07")
    page.keyboard.press("n")
    assert "Atrial fibrillation" in told_when(page, "#alert", "2 of 2")
    page.click("#previous")
    told_when(page, "#alert", "1 of 2")
    page.check("#technical")
    assert page.locator("#alerts tr").count() == 3
    page.click("#alerts button >> nth=1")
    assert "Signal lost" in told_when(page, "#alert", "2 of 3")


def test_letters_can_be_turned_off(on):
    page = on.open("bed_7")
    page.wait_for_selector("#alerts tr")
    page.click("text=Keys")
    page.uncheck("#keys")
    page.focus("#traces")
    page.keyboard.press("n")
    page.keyboard.press("c")
    page.keyboard.press("End")
    told_when(page, "#shown", "40.2")
    assert page.is_hidden("#alert")
    assert page.is_hidden("#readout")


def test_times_are_the_walls_and_not_the_patchs(on):
    page = on.open("a_b_known_b", at_s=20.0)
    assert "12:00:20.6 to" in words(page, "#shown")  # 20.25, and 0.4 by which the patch is late by then


def test_a_gap_is_hatched_and_holds_no_trace(fine):
    page = fine.open("bed_7", 18.0)
    page.select_option("#leads", "II")
    page.evaluate(NEXT_FRAME)
    tops = np.array(page.evaluate(TRACE)["tops"])
    second = 200  # pixels
    gap = tops[2 * second + 10 : 5 * second - 10]
    assert (gap[:150] < 0).all()
    assert (gap[-150:] < 0).all()
    assert (gap >= 0).any(), "in its middle stands that nothing was recorded"
    assert (tops[second : 2 * second - 10] >= 0).all()


def test_the_trend_is_a_table_too(on):
    page = on.open("bed_7")
    page.wait_for_selector("#alerts tr")
    page.click("text=Trend as a table")
    page.wait_for_selector("#trend-table td")
    assert words(page, "#trend-table tbody tr").endswith("sinus, atrial fibrillation 75")


def test_the_viewer_has_nothing_that_axe_objects_to(on):
    page = on.open("bed_7")
    page.wait_for_selector("#alerts tr")
    page.keyboard.press("n")
    page.keyboard.press("c")
    page.click("text=Trend as a table")
    page.click("text=Keys")
    told_when(page, "#alert", "1 of 2")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []


def test_on_a_phone_everything_is_within_its_width(on_a_phone):
    page = on_a_phone.open()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.tap("text=bed 7")
    page.wait_for_selector(READY)
    page.wait_for_selector("#alerts tr")
    page.tap("#calipers")
    page.tap("#next")
    told_when(page, "#alert", "1 of 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []


def test_two_fingers_zoom(on_a_phone):
    page = on_a_phone.open("bed_7")
    box = page.locator("#traces").bounding_box()
    session = page.context.new_cdp_session(page)
    y = box["y"] + 100
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80)):
        points = [{"x": box["x"] + 180 + sign * apart, "y": y, "id": k} for k, sign in enumerate((-1, 1))]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert told_when(page, "#speed", "50") == "50 mm/s"


def test_who_is_not_logged_in_is_shown_the_way(on):
    on.expected.append("401")
    on.page.route("**/api/recordings", lambda route: route.fulfill(status=401, json={"error": "log in"}))
    on.page.goto(on.url)
    assert "You are not logged in" in told_when(on.page, "#trouble", "logged")
    assert on.page.get_attribute("#trouble a", "href") == "./"


def test_a_name_that_is_no_recording_leads_to_the_list_and_says_so(on):
    on.expected.append("404")
    on.page.goto(f"{on.url}#nobody")
    told_when(on.page, "#trouble", "no recording of that name")
    on.page.wait_for_selector("#recordings tr")


def test_a_server_that_is_gone_is_told(on):
    on.expected.append("Failed to load resource")
    page = on.open("bed_7")
    page.route("**/api/**", lambda route: route.abort())
    page.keyboard.press("End")
    assert "does not answer" in told_when(page, "#trouble", "answer")


def test_a_stretch_is_downloaded(on):
    page = on.open("bed_7")
    with page.expect_download() as download:
        page.select_option("#export", "csv")
    assert download.value.suggested_filename == "bed_7.csv"
    text = Path(download.value.path()).read_text()
    assert sum(not line.startswith("#") for line in text.splitlines()) > 4000
