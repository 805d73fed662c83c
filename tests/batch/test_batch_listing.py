from __future__ import annotations

from pathlib import Path

import pyarrow
import pytest
from archives import make_archive
from pyarrow import parquet

from edge.batch.listing import listed
from edge.errors import InputError


def names(source: Path, limit: int | None = None) -> list[str]:
    return list(listed(source, limit).names)


def test_a_folder_is_its_recordings_in_order_with_segments_and_tables_left_out(tmp_path: Path):
    make_archive(tmp_path, 12)
    (tmp_path / "database.csv").write_text("ecg_id,age\n1,50\n")
    for segment in ("p00/r003_0001", "p00/r003_layout"):
        (tmp_path / f"{segment}.hea").write_text("")
    (tmp_path / "p00" / "night.EDF").write_bytes(b"0")
    (tmp_path / "p01" / "up").symlink_to(tmp_path)
    found = names(tmp_path)
    assert found == ["p00/night.EDF", *(f"p{k // 10:02d}/r{k:03d}" for k in range(12))]
    assert found == names(tmp_path)


def test_csv_files_are_recordings_where_there_is_nothing_else(tmp_path: Path):
    (tmp_path / "a.csv").write_text("II\n0\n")
    assert names(tmp_path) == ["a.csv"]


def test_an_index_names_records_and_folders_with_an_index_of_their_own(tmp_path: Path):
    make_archive(tmp_path, 12)
    (tmp_path / "RECORDS").write_text("p00/\np01/r011\np01/r011\n")
    (tmp_path / "p00" / "RECORDS").write_text("r002\nr000.hea\n")
    listing = listed(tmp_path / "RECORDS")
    assert list(listing.names) == ["p00/r002", "p00/r000", "p01/r011"]
    assert listing.repeated == 1
    assert all(listing.path(f"{name}.hea").is_file() for name in listing.names)


def test_parquet_and_csv_lists_name_recordings_by_path(tmp_path: Path):
    make_archive(tmp_path, 3)
    table = pyarrow.table({"study_id": [1, 2, 3], "path": [f"p00/r00{k}" for k in (2, 0, 1)]})
    parquet.write_table(table, tmp_path / "list.parquet")
    (tmp_path / "record_list.csv").write_text("study_id,path\n1,p00/r002\n2,p00/r000\n3,p00/r001\n")
    assert (
        names(tmp_path / "list.parquet") == names(tmp_path / "record_list.csv") == ["p00/r002", "p00/r000", "p00/r001"]
    )
    assert names(tmp_path / "list.parquet", limit=2) == ["p00/r002", "p00/r000"]


def test_each_recording_is_known_by_the_bytes_of_its_files(tmp_path: Path):
    make_archive(tmp_path, 1)
    size = sum(path.stat().st_size for path in (tmp_path / "p00").iterdir())
    assert listed(tmp_path).names.size_bytes(0) == size


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("RECORDS", b"gone\ngone_too\n", "none of them is there"),
        ("RECORDS", b"sub/\n", "cannot be read"),
        ("RECORDS", b"./\n", "names itself again"),
        ("RECORDS", b"\0\1\2", "no list of recordings"),
        ("RECORDS", b"", "names no recording"),
        ("list.csv", b"id,file\n1,a\n", "no column path"),
        ("list.parquet", b"PAR1 and no more", "no Parquet file"),
    ],
)
def test_a_source_that_is_none_is_told_in_words(tmp_path: Path, name: str, content: bytes, said: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        listed(tmp_path / name)
