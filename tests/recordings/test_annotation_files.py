"""Annotation files against the wfdb package."""

from __future__ import annotations

import numpy as np
import pytest
import wfdb

from edge.errors import InputError, Reason
from edge.recordings.annotations import AnnotationWriter, read_annotations


def beats(count: int = 500) -> list[tuple[int, str, str]]:
    rng = np.random.default_rng(19)
    samples = np.cumsum(rng.integers(0, 2500, count))
    samples[count // 2 :] += 50_000_000  # a day later
    symbols = rng.choice(list("NSVFQ/"), count)
    aux = rng.choice(["", "", "(AFIB", "(N", "even", "odd"], count)
    return list(zip(samples.tolist(), symbols.tolist(), aux.tolist(), strict=True))


def test_what_is_added_is_what_wfdb_reads(tmp_path):
    with AnnotationWriter(tmp_path / "r.qrs") as writer:
        for beat in beats():
            writer.add(*beat)
    theirs = wfdb.rdann(str(tmp_path / "r"), "qrs")
    assert list(zip(theirs.sample.tolist(), theirs.symbol, theirs.aux_note, strict=True)) == beats()
    assert [(a.sample, a.symbol, a.aux) for a in read_annotations(tmp_path / "r.qrs")] == beats()


def test_what_wfdb_writes_is_what_we_read(tmp_path):
    samples, symbols, aux = (list(x) for x in zip(*beats(), strict=True))
    wfdb.wrann(
        "r",
        "atr",
        np.array(samples),
        symbols,
        aux_note=aux,
        subtype=np.arange(len(samples)) % 3,
        chan=np.arange(len(samples)) % 2,
        num=np.arange(len(samples)) % 5,
        fs=360,
        write_dir=str(tmp_path),
    )
    ours = read_annotations(tmp_path / "r.atr")
    assert [(a.sample, a.symbol, a.aux) for a in ours] == beats()
    assert [(a.subtype, a.channel, a.number) for a in ours] == [(k % 3, k % 2, k % 5) for k in range(len(samples))]


def test_the_file_is_whole_after_every_flush(tmp_path):
    path = tmp_path / "r.qrs"
    writer = AnnotationWriter(path)
    for k, beat in enumerate(beats(60), start=1):
        writer.add(*beat)
        writer.flush()
        assert len(wfdb.rdann(str(tmp_path / "r"), "qrs").sample) == k
    writer.close()


def test_a_later_run_goes_on_where_the_last_one_ended(tmp_path):
    for part in (beats()[:200], beats()[200:201], [], beats()[201:]):
        with AnnotationWriter(tmp_path / "r.rhy") as writer:
            for beat in part:
                writer.add(*beat)
    assert [(a.sample, a.symbol, a.aux) for a in read_annotations(tmp_path / "r.rhy")] == beats()
    assert len(wfdb.rdann(str(tmp_path / "r"), "rhy").sample) == len(beats())


def test_a_file_that_was_cut_off_anywhere_gives_what_is_whole_and_is_continued(tmp_path):
    path = tmp_path / "r.qrs"
    with AnnotationWriter(path) as writer:
        for beat in beats(40):
            writer.add(*beat)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        whole = [(a.sample, a.symbol) for a in read_annotations(path)]
        assert whole == [beat[:2] for beat in beats(40)][: len(whole)]
        with AnnotationWriter(path) as writer:
            writer.add(90_000_000, "V", "last")
        assert [(a.sample, a.symbol) for a in read_annotations(path)] == [*whole, (90_000_000, "V")]


def test_what_comes_late_is_put_in_its_place(tmp_path):
    with AnnotationWriter(tmp_path / "r.qrs") as writer:
        for sample in (5000, 4000):
            writer.add(sample, "N")
        writer.flush()
        writer.add(300, "V")
    assert [a.sample for a in read_annotations(tmp_path / "r.qrs")] == [300, 4000, 5000]
    assert sorted(wfdb.rdann(str(tmp_path / "r"), "qrs").sample.tolist()) == [300, 4000, 5000]


def test_a_long_note_is_cut_between_letters(tmp_path):
    with AnnotationWriter(tmp_path / "r.alm") as writer:
        writer.add(10, '"', "x" + "µ" * 200)
        writer.add(20, "N")
    first, second = read_annotations(tmp_path / "r.alm")
    assert first.aux == "x" + "µ" * 127
    assert (second.sample, second.symbol) == (20, "N")


def test_an_unknown_symbol_or_a_negative_sample_is_refused(tmp_path):
    with AnnotationWriter(tmp_path / "r.qrs") as writer:
        with pytest.raises(ValueError, match="no annotation symbol"):
            writer.add(1, "X")
        with pytest.raises(ValueError, match="before the record's start"):
            writer.add(-1, "N")


def test_no_file_and_no_annotation_file_are_told(tmp_path):
    with pytest.raises(InputError, match="no such file") as caught:
        read_annotations(tmp_path / "r.atr")
    assert caught.value.reason is Reason.UNREADABLE
    (tmp_path / "r.atr").write_bytes(b"\x05\xf4" * 10)
    with pytest.raises(InputError, match="no annotation file"):
        read_annotations(tmp_path / "r.atr")
