"""`python -m train prepare`, as a user types it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from layouts import heart, write_code15, write_mimic, write_wfdb

from train.__main__ import main
from train.data import corpus
from train.prepare import prepare

ROOT = Path(__file__).parents[2]


def hearts(root: Path, count: int) -> None:
    for k in range(count):
        write_wfdb(root / f"r{k}", heart(k))


def test_a_set_becomes_a_corpus_and_every_rejected_record_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    hearts(tmp_path / "set", 3)
    write_wfdb(tmp_path / "set" / "flat", heart(4) * (np.arange(12) != 9))
    write_wfdb(tmp_path / "set" / "short", heart(4, 8.0))
    (tmp_path / "set" / "cut.hea").write_text("cut 12 500 5000\n")
    assert main(["prepare", "wfdb", str(tmp_path / "set"), "--out", str(tmp_path / "c")]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == f"3 records of wfdb in {tmp_path / 'c'}, 3 rejected"
    assert err == ""  # nobody watches
    reasons = (tmp_path / "c" / "rejected.txt").read_text()
    for line in ("flat: no signal in V4", "short: it lasts 8.00 s, and a piece 10 s", "cut: "):
        assert line in reasons
    row = corpus.load(tmp_path / "c").table[0]
    assert {"name", "subject", "fold", "age", "sex", "labels", "source"} <= set(row)


def test_no_subject_is_in_two_folds_of_a_prepared_set(tmp_path: Path):
    subjects = [10000000 + k % 6 for k in range(14)]
    write_mimic(tmp_path / "mimic", subjects, [["Sinus rhythm"]] * 14)
    prepare("mimic-iv-ecg", tmp_path / "mimic", tmp_path / "c")
    folds = defaultdict(set)
    for row in corpus.load(tmp_path / "c").table:
        folds[row["subject"]].add(row["fold"])
    assert len(folds) == 6
    assert all(len(of) == 1 for of in folds.values())
    assert len(set.union(*folds.values())) > 1


def test_preparing_twice_gives_the_same_corpus(tmp_path: Path):
    hearts(tmp_path / "set", 4)
    for name in ("a", "b"):
        prepare("wfdb", tmp_path / "set", tmp_path / name)
    for file in ("uv.npy", "table.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_code15_comes_at_500_hz_in_pieces_of_7_seconds(tmp_path: Path):
    write_code15(tmp_path / "code", [heart(1, 7.0, 400.0), heart(2, 10.0, 400.0)], [1, 2])
    writer = prepare("code15", tmp_path / "code", tmp_path / "c")
    made = corpus.load(tmp_path / "c")
    assert (writer.count, made.uv.shape) == (2, (2, 3500, 12))
    np.testing.assert_allclose(made.mv()[1, 250:-250], heart(2)[250:3250], atol=0.005)


def test_pieces_can_be_chosen_and_records_of_unknown_patients_split(tmp_path: Path):
    for k in range(12):
        write_wfdb(tmp_path / "set" / f"E{k:05d}", heart(k))
    prepare("challenge", tmp_path / "set", tmp_path / "c", 4.0)
    made = corpus.load(tmp_path / "c")
    assert made.uv.shape == (24, 2000, 12)
    assert {row["fold"] for row in made.table} == {0}
    prepare("challenge", tmp_path / "set", tmp_path / "c", 4.0, by_record=True)
    folds = {(row["subject"], row["fold"]) for row in corpus.load(tmp_path / "c").table}
    assert len(folds) == 12  # both pieces of a record are in one fold
    assert len({fold for _, fold in folds}) > 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ptbxl", "NOWHERE"], 3, "has no ptbxl_database.csv"),
        (["ludb", "NOWHERE"], 3, "is no LUDB"),
        (["wfdb", "NOWHERE"], 3, "there is no .hea"),
        (["wfdb", "NOWHERE", "--seconds", "0.1"], 2, "--seconds 0.1: 2 to 600 s"),
        (["marvel", "NOWHERE"], 2, "invalid choice: 'marvel'"),
    ],
)
def test_mistakes_are_one_line_and_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
):
    there = [str(tmp_path / "nowhere") if text == "NOWHERE" else text for text in arguments]
    assert main(["prepare", *there, "--out", str(tmp_path / "c")]) == code
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "c").exists()


def test_progress_is_one_line_on_a_terminal(tmp_path: Path):
    hearts(tmp_path / "set", 3)
    control, terminal = pty.openpty()
    code = "import train.data.progress as p; p.EVERY_S = 0; import train.__main__ as m; raise SystemExit(m.main())"
    command = [sys.executable, "-c", code, "prepare", "wfdb", str(tmp_path / "set"), "--out", str(tmp_path / "c")]
    subprocess.run(command, cwd=ROOT, stderr=terminal, stdout=subprocess.DEVNULL, check=True, timeout=60)
    os.close(terminal)
    seen = os.read(control, 1 << 16).decode()
    os.close(control)
    assert "prepare wfdb: 3 of 3 records, 0 s to go" in seen
    assert "\n" not in seen
    assert seen.endswith("\r\x1b[K")
