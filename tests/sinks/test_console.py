import io
import os
import pty
import re
import time
from itertools import pairwise

import numpy as np
import pytest

from edge.blocks import Origin, TwelveLeads
from edge.errors import UsageError
from edge.leads import LEAD, LEADS
from edge.sinks.console import ActiveAlert, Console, LeadScore, ViewState, summary_table
from edge.sinks.terminal import CLOSE, OPEN
from edge.sinks.trace import Traces, characters, spans

RATE = 500
PATCH = tuple(Origin.MEASURED if lead in ("II", "V1", "V5") else Origin.RECONSTRUCTED for lead in LEADS)
BRAILLE = re.compile("[\u2801-\u28ff]")


class FakeTerminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class AsciiTerminal(FakeTerminal):
    encoding = "ascii"


class FakeClock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _a_common_terminal(monkeypatch):
    for name in ("LC_ALL", "LC_CTYPE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"LANG": "en_GB.UTF-8", "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def resize(monkeypatch):
    def to(width, height):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("LINES", str(height))

    return to


def beats(seconds, per_s=1.2):
    """Twelve leads with an R peak one sample wide, of 1 mV in II and as large in no other lead."""
    mv = np.zeros((round(seconds * RATE), 12), np.float32)
    peaks = np.arange(RATE // 4, len(mv), round(RATE / per_s))
    mv[peaks] = np.linspace(0.3, 0.8, 12)
    mv[peaks, LEAD["II"]] = 1.0
    return mv


def block(start, mv, origin=PATCH):
    return TwelveLeads(start, mv, np.zeros_like(mv), origin)


def state(**changes):
    montage = ("II", "V1", "V5")
    quality = {"II": 0.97, "V1": 0.62, "V5": 0.3}
    return ViewState(device="patch-7", source="/dev/ttyACM0", montage=montage, quality=quality, **changes)


def run(console, clock, mv, chunk=20, start=0):
    for at in range(0, len(mv), chunk):
        console.twelve(block(start + at, mv[at : at + chunk]))
        console.state.samples = start + at + chunk
        console.state.elapsed_s = clock.now = console.state.samples / RATE
        console.update()


def screen(written, width, height):
    """The screen that a terminal shows after `written`, as lines."""
    rows = [[" "] * width for _ in range(height)]
    row = column = 0
    for move, clear, _other, text in re.findall(
        r"\x1b\[(\d+;\d+)H|(\x1b\[2J)|(\x1b\[[?\d;]*[a-zA-Z])|([^\x1b]+)", written
    ):
        if move:
            row, column = (int(part) - 1 for part in move.split(";"))
        elif clear:
            rows = [[" "] * width for _ in range(height)]
        for character in text:
            assert (row, column) < (height, width)
            assert column < width
            rows[row][column] = character
            column += 1
    return ["".join(line) for line in rows]


@pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (200, 60), (50, 30), (60, 12), (20, 5), (5, 3), (1, 1), (1000, 9)]
)
def test_the_live_view_fits_any_terminal(size, resize):
    resize(*size)
    out, clock = FakeTerminal(), FakeClock()
    alerts = (ActiveAlert("asystole", "high", False, 1.0), ActiveAlert("electrode off", "low", True, 0.5))
    with Console("live", state(alerts=alerts, lost={"crc": 7}), out, clock_s=clock) as console:
        console.update()  # before there is any signal
        run(console, clock, beats(6.0))
        shown = screen(out.getvalue(), *size)
    assert any(line.strip() for line in shown)


def test_every_lead_says_by_a_mark_how_it_is_known():
    out, clock = FakeTerminal(), FakeClock()
    origin = list(PATCH)
    origin[LEAD["III"]], origin[LEAD["V6"]] = Origin.DERIVED, Origin.UNAVAILABLE
    mv = beats(5.0)
    mv[:, LEAD["V6"]] = np.nan
    with Console("live", state(), out, clock_s=clock) as console:
        console.twelve(block(0, mv, tuple(origin)))
        console.update()
        shown = screen(out.getvalue(), 80, 24)
    text = "\n".join(shown)
    for marked in ("● II ", "● V1", "◌ I ", "◆ III", "◌ V2", "× V6"):
        assert marked in text
    row = next(line for line in shown if "× V6" in line)
    assert not BRAILLE.search(row[row.index("V6") :])
    assert re.search(r"1 mV = \d+", shown[-1])


def test_the_panel_tells_rate_quality_losses_latency_battery_and_alerts():
    out, clock = FakeTerminal(), FakeClock()
    told = state(
        heart_rate_bpm=72.4,
        samples=9500,
        lost={"crc": 300, "gap": 200},
        latency_p50_ms=3.21,
        latency_p99_ms=9.87,
        battery_percent=15.0,
        electrodes_off=frozenset({"V5"}),
        alerts=(ActiveAlert("battery", "low", True), ActiveAlert("bradycardia", "medium", False)),
        elapsed_s=61.0,
    )
    with Console("live", told, out, clock_s=clock) as console:
        console.update()
        text = "\n".join(screen(out.getvalue(), 80, 24))
    for words in (
        "lost 500 (5 %): crc 300, gap 200",
        "p50 3.2, p99 9.9 ms",
        "battery 15 %",
        "0.97",
        "electrode off",
        "bradycardia (medium) for 1:01",
        "(+1 more)",
        "/min",
        "1:01",
        "patch-7",
    ):
        assert words in text


def test_a_peak_of_one_sample_is_still_seen_at_its_full_height(resize):
    resize(80, 24)
    traces = Traces()
    mv = np.zeros((2000, 12), np.float32)
    mv[777, LEAD["V3"]] = 1.5
    for at in range(0, 2000, 7):
        traces.add(block(at, mv[at : at + 7]))
    sweep = traces.sweep(4.0, 66)
    assert np.nanmax(sweep.high[LEAD["V3"]]) == pytest.approx(1.5)
    top, bottom = spans(sweep.low, sweep.high, np.full(12, 0.75, np.float32), 6.0, 12)
    drawn = characters(top, bottom, 3, braille=True)[LEAD["V3"]]
    peak = (drawn > 0x2800).all(axis=0)
    assert peak.sum() == 1  # one cell, lit from the lowest line to the highest


def test_a_gap_is_left_blank_and_the_lines_beside_it_are_not_joined():
    traces = Traces()
    traces.add(block(0, np.zeros((1000, 12), np.float32)))
    traces.add(block(1500, np.ones((500, 12), np.float32)))  # one second is missing
    sweep = traces.sweep(4.0, 100)
    seen = np.isfinite(sweep.low[0])
    assert 24 <= (~seen).sum() <= 26 + 3  # a second of four on 100 columns, and the pen
    assert set(np.unique(sweep.high[0][seen] - sweep.low[0][seen])) == {0.0}


def test_the_trace_is_the_same_however_the_blocks_are_cut():
    mv = beats(9.0)
    whole, cut = Traces(), Traces()
    whole.add(block(0, mv))
    rng = np.random.default_rng(3)
    edges = [0, *sorted(rng.integers(1, len(mv), 200).tolist()), len(mv)]
    for a, b in pairwise(edges):
        cut.add(block(a, mv[a:b]))
    one, other = whole.sweep(4.0, 66), cut.sweep(4.0, 66)
    np.testing.assert_array_equal(one.low, other.low)
    np.testing.assert_array_equal(one.high, other.high)


def test_what_is_written_bit_by_bit_shows_the_same_as_a_fresh_screen():
    slow, clock = FakeTerminal(), FakeClock()
    mv = beats(7.3)
    with Console("live", state(), slow, clock_s=clock) as console:
        run(console, clock, mv)
        clock.now += 1.0
        console.update()
        by_bits = screen(slow.getvalue(), 80, 24)
        slow.seek(0)
        slow.truncate()
        clock.now += 60.0  # time for a refresh: everything is written anew
        console.update()
        assert screen(slow.getvalue(), 80, 24) == by_bits


def test_the_screen_is_not_drawn_more_often_than_eight_times_a_second():
    out, clock = FakeTerminal(), FakeClock()
    with Console("live", state(), out, clock_s=clock) as console:
        drawn = 0
        for _ in range(2000):
            before = len(out.getvalue())
            clock.now += 0.001
            console.state.elapsed_s += 7.0  # always something to draw
            console.update()
            drawn += len(out.getvalue()) > before
    assert 2 <= drawn <= 16


def test_a_terminal_that_changes_its_size_is_painted_anew(resize):
    out, clock = FakeTerminal(), FakeClock()
    with Console("live", state(), out, clock_s=clock) as console:
        run(console, clock, beats(5.0))
        resize(120, 40)
        out.seek(0)
        out.truncate()
        clock.now += 1.0
        console.update()
        shown = screen(out.getvalue(), 120, 40)
    assert "not a medical device" in shown[-1]
    assert sum("V6" in line for line in shown) == 1


@pytest.mark.parametrize(
    ("stream", "environ"),
    [(AsciiTerminal, {}), (FakeTerminal, {"LANG": "C"}), (FakeTerminal, {"TERM": "linux"})],
    ids=["ascii stream", "LANG=C", "console without braille"],
)
def test_without_unicode_everything_is_drawn_in_ascii(stream, environ, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    out, clock = stream(), FakeClock()
    with Console("live", state(heart_rate_bpm=60.0), out, clock_s=clock) as console:
        if stream is AsciiTerminal:
            console.state.device = "Ümläut"
        run(console, clock, beats(5.0))
        shown = screen(out.getvalue(), 80, 24)
    text = "\n".join(shown)
    assert text.isascii()
    assert "* II" in text
    assert "~ V2" in text
    row = next(line for line in shown if "* II" in line)
    assert "|" in row


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out, clock = FakeTerminal(), FakeClock()
    with Console("live", state(alerts=(ActiveAlert("vt", "high"),)), out, clock_s=clock) as console:
        run(console, clock, beats(1.0))
    codes = {code for sgr in re.findall(r"\x1b\[([\d;]*)m", out.getvalue()) for code in sgr.split(";")}
    assert codes <= {"0", "1", "7"}


def test_a_device_cannot_send_control_codes_to_the_terminal():
    for view in ("live", "plain"):
        out, clock = FakeTerminal(), FakeClock()
        told = state()
        told.device, told.source, told.montage = "\x1b]0;owned\x07", "a\x9b31mb\n漢", ("II", "\x1b[2J")
        with Console(view, told, out, clock_s=clock) as console:
            console.note("\x1b]0;owned\x07")
            clock.now = told.elapsed_s = 20.0
            console.update()
        written = out.getvalue()
        assert "\x1b]" not in written
        assert "\x9b" not in written
        assert "\x07" not in written


def test_closing_puts_the_terminal_back_also_after_an_exception():
    out, clock = FakeTerminal(), FakeClock()

    def fail_while_viewing():
        with Console("live", state(), out, clock_s=clock) as console:
            run(console, clock, beats(1.0))
            console.note("something happened")
            raise KeyError

    with pytest.raises(KeyError):
        fail_while_viewing()
    written = out.getvalue()
    assert written.startswith(OPEN)
    assert written.count(CLOSE) == 1
    after = written.split(CLOSE)[1]
    assert "something happened" in after
    assert "\x1b" not in after


def test_the_plain_view_writes_a_line_every_few_seconds_without_control_codes():
    out, clock = io.StringIO(), FakeClock()
    told = state(heart_rate_bpm=61.0)
    with Console("auto", told, out, clock_s=clock) as console:
        assert console.mode == "plain"
        run(console, clock, beats(21.0))
        console.alert(ActiveAlert("tachycardia", "medium", False, 20.0))
        console.alert(ActiveAlert("electrode_off", "low", True, 19.0), on=False)
    lines = out.getvalue().splitlines()
    assert "\x1b" not in out.getvalue()
    assert "\r" not in out.getvalue()
    assert len([line for line in lines if "61 /min" in line]) == 5  # four, and the last word
    assert "0:20  ALERT tachycardia (medium) for 0:01" in lines
    assert "0:21  electrode off over" in lines


def test_a_replay_as_fast_as_it_goes_shows_how_far_it_is():
    out, clock = FakeTerminal(), FakeClock()
    told = state(total_s=1000.0, speed=float("inf"))
    with Console("auto", told, out, clock_s=clock) as console:
        assert console.mode == "progress"
        clock.now, told.elapsed_s = 2.0, 250.0
        console.update()
        assert " 25 %  4:10  125.0 x real time" in out.getvalue()
    assert OPEN not in out.getvalue()


def test_no_view_writes_nothing():
    out, clock = FakeTerminal(), FakeClock()
    with Console("none", state(), out, clock_s=clock) as console:
        run(console, clock, beats(6.0))
        console.alert(ActiveAlert("vf", "high"))
    assert out.getvalue() == ""


def test_an_unknown_view_is_a_usage_error_that_lists_the_views():
    with pytest.raises(UsageError, match="auto, live, plain, none"):
        Console("fancy", state(), io.StringIO())


def test_a_terminal_that_does_not_read_never_holds_the_run_up():
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        clock = FakeClock()
        console = Console("live", state(), stream, clock_s=clock)
        began = time.monotonic()
        for k in range(200):  # many times what a pty holds
            console.state.device = f"patch-{k}" * 20
            console.note(f"note {k}")
            clock.now += 11.0
            console.update()
        console.close()
        assert time.monotonic() - began < 2.0
        os.close(ours)


def test_a_terminal_that_goes_away_ends_the_view_and_not_the_run():
    ours, theirs = pty.openpty()
    stream = os.fdopen(theirs, "w", encoding="utf-8")
    clock = FakeClock()
    console = Console("live", state(), stream, clock_s=clock)
    os.close(ours)
    run(console, clock, beats(2.0))
    console.alert(ActiveAlert("pause", "high"))
    console.close()
    stream.close()


def test_the_summary_is_a_table_with_aligned_columns_and_no_codes_in_a_pipe():
    out = io.StringIO()
    rows = [
        LeadScore(lead, origin, 0.9 + k / 1000, 10.0 * k)
        for k, (lead, origin) in enumerate(zip(LEADS, PATCH, strict=True))
    ]
    rows[3] = LeadScore("aVR", Origin.UNAVAILABLE, float("nan"), float("nan"))
    summary_table(rows, out)
    head, *lines = out.getvalue().splitlines()
    assert "\x1b" not in out.getvalue()
    assert len(lines) == 12
    assert "0.901" in lines[1]
    assert "measured" in lines[1]
    edges = {
        line.index(f"{row.rmse_uv:.1f}") + len(f"{row.rmse_uv:.1f}")
        for line, row in zip(lines[4:], rows[4:], strict=True)
    }
    assert edges == {head.index("RMSE uV") + len("RMSE uV")}
    assert "nan" not in out.getvalue()
