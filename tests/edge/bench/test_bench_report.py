import json
from dataclasses import asdict, replace

import pytest
from benches import timed

from edge.bench.board import Board, Strain
from edge.bench.emergency import Delay
from edge.bench.loading import LeftOut
from edge.bench.measured import Measured
from edge.bench.memory import Memory
from edge.bench.packages import Package
from edge.bench.report import as_json, shared
from edge.bench.settings import BenchSettings
from edge.bench.stream import Streamed
from edge.bench.table import table
from edge.bundle import open_bundle
from edge.errors import Reason

PI = Board(
    "Raspberry Pi 5 Model B Rev 1.0",
    *("Cortex-A76", "aarch64", 4, 4, 8443, "ondemand", 2400),
    *("Debian GNU/Linux 12 (bookworm)", "6.6.31+rpt-rpi-2712", "glibc 2.36", "3.11.2"),
)
UNKNOWN = Board(**{**dict.fromkeys(asdict(PI)), "python": "3.11.2"})
SECRET = "/home/anna/private"


@pytest.fixture
def found():
    """All that can be known of a Raspberry Pi, on which ONNX Runtime is missing."""
    bundle = replace(open_bundle(), path=SECRET)
    return Measured(
        bundle,
        BenchSettings(bundle=SECRET),
        PI,
        Strain(1500, 41.25, "no"),
        Strain(2400, 63.0, "now: under-voltage"),
        timings=[timed("litert-float32", 9.0, 1), timed("litert-float32", 6.0, 2)],
        timed=True,
        left_out=[LeftOut(("onnx-float32",), Reason.NO_ENGINE, f"{SECRET}/float32.onnx will not do")],
        packages=[Package("edge-ecg", "0.1.0", 3.5), Package("tqdm", "4.0", None, "ai-edge-litert")],
        resident_mb=80.5,
        memory=[Memory("litert-float32", 34.0, 15.0, 210.0)],
        streamed=Streamed(
            *("litert-float32", 2, 10.6),
            alerts=[Delay("electrode_off", 1.0, 1140.0, 140.0), Delay("asystole", 4.0, None, None)],
            **{"twelve_leads_p50_ms": 985.0, "twelve_leads_p99_ms": 1050.0, "core_percent": 7.5, "resident_mb": 67.0},
            **{"first_input_s": 1.5, "first_reconstructed_s": 2.0, "lost_samples": 0},
        ),
    )


@pytest.fixture
def nothing():
    """Stopped at once, on a board that tells nothing."""
    return Measured(open_bundle(), BenchSettings(), UNKNOWN, Strain(None, None, None), interrupted=True)


def row(text, *starts):
    """The words of the only line that begins with these."""
    (line,) = [line for line in text.splitlines() if line.split()[: len(starts)] == [*starts]]
    return line.split()


def test_json_holds_all_of_it(found):
    told = json.loads(as_json(found))
    assert told["board"]["model"] == PI.model
    assert told["board"]["before"]["temperature_c"] == 41.25
    assert told["board"]["after_windows"]["throttled"] == "now: under-voltage"
    assert [(t["variant"], t["threads"], t["p95_ms"]) for t in told["windows"]] == [
        ("litert-float32", 1, 9.0),
        ("litert-float32", 2, 6.0),
    ]
    assert told["left_out"][0]["variants"] == ["onnx-float32"]
    assert told["memory"]["variants"][0]["growth_mb"] == 15.0
    assert told["stream"]["alerts"][0]["beyond_ms"] == 140.0
    assert told["best"] == {"variant": "litert-float32", "threads": 2}
    assert len(told["bundle"]["checkpoint_sha256"]) == 64


def test_what_is_not_known_is_null(nothing):
    told = json.loads(as_json(nothing))
    assert told["interrupted"] is True
    assert told["board"]["model"] is None
    assert told["board"]["after_windows"] is None
    assert told["stream"] is None
    assert told["best"] is None


def test_what_is_shared_is_one_line_with_the_figures(found):
    line = shared(found)
    assert "\n" not in line
    told = json.loads(line)
    assert told["windows"][1]["p95_ms"] == 6.0
    assert told["board"]["model"] == PI.model
    assert told["packages"]["edge-ecg"] == ["0.1.0", 3.5]
    assert told["left_out"] == [{"variants": ["onnx-float32"], "reason": "no engine"}]


def test_nothing_private_is_shared(found):
    found.streamed = replace(found.streamed, failed=f"{SECRET}: no such port")
    line = shared(found)
    assert json.loads(line)["stream"]["failed"] is True
    for secret in (SECRET, "anna", "/home", str(found.bundle.path)):
        assert secret not in line


def test_what_is_shared_holds_these_keys_and_no_others(found):
    """A key more is a decision: it goes to strangers."""
    told = json.loads(shared(found))
    assert sorted(told) == sorted(
        [
            *("command", "format", "version", "day", "interrupted", "board", "bundle", "best"),
            *("windows", "left_out", "memory", "packages", "stream"),
        ]
    )
    assert set(told["board"]) == {*asdict(PI), "before", "after_windows"}
    assert set(told["bundle"]) == {"name", "checkpoint_sha256", "window_s"}


def test_what_can_be_shared_of_a_run_that_was_stopped_at_once_is_json_too(nothing):
    assert json.loads(shared(nothing))["stream"] is None


def test_the_table_has_a_row_a_variant_and_number_of_threads_in_aligned_columns(found):
    lines = table(found).splitlines()
    (head,) = [k for k, line in enumerate(lines) if "p95 ms" in line]
    one, two = lines[head + 1 : head + 3]
    assert one.split()[:3] == ["litert-float32", "1", "2.00"]
    assert one.split()[5] == "9.00"
    assert len(lines[head]) == len(one) == len(two)


def test_the_table_tells_the_board_and_how_it_bore_up(found):
    text = table(found)
    assert "Raspberry Pi 5 Model B Rev 1.0: 4 cores, Cortex-A76, 1500 of 2400 MHz, ondemand" in text
    assert row(text, "before", "41.2") == ["before", "41.2", "C,", "1500", "MHz,", "throttled:", "no"]
    assert row(text, "after")[:6] == ["after", "63.0", "C,", "2400", "MHz,", "throttled:"]
    assert "under-voltage" in text


def test_the_table_tells_an_alerts_delay_whole_and_beyond_the_rules_own_time(found):
    text = table(found)
    assert "1140 ms after an electrode came off: 1000 ms are the rule's own waiting time, 140 ms beyond" in text
    assert row(text, "asystole") == ["asystole", "never", "told"]


def test_the_table_tells_what_suits_the_board(found):
    assert "Suits this board: litert-float32, 2 threads" in table(found)


def test_a_live_run_that_failed_is_told_with_its_reason(found):
    found.streamed = Streamed("litert-float32", 1, 10.6, failed="the port broke")
    assert "came to nothing: the port broke" in table(found)


def test_the_table_of_a_board_that_tells_nothing_says_so(nothing):
    text = table(nothing)
    assert "unknown" in text
    assert "nothing yet" in text
    assert "Stopped before the end." in text
    assert "Suits" not in text
    assert "None" not in text


def test_the_table_is_ascii_and_fits_120_columns(found, nothing):
    found.timings.append(timed("litert-int8-dynamic", 12345.0, 64))
    for text in (table(found), table(nothing)):
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 120


def test_what_was_stopped_among_the_windows_suits_no_board(found):
    found.timed = False
    assert found.best is None
    assert "Suits" not in table(found)
