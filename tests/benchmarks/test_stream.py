import sys

import pytest

from benchmarks import stream, stream_imports
from edge.bundle import open_bundle
from edge.errors import UsageError

SAID = """\
import time: self [us] | cumulative | imported package
import time:       250 |        250 |   zipimport
import time:      1500 |       1750 | numpy.ma.core
edge-run: a line of its own | with a bar
import time:        20 |         20 |       edge.leads
"""


def test_the_times_of_imports_are_read_whatever_else_is_said():
    assert stream_imports.self_ms(SAID) == {"zipimport": 0.25, "numpy.ma.core": 1.5, "edge.leads": 0.02}


def test_of_several_runs_the_median_counts():
    runs = [{"a": 1.0, "b": 5.0}, {"a": 2.0}, {"a": 9.0, "b": 7.0}]
    assert stream_imports.middle(runs) == {"a": 2.0, "b": 5.0}


@pytest.mark.parametrize(
    ("module", "package"),
    [("json.decoder", "python"), ("__main__", "python"), ("numpy.ma", "numpy"), ("edge.leads", "edge")],
)
def test_a_module_belongs_to_a_package(module, package):
    assert stream_imports.package_of(module) == package


def test_packages_are_told_the_slowest_first_and_small_ones_together():
    ms = {"numpy": 3.0, "numpy.ma": 1.0, "json": 9.0, "cobs": 0.1, "serial": 0.2}
    told = stream_imports.by_package(ms, {"numpy.ma": 2.0, "cobs": 0.01}, {"numpy.ma": "edge/quality.py:7"})
    assert list(told) == ["python", "numpy", stream_imports.REST]
    assert told["numpy"]["self_ms"] == 4.0
    assert told["numpy"]["resident_mb"] == 2.0
    assert told["numpy"]["slowest"] == {"numpy": "3.0 ms, -", "numpy.ma": "1.0 ms, edge/quality.py:7"}
    assert told[stream_imports.REST]["modules"] == 2


def test_a_line_of_ours_is_told_with_all_that_it_brings():
    ms, mb = {"ssl": 3.0, "socket": 1.0, "edge.runner": 7.0}, {"ssl": 1.0, "socket": 0.5, "edge.runner": 4.0}
    asked = {"ssl": "edge/cli/run.py:48", "socket": "edge/cli/run.py:48", "edge.runner": "edge/cli/run.py:52"}
    told = stream_imports.by_line(ms, mb, asked)
    assert list(told) == ["edge/cli/run.py:48"]
    assert (told["edge/cli/run.py:48"]["self_ms"], told["edge/cli/run.py:48"]["resident_mb"]) == (4.0, 1.5)


def test_a_live_run_wants_one_engine_and_no_library_for_files():
    live = ["numpy", "serial", "cobs.cobs", "ai_edge_litert.interpreter", "edge.recordings.writer"]
    assert stream_imports.engines_in(live) == ["litert"]
    assert stream_imports.unwanted(live, "litert") == []
    assert stream_imports.unwanted([*live, "onnxruntime.capi"], "litert") == ["the engine onnx"]
    assert stream_imports.unwanted([*live, "scipy.signal", "pydicom"], "litert") == ["pydicom", "scipy"]
    assert stream_imports.unwanted([*live, "edge.recordings.edf_file"], "litert") == ["edge.recordings.edf_file"]


def test_only_the_standard_library_is_python():
    assert "scipy" not in sys.stdlib_module_names
    assert not set(stream_imports.ABSENT_WITH_A_PORT) & set(sys.stdlib_module_names)


def test_rates_are_numbers_that_a_patch_can_have():
    assert stream._rates("250,500") == [250.0, 500.0]
    for wrong in ("250,fast", "10", ""):
        with pytest.raises(UsageError, match=f"--rates {wrong}: must be numbers"):
            stream._rates(wrong)


def test_every_part_of_the_pipeline_is_timed():
    bundle = open_bundle()
    told = stream.parts(bundle, bundle.choose("litert"), 500.0, 4.0)
    assert {"timeline", "quality", "beats", "interpreter", "twelve", "of twelve: network"} <= set(told)
    parts = sum(percent for name, percent in told.items() if name not in ("of twelve: network", "pipeline in all"))
    assert 0 < parts <= told["pipeline in all"]
