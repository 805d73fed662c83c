from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from archives import SENT, make_archive, rows_of, write_record

from edge.batch.chunk import Chunk, Job, chunks, processed
from edge.batch.listing import Listing, listed
from edge.batch.parts import Archive
from edge.batch.row import COLUMNS
from edge.batch.scheduler import Place
from edge.batch.whole_archive import process
from edge.batch.work import Work, examined, manifest_sha256
from edge.blocks import TwelveLeads
from edge.bundle import open_bundle
from edge.errors import InputError, OutputError
from edge.leads import LEADS
from edge.whole import joined

HERE = Place(workers=0)


def work_of(**changed: object) -> Work:
    bundle = open_bundle()
    work = Work(bundle.path, manifest_sha256(bundle), bundle.choose().name, classify=False)
    return replace(work, **changed)


def done(source: Path, out: Path, most: int = 4, limit: int | None = None, **how: object) -> tuple[Archive, int]:
    listing = listed(source, limit)
    archive = Archive(out, work_of())
    with archive.claimed():
        outcome = process(listing, archive, HERE, most=most, **how)
    return archive, outcome.done


def test_what_is_done_is_not_done_again_whatever_the_chunks_and_a_new_recording_is_all_that_is(tmp_path: Path):
    source = make_archive(tmp_path / "set", 6)
    _, first = done(source, tmp_path / "out", limit=4)
    _, second = done(source, tmp_path / "out", most=5)
    _, third = done(source, tmp_path / "out", most=1)
    make_archive(source, 7)
    _, fourth = done(source, tmp_path / "out")
    assert (first, second, third, fourth) == (4, 2, 0, 1)
    assert len({row["recording"] for row in rows_of(tmp_path / "out")}) == 7 == len(rows_of(tmp_path / "out"))


def test_a_recording_of_another_size_is_done_again_with_its_part_and_bad_ones_if_asked(tmp_path: Path):
    source = make_archive(tmp_path / "set", 6)
    (source / "p00" / "r005.dat").write_bytes(b"")
    archive, _ = done(source, tmp_path / "out", most=3)
    assert [row["status"] for row in rows_of(tmp_path / "out")] == [*["ok"] * 5, "bad"]
    assert archive.index(listed(source).names).bad == 1
    write_record(source / "p00" / "r000", np.ones((2500, 3)))
    assert done(source, tmp_path / "out", most=3)[1] == 3
    assert rows_of(tmp_path / "out")[0]["duration_s"] == 5.0
    assert done(source, tmp_path / "out", most=3, retry_bad=True)[1] == 3


def test_a_part_that_a_straggler_made_beside_ours_is_taken_away(tmp_path: Path):
    source = make_archive(tmp_path / "set", 4)
    archive, _ = done(source, tmp_path / "out", most=2)
    listing = listed(source)
    (straggler,) = chunks(listing, archive.work, [1, 2], 2)
    processed(Job(source, tmp_path / "out", archive.work), straggler)
    assert len(rows_of(tmp_path / "out")) == 6
    done(source, tmp_path / "out", most=2)
    assert [row["recording"] for row in rows_of(tmp_path / "out")] == list(listing.names)


def test_a_part_made_twice_is_the_same_to_the_byte(tmp_path: Path):
    source = make_archive(tmp_path / "set", 3)
    for out in ("a", "b"):
        done(source, tmp_path / out)
    (one,), (other,) = ([*(tmp_path / out).glob("rows/*/part-*")] for out in ("a", "b"))
    assert (one.name, one.read_bytes()) == (other.name, other.read_bytes())


def test_another_setting_goes_to_another_partition(tmp_path: Path):
    source = make_archive(tmp_path / "set", 1)
    works = [work_of(), work_of(hop_s=0.5), work_of(channels=("II", "V1")), work_of(waveforms=True)]
    assert len({work.identity for work in works}) == 4
    for work in works[:2]:
        with Archive(tmp_path / "out", work).claimed():
            process(listed(source), Archive(tmp_path / "out", work), HERE, most=1)
    query = f"SELECT settings, count(*) FROM read_parquet('{tmp_path}/out/rows/*/*.parquet') GROUP BY 1 ORDER BY 1"
    assert duckdb.sql(query).fetchall() == sorted((work.identity, 1) for work in works[:2])


def test_two_clients_do_not_work_on_one_folder(tmp_path: Path):
    with (
        Archive(tmp_path, work_of()).claimed(),
        pytest.raises(OutputError, match="another edge-batch"),
        Archive(tmp_path, work_of()).claimed(),
    ):
        pass


def test_a_damaged_part_is_named_with_the_way_out(tmp_path: Path):
    source = make_archive(tmp_path / "set", 1)
    archive, _ = done(source, tmp_path / "out")
    (part,) = archive.rows.iterdir()
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(InputError, match="remove it"):
        done(source, tmp_path / "out")


def test_what_a_killed_worker_left_is_cleared_away(tmp_path: Path):
    source = make_archive(tmp_path / "set", 1)
    (tmp_path / "out" / "drafts").mkdir(parents=True)
    (tmp_path / "out" / "drafts" / "half.rows").write_bytes(b"PAR1")
    done(source, tmp_path / "out")
    assert not any((tmp_path / "out" / "drafts").iterdir())


def test_a_chunk_holds_no_more_than_its_bytes_unless_it_is_one_recording(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("edge.batch.chunk.MOST_BYTES", 100)
    listing = Listing(Path("/"))
    for name, size in (("a", 60), ("b", 60), ("c", 500), ("d", 1), ("e", 1), ("f", 1)):
        listing.names.add(name, size)
    found = [chunk.recordings for chunk in chunks(listing, work_of(), range(6), 2)]
    assert found == [("a",), ("b",), ("c",), ("d", "e"), ("f",)]


def test_halves_of_a_chunk_are_all_of_it():
    chunk = Chunk.of(work_of(), ["a", "b", "c"], [1, 2, 3])
    one, other = chunk.halves(work_of())
    assert one.recordings + other.recordings == chunk.recordings
    assert one.sizes + other.sizes == chunk.sizes
    assert len({chunk.name, one.name, other.name}) == 3


def test_a_bad_recording_has_a_row_with_the_reason_and_no_finding(tmp_path: Path):
    cases = {"empty": b"", "garbage": bytes(range(256)) * 9, "text": b"no header\n" * 9}
    for name, content in cases.items():
        (tmp_path / f"{name}.hea").write_bytes(content)
        row = examined(tmp_path / name, work_of())
        assert row["status"] == "bad"
        assert name in row["reason"]
        assert set(row) <= {"status", "reason", "network", "bundle", "bundle_sha256", "edge_version"}


def test_a_worker_with_another_bundle_is_refused_and_no_recording_is_called_bad_for_it(tmp_path: Path):
    source = make_archive(tmp_path / "set", 1)
    with pytest.raises(InputError, match="another bundle"):
        examined(source / "p00" / "r000", work_of(bundle_sha256="0" * 64))
    with pytest.raises(InputError, match="install the same"):
        examined(source / "p00" / "r000", work_of(edge_version="0.0.9"))


def test_a_row_names_its_units_and_holds_what_the_pipeline_said(tmp_path: Path):
    source = make_archive(tmp_path / "set", 1, seconds=12)
    row = examined(source / "p00" / "r000", work_of())
    assert set(row) <= {column.name for column in COLUMNS}
    assert (row["samples_in"], row["samples_out"], row["samples_lost"], row["gaps"]) == (6000, 6000, 0, 0)
    assert row["leads_in"] == ",".join(SENT)
    assert {lead for lead in LEADS if row[f"origin_{lead}"] == "measured"} == set(SENT)
    assert 40 < row["heart_rate_bpm"] < 120
    assert 0.5 < row["quality"] <= min(row[f"quality_{lead}"] for lead in SENT)
    assert 6 < sum(value for name, value in row.items() if name.startswith("rhythm_")) <= 12
    assert row["beats"] == sum(row[f"beats_{kind}"] for kind in "NSVFQ")
    assert row["st_sd_uv_V2"] > row["st_sd_uv_V1"] > 0


def test_a_hole_in_a_recording_is_counted_and_its_leads_are_unavailable(tmp_path: Path):
    mv = np.fromfile(make_archive(tmp_path / "set", 1, seconds=10) / "p00" / "r000.dat", "<i2").reshape(-1, 3)
    mv[2000:2500] = mv[3000:3100] = -32768  # WFDB's mark of a missing sample
    mv.tofile(tmp_path / "set" / "p00" / "r000.dat")
    row = examined(tmp_path / "set" / "p00" / "r000", work_of())
    assert (row["samples_lost"], row["gaps"]) == (600, 2)
    assert row["unavailable_s"] >= 1.2


def test_waveforms_are_the_twelve_leads_to_the_microvolt_with_origin_and_deviation(tmp_path: Path):
    source = make_archive(tmp_path / "set", 2)
    archive = Archive(tmp_path / "out", work_of(waveforms=True))
    with archive.claimed():
        process(listed(source), archive, HERE, most=2)
    blocks: list[TwelveLeads] = []
    examined(source / "p00" / "r001", archive.work, blocks.append)
    twelve = joined(blocks)
    query = f"SELECT * FROM read_parquet('{archive.waveforms}/*.parquet') WHERE recording = 'p00/r001'"
    found = {row[1]: row for row in duckdb.sql(query).fetchall()}
    for k, lead in enumerate(LEADS):
        _, _, origin, start, uv, sd_uv, clipped, *_ = found[lead]
        assert (origin, start, clipped) == (str(twelve.origin[k]), 0, 0)
        assert np.abs(np.array(uv) - 1000 * twelve.mv[:, k]).max() <= 0.51
        assert np.abs(np.array(sd_uv) - 1000 * twelve.sd[:, k]).max() <= 0.51
