"""A corpus: written record by record, whole or not there at all, read without a copy, joined with others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from layouts import heart

from edge.errors import InputError, OutputError
from train.data import corpus
from train.data.corpus import Corpus
from train.data.rows import Rows
from train.data.writer import CorpusWriter


def made(path: Path, seeds: range, seconds: float = 4.0, **more: object) -> Corpus:
    rows = [{"name": f"r{k}", "subject": str(k), "fold": k % 4, **more} for k in seeds]
    corpus.save(path, ((row, heart(k, seconds)) for row, k in zip(rows, seeds, strict=True)))
    return corpus.load(path)


def test_what_was_written_comes_back_to_the_microvolt(tmp_path: Path):
    whole = made(tmp_path / "c", range(3))
    assert whole.uv.shape == (3, 2000, 12)
    np.testing.assert_allclose(whole.mv(), np.stack([heart(k, 4.0) for k in range(3)]), atol=0.0006)
    assert [row["name"] for row in whole.table] == ["r0", "r1", "r2"]


def test_a_published_numpy_reader_opens_the_signals(tmp_path: Path):
    made(tmp_path / "c", range(11))
    assert np.load(tmp_path / "c" / "uv.npy", mmap_mode="r").shape == (11, 2000, 12)


def test_records_are_on_disk_before_the_next_one_is_read(tmp_path: Path):
    """A set larger than the memory passes through."""
    sizes = []

    def records():
        for k in range(12):
            sizes.append((tmp_path / "c.part" / "uv.npy").stat().st_size)
            yield {"name": str(k)}, heart(k, 4.0)

    corpus.save(tmp_path / "c", records())
    assert np.all(np.diff(sizes[2:]) > 0)


def test_an_interrupted_preparation_leaves_nothing_that_loads(tmp_path: Path):
    def records():
        yield {"name": "a"}, heart(1, 4.0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.save(tmp_path / "c", records())
    assert list(tmp_path.iterdir()) == []


def test_a_killed_preparation_is_no_corpus_and_the_next_one_clears_it_away(tmp_path: Path):
    writer = CorpusWriter(tmp_path / "c")
    writer.__enter__()  # and never left, as after kill -9
    for k in range(3):
        writer.add({"name": str(k)}, heart(k, 4.0))
    for path in (tmp_path / "c", tmp_path / "c.part"):
        with pytest.raises(InputError, match="no whole corpus"):
            corpus.load(path)
    assert len(made(tmp_path / "c", range(2))) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    for file in (writer._uv, writer._table, writer._reasons):
        file.close()


def test_a_failed_preparation_leaves_the_earlier_corpus_as_it_was(tmp_path: Path):
    made(tmp_path / "c", range(3))
    with pytest.raises(InputError, match="no usable record; the first: b: an amplitude"):
        corpus.save(tmp_path / "c", [({"name": "b"}, heart(1, 4.0) * 100)])
    assert len(corpus.load(tmp_path / "c")) == 3
    made(tmp_path / "c", range(2))
    assert len(corpus.load(tmp_path / "c")) == 2


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="holds other files"):
        made(tmp_path, range(2))
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("damage", ["truncated", "fewer rows", "no table"])
def test_a_damaged_corpus_is_refused(tmp_path: Path, damage: str):
    made(tmp_path / "c", range(3))
    uv, table = tmp_path / "c" / "uv.npy", tmp_path / "c" / "table.json"
    if damage == "truncated":
        uv.write_bytes(uv.read_bytes()[:-1000])
    elif damage == "fewer rows":
        table.write_text(json.dumps({"records": json.loads(table.read_text())["records"][:2]}))
    else:
        table.unlink()
    with pytest.raises(InputError, match="prepare"):
        corpus.load(tmp_path / "c")


def test_the_same_signal_under_another_name_is_kept_once(tmp_path: Path):
    same = [({"name": name}, heart(1, 4.0)) for name in ("a", "b", "a")]
    count, rejected = corpus.save(tmp_path / "c", same)
    assert count == 1
    assert rejected == ["b: the same signal as a", "a: the same signal as a"]


def test_no_subject_is_in_two_folds(tmp_path: Path):
    rows = [{"name": str(k), "subject": "7", "fold": fold, "source": "x"} for k, fold in enumerate((3, 3, 9))]
    count, rejected = corpus.save(tmp_path / "c", ((row, heart(k, 4.0)) for k, row in enumerate(rows)))
    assert count == 2
    assert rejected == ["2: its subject 7 is in fold 3, not 9"]


def test_a_record_of_another_length_is_rejected(tmp_path: Path):
    count, rejected = corpus.save(tmp_path / "c", [({"name": str(k)}, heart(k, 4.0 + k)) for k in (1, 2)])
    assert count == 1
    assert rejected == ["2: 3000 samples, and the first record has 2500"]


def test_rejected_records_are_listed_in_a_file(tmp_path: Path):
    rows = [({"name": "good"}, heart(1, 4.0)), ({"name": "bad"}, heart(2, 4.0) * 100)]
    _, rejected = corpus.save(tmp_path / "c", rows)
    assert (tmp_path / "c" / "rejected.txt").read_text().splitlines() == rejected


def test_folds_strides_and_lists_select_without_a_copy_of_the_rest(tmp_path: Path):
    whole = made(tmp_path / "c", range(8))
    for part, expected in (
        (whole.select([1, 3]), [1, 3, 5, 7]),
        (whole.every(3), [0, 3, 6]),
        (whole.take([5, 2]), [5, 2]),
        (whole.select([1, 3]).every(2), [1, 5]),
        (whole.select([9]), []),
    ):
        assert [row["name"] for row in part.table] == [f"r{k}" for k in expected]
        assert len(part) == len(part.uv) == len(part.mv()) == len(expected)
        assert isinstance(part.uv, Rows)
        for k, record in zip(expected, part.uv, strict=True):
            assert np.array_equal(record, whole.uv[k])


@pytest.mark.parametrize(
    "key", [3, -1, slice(1, 5, 2), [4, 0], np.array([True, False] * 4), (2, slice(10)), (slice(3), 5)]
)
def test_a_view_is_indexed_as_the_array_would_be(tmp_path: Path, key: object):
    whole = made(tmp_path / "c", range(8))
    assert isinstance(whole.uv, Rows)
    assert np.array_equal(whole.uv[key], np.asarray(whole.uv)[key])


def test_corpora_are_joined_in_order(tmp_path: Path):
    first = made(tmp_path / "a", range(4), source="a")
    second = made(tmp_path / "b", range(4, 7), source="b")
    both = corpus.load(tmp_path / "a", tmp_path / "b")
    assert np.array_equal(both.mv(), np.concatenate([first.mv(), second.mv()]))
    assert [row["source"] for row in both.table] == ["a"] * 4 + ["b"] * 3
    again = Corpus.joined([both.select([0]), second])
    assert [row["name"] for row in again.table] == ["r0", "r4", "r4", "r5", "r6"]
    assert np.array_equal(again.uv[1], second.uv[0])


def test_joined_corpora_of_different_lengths_are_as_long_as_the_shortest(tmp_path: Path):
    long, short = made(tmp_path / "a", range(2), 6.0), made(tmp_path / "b", range(2, 4), 4.0)
    both = Corpus.joined([long, short])
    assert both.uv.shape == (4, 2000, 12)
    assert np.array_equal(both.uv[0], long.uv[0][:2000])


def test_zscored_corpora_say_so_and_are_not_joined_with_millivolts(tmp_path: Path):
    with CorpusWriter(tmp_path / "z", zscore=True) as writer:
        writer.add({"name": "a"}, heart(1, 4.0))
    scored = corpus.load(tmp_path / "z")
    assert scored.unit == "sd"
    np.testing.assert_allclose(scored.mv().std(1), 1, atol=1e-3)
    with pytest.raises(ValueError, match="cannot be joined"):
        Corpus.joined([scored, made(tmp_path / "a", range(2))])


def test_a_zscore_beyond_what_is_stored_is_rejected_not_wrapped(tmp_path: Path):
    spiked = heart(1, 10.0) * 0.001
    spiked[2500] = heart(1, 10.0)[np.abs(heart(1, 10.0)[:, 1]).argmax()] * 10
    with CorpusWriter(tmp_path / "z", zscore=True) as writer:
        writer.add({"name": "whole"}, heart(2, 10.0))
        assert "standard deviations" in str(writer.add({"name": "spiked"}, spiked))
