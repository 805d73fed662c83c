from benches import timed

from edge.bench.memory import memory
from edge.bench.stream import stream
from edge.bundle import open_bundle


def test_memory_is_told_by_a_process_of_its_own_the_engine_counted(monkeypatch, tmp_path):
    (tmp_path / "edge.py").write_text("raise SystemExit('the wrong edge')")
    monkeypatch.chdir(tmp_path)
    told = memory(open_bundle(), "litert-float32", 1)
    assert told.before_mb > 10  # Python and numpy
    assert told.growth_mb > 1
    assert told.cold_load_ms > 0


def test_what_cannot_be_loaded_has_no_figures_and_is_no_failure(capfd):
    told = memory(open_bundle(), "litert-int2", 1)
    assert (told.variant, told.before_mb, told.growth_mb, told.cold_load_ms) == ("litert-int2", None, None, None)
    assert capfd.readouterr() == ("", "")


def test_a_live_run_that_complains_is_told_with_its_words():
    told = stream(open_bundle(), timed("litert-int2", 1.0))
    assert "no variant litert-int2" in told.failed
    assert told.alerts == []


def test_a_live_run_that_takes_too_long_is_ended():
    assert stream(open_bundle(), timed("litert-float32", 1.0), limit_s=1.0).failed
