"""Annotation files, the command, and records of the MIT-BIH database where the shared data are beside the checkout."""

import argparse
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ec57 import beats as ec57
from benchmarks.ec57 import command, peers, tables
from benchmarks.ec57.annotations import of_beats, read
from benchmarks.ec57.classes import EC57
from edge.errors import InputError, UsageError

wfdb = pytest.importorskip("wfdb", reason="wfdb reads annotation files")

PACK = Path(__file__).parents[4] / "shared" / "data" / "mitdb.tar.xz"
RATE = 360


def theirs(reference, test):
    """Hits, misses and extra beats as the wfdb package counts them; its window leaves out its own last sample."""
    from wfdb.processing import compare_annotations

    found = compare_annotations(np.asarray(reference), np.asarray(test), round(0.150 * RATE) + 1)
    return found.tp, found.fn, found.fp


def ours(found):
    qrs, predicted = found.qrs_sensitivity, found.qrs_predictivity
    return qrs.hits, qrs.total - qrs.hits, predicted.total - predicted.hits


GAPS = st.lists(st.integers(110, 700), min_size=2, max_size=60)


@given(GAPS, st.data())
@settings(max_examples=100, deadline=None)
def test_random_beats_are_counted_as_the_wfdb_package_counts_them(gaps, data):
    """Beats at least 0.3 s apart, each moved by up to 0.2 s, left out, or with another beat far from all: no beat has
    two candidates, so that both ways of pairing must agree."""
    reference = np.cumsum(gaps) + 1000
    moves = data.draw(st.lists(st.integers(-30, 54), min_size=len(gaps), max_size=len(gaps)))
    kept = data.draw(st.lists(st.booleans(), min_size=len(gaps), max_size=len(gaps)))
    test = [int(r) + move for r, move, keep in zip(reference, moves, kept, strict=True) if keep] or [200]
    lone = [int(reference[k]) + 180 for k in range(len(gaps) - 1) if gaps[k + 1] > 360]
    test = sorted({*test, *lone})
    found = ec57.compare(of_beats(RATE, reference), of_beats(RATE, test), 0.0, end_s=1e6)
    assert ours(found) == theirs(reference, test)


@pytest.fixture(scope="module")
def mitdb(tmp_path_factory):
    if not PACK.exists():
        pytest.skip("no shared recordings beside the checkout")
    folder = tmp_path_factory.mktemp("mitdb")
    wanted = ("106", "207", "208")
    with tarfile.open(PACK) as tar:
        for member in tar:
            if Path(member.name).stem in wanted and member.name.endswith(".atr"):
                member.name = Path(member.name).name
                tar.extract(member, folder, filter="data")
    return folder


@pytest.mark.parametrize("record", ["106", "208"])
def test_a_record_with_beats_moved_lost_and_added_is_counted_as_the_wfdb_package_counts_it(mitdb, record):
    reference = read(mitdb / record, "atr", RATE)
    rng = np.random.default_rng(int(record))
    true = reference.samples[np.isin(reference.symbols, list(EC57))]
    kept = true[rng.random(len(true)) > 0.05]
    test = np.unique(np.concatenate([kept + rng.integers(-60, 60, len(kept)), rng.choice(true, 40) + 130]))
    start = 300 * RATE
    apart = (np.abs(test - start) > 60).all() and (np.abs(true - start) > 60).all()
    assert apart, "no beat lies so close to the start that the two ways of cutting there could differ"
    found = ec57.compare(reference, of_beats(RATE, test))
    hits, misses, extra = ours(found)
    assert misses > 20
    assert extra > 20
    assert (hits, misses, extra) == theirs(true[true >= start], test[test >= start])


def test_record_207_has_its_flutter_left_out(mitdb):
    """By the marks themselves: beats after five minutes that lie in none of the six stretches from [ to ]."""
    reference = read(mitdb / "207", "atr", RATE)
    expected, flutter = 0, False
    for sample, symbol, _, _ in reference:
        flutter = symbol == "[" or (flutter and symbol != "]")
        expected += sample >= 300 * RATE and symbol in EC57 and not flutter
    found = ec57.compare(reference, reference)
    assert found.qrs_sensitivity.hits == found.qrs_sensitivity.total == expected
    assert found.count("NSVFQOX", "nsvfqox") == np.trace(found.matrix)


@pytest.fixture
def records(tmp_path):
    """Two records of six minutes at 360 Hz, one with paced beats; the test annotator's files at 250 Hz elsewhere."""
    (tmp_path / "ref").mkdir()
    (tmp_path / "test").mkdir()
    times_s = np.arange(1, 360)
    for name, code in (("a", "N"), ("b", "/")):
        _write(tmp_path / "ref", name, 360, times_s, [code if k % 2 else "V" for k in range(len(times_s))])
        _write(tmp_path / "test", name, 250, times_s + 0.02, ["N" if k % 10 else "V" for k in range(len(times_s))])
    return tmp_path


def _write(folder, name, rate, times_s, symbols):
    annotator = "atr" if folder.name == "ref" else "mine"
    samples = np.round(times_s * rate).astype(int)
    wfdb.wrann(name, annotator, samples, symbol=symbols, write_dir=str(folder))
    (folder / f"{name}.hea").write_text(f"{name} 1 {rate} {rate * 360}\n{name}.dat 16 200 16 0 0 0 0 II\n")


def run(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(word) for word in words]))


def test_the_command_compares_a_folder_and_leaves_paced_records_out(records, capsys):
    out = records / "found.json"
    code = run(records / "ref", "--test", "mine", "--test-dir", records / "test", "--episodes", "af", "--json", out)
    assert code == 0
    shown = capsys.readouterr().out
    assert "Left out, with paced beats: b." in shown
    assert "Episodes: af" in shown
    figures = json.loads(out.read_text())["figures"]
    assert figures["left_out_paced"] == ["b"]
    # Of the seconds 300 to 359 every other one (the odd) is a VEB: 30. The test calls 301, 311 ... 351 ventricular: 6
    found = figures["annotators"]["mine"]["records"]["a"]["beats"]
    assert (found["veb_sensitivity"]["hits"], found["veb_sensitivity"]["total"]) == (6, 30)
    assert (found["qrs_sensitivity"]["hits"], found["qrs_sensitivity"]["total"]) == (60, 60)
    assert figures["annotators"]["mine"]["gross"]["beats"] == found


def test_records_without_test_annotations_are_named(records, capsys):
    (records / "test" / "b.mine").unlink()
    assert run(records / "ref", "--test", "mine", "--test-dir", records / "test", "--paced") == 0
    assert "No annotations of mine: b." in capsys.readouterr().out


def test_what_cannot_be_compared_is_told(records, tmp_path):
    with pytest.raises(InputError, match="no annotations"):
        run(tmp_path, "--test", "mine")
    with pytest.raises(InputError, match="no annotations of other"):
        run(records / "ref", "--test", "other")
    with pytest.raises(UsageError, match="nothing to compare"):
        run(records / "ref")


def test_a_table_s_columns_stand_under_each_other():
    lines = tables.markdown(["record", "Se"], [["a", "100.00"], ["average", "-"]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0] == "| record  |     Se |"


def test_an_unknown_detector_is_refused_by_name():
    with pytest.raises(UsageError, match="no detector sqrs"):
        peers.detect("sqrs", np.zeros(10), 360)


@pytest.mark.parametrize("name", peers.DETECTORS)
def test_peers_find_the_beats_of_a_plain_rhythm(name):
    if name != peers.XQRS:
        pytest.importorskip("neurokit2", reason="neurokit2 is an extra of the training")
    beat = np.exp(-0.5 * ((np.arange(360) - 180) / 7) ** 2)
    mv = np.tile(beat, 30) + np.random.default_rng(1).normal(0, 0.01, 30 * 360)
    found = peers.detect(name, mv, 360)
    compared = ec57.compare(of_beats(360, 180 + 360 * np.arange(30)), of_beats(360, found), 5.0)
    assert compared.qrs_sensitivity.percent > 90
    assert compared.qrs_predictivity.percent > 90
