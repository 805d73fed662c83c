"""`python -m train download`: resumable, checked against the publisher's sums, clear where there is no network."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import wfdb

from train.__main__ import main
from train.download import PUBLISHED, SUMS, download

FILES = {
    "RECORDS": "files/1\nfiles/2\n",
    "record_list.csv": "subject_id,study_id,path\n",
    "files/1.hea": "1 12 500 5000\n",
    "files/1.dat": "one",
    "files/2.hea": "2 12 500 5000\n",
    "files/2.dat": "two",
    "notes/long.pdf": "not wanted",
}


class Server:
    """PhysioNet as the wfdb package shows it; a file is appended to where a shorter one is there."""

    def __init__(self, root: Path) -> None:
        self.root, self.asked, self.fails_at = root, [], 10**9
        for name, text in FILES.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        lines = (f"{hashlib.sha256(text.encode()).hexdigest()} {name}\n" for name, text in FILES.items())
        (root / SUMS).write_text("".join(lines) + "0" * 64 + " ../../outside\n")

    def dl_files(self, slug: str, out: str, files: Sequence[str], overwrite: bool = False) -> None:
        print("Downloading files...")  # the package's own chatter
        for name in files:
            self.asked.append(name)
            if len(self.asked) > self.fails_at:
                raise ConnectionError("Name or service not known")
            there = Path(out) / name
            there.parent.mkdir(parents=True, exist_ok=True)
            if there.exists() and not overwrite:
                there.write_bytes(there.read_bytes() + (self.root / name).read_bytes()[there.stat().st_size :])
            else:
                shutil.copyfile(self.root / name, there)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    served = Server(tmp_path / "server")
    monkeypatch.setattr(wfdb, "dl_files", served.dl_files)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 0, 10**12))
    return served


def test_what_is_wanted_of_a_set_comes_in_its_own_layout(server: Server, tmp_path: Path):
    assert download("mimic-iv-ecg", tmp_path / "out") == 5
    assert (tmp_path / "out/files/2.dat").read_text() == "two"
    assert not (tmp_path / "out/notes").exists()
    assert not any("outside" in name for name in server.asked)


def test_an_interrupted_download_goes_on_where_it_stopped(server: Server, tmp_path: Path):
    server.fails_at = 3
    assert main(["download", "mimic-iv-ecg", "--out", str(tmp_path / "out")]) == 4
    server.fails_at, server.asked = 10**9, []
    (tmp_path / "out/files/1.dat").unlink(missing_ok=True)
    (tmp_path / "out/files/1.dat").write_text("XX")  # cut short, and damaged
    assert download("mimic-iv-ecg", tmp_path / "out") == 3
    assert (tmp_path / "out/files/1.dat").read_text() == "one"
    assert "files/1.hea" not in server.asked


def test_the_first_records_alone_come_with_the_tables(server: Server, tmp_path: Path):
    assert download("mimic-iv-ecg", tmp_path / "out", records=1) == 3
    assert not (tmp_path / "out/files/2.hea").exists()
    assert (tmp_path / "out/record_list.csv").exists()


def test_a_file_that_came_damaged_is_an_error(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (server.root / "files/1.dat").write_text("0ne")
    assert main(["download", "mimic-iv-ecg", "--out", str(tmp_path / "out")]) == 3
    assert "1.dat came damaged" in capsys.readouterr().err


def test_without_a_network_it_is_one_clear_line(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    server.fails_at = 0
    assert main(["download", "ludb", "--out", str(tmp_path / "out")]) == 4
    out, err = capsys.readouterr()
    assert "licence ODC-By 1.0" in out
    assert "Downloading files" not in out
    assert err.count("\n") == 1
    assert "https://physionet.org/content/ludb/ cannot be fetched" in err


def test_a_disk_too_small_is_told_before_anything_is_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 0, 10**9))
    assert main(["download", "mimic-iv-ecg", "--out", str(tmp_path / "out")]) == 6
    assert "takes about 97 GB" in capsys.readouterr().err
    assert server.asked == []


def test_help_tells_sizes_and_licences(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["download", "--help"])
    text = capsys.readouterr().out
    assert all(published.page in text and published.licence in text for published in PUBLISHED.values())
