"""The adapters on files as their publishers have them, where the shared data are beside the checkout."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from train.data import challenge, corpus, cpsc2018
from train.data.record import Record, Rejected
from train.prepare import prepare

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "samples.tar.xz"
pytestmark = pytest.mark.skipif(not SAMPLES.is_file(), reason=f"{SAMPLES} is not there")


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    with tarfile.open(SAMPLES) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_challenge_2021_files_are_kept_except_ptbxls(samples: Path, tmp_path: Path):
    writer = prepare("challenge", samples / "cinc2021", tmp_path / "c")
    assert [entry.name for entry in writer.rejected] == ["HR06000", "HR06001"]
    table = {row["name"]: row for row in corpus.load(tmp_path / "c").table}
    assert len(table) == 8
    georgia, ningbo = table["E07500"], table["JS20000"]
    assert (georgia["age"], georgia["sex"], georgia["labels"]) == (78, "male", ["67741000119109", "426177001"])
    assert (georgia["fold"], georgia["origin"]) == (0, "Georgia")
    assert 1 <= ningbo["fold"] <= 10
    assert "Chapman" in ningbo["origin"]


def test_challenge_2021_files_of_ptbxl_say_what_they_lack(samples: Path):
    found = [entry for entry in challenge.read(samples / "cinc2021").records if isinstance(entry, Rejected)]
    assert all("ptbxl_database.csv" in entry.reason for entry in found)


def test_cpsc2018_files_hold_every_identity_and_lose_only_what_is_shorter_than_a_piece(samples: Path, tmp_path: Path):
    seconds = [
        len(entry.mv) / 500 for entry in cpsc2018.read(samples / "cpsc2018").records if isinstance(entry, Record)
    ]
    writer = prepare("cpsc2018", samples / "cpsc2018", tmp_path / "c")
    assert writer.count == sum(int(length // 10) for length in seconds)
    assert [entry for entry in writer.rejected if "law" in entry.reason] == []


def test_the_ptb_record_becomes_three_pieces_and_two_lead_records_are_rejected(samples: Path, tmp_path: Path):
    writer = prepare("wfdb", samples, tmp_path / "c")
    names = [row["name"] for row in corpus.load(tmp_path / "c").table]
    assert [name for name in names if name.startswith("ptbdb")] == [f"ptbdb/s0010_re@{k}" for k in (0, 10, 20)]
    assert {entry.name.split("/")[0] for entry in writer.rejected} == {"cpsc2021"}
