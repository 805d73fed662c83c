"""The command: what it writes, and what it says when it cannot."""

from __future__ import annotations

import builtins
import shutil

import pytest
from cli.command_line import ran

from edge.cli.export import main


@pytest.fixture
def night(recorded, tmp_path, monkeypatch):
    """The recording in a folder that is the test's own, and it the current one."""
    shutil.copytree(recorded.path.parent, tmp_path / "night")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "night" / "bed_7"


def test_several_formats_come_at_once_named_after_the_recording(night, capfd):
    told = ran(main, capfd, night, "--to", "csv,fhir", "--seconds", 2)
    assert told.code == 0
    assert sorted(p.name for p in night.parent.parent.iterdir()) == ["bed_7.csv", "bed_7.fhir.json", "night"]
    assert told.out.startswith("bed_7.csv   I, II, III")


def test_out_names_the_file_or_of_several_what_their_endings_follow(night, tmp_path, capfd):
    assert ran(main, capfd, night, "--to", "CSV", "--out", "mine.txt", "--seconds", 1, "--leads", "mlii").code == 0
    assert (tmp_path / "mine.txt").read_text().splitlines()[-1].startswith("0.998")
    assert ran(main, capfd, night, "--to", "csv,fhir", "--out", "mine", "--seconds", 1).code == 0
    assert (tmp_path / "mine.csv").is_file()
    assert (tmp_path / "mine.fhir.json").is_file()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--to", "xml"), 2, "choose among pdf"),
        (("--to", ""), 2, "choose among"),
        (("--to", "csv", "--from", "-1"), 2, "0 or more"),
        (("--to", "csv", "--seconds", "x"), 2, "above 0"),
        (("--to", "csv", "--from", "999"), 2, "is 40 s long"),
        (("--to", "csv", "--leads", "V9"), 2, "has no lead V9"),
        (("--to", "csv", "--out", "nowhere/a.csv"), 6, "no such folder"),
        (("--to", "csv", "--out", "night"), 6, "is a folder"),
        (("--to", "fhir", "--out", "night/bed_7.json"), 6, "overwrite the recording"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_left(night, tmp_path, capfd, options, code, words):
    told = ran(main, capfd, night, *options)
    assert (told.code, words in told.err) == (code, True), told.err
    assert [p.name for p in tmp_path.iterdir()] == ["night"]


def test_a_recording_that_is_not_there_is_told(night, capfd):
    assert ran(main, capfd, "night/other", "--to", "csv").code == 3
    told = ran(main, capfd, "night", "--to", "csv")
    assert told.code == 3
    assert "night/bed_7" in told.err


@pytest.mark.parametrize(("form", "library"), [("edf", "pyedflib"), ("dicom", "pydicom"), ("pdf", "matplotlib")])
def test_a_library_that_is_not_there_is_told_with_its_extra(night, tmp_path, capfd, monkeypatch, form, library):
    there = builtins.__import__

    def absent(name, *rest, **more):
        if name.split(".")[0] == library:
            raise ImportError(name)
        return there(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    told = ran(main, capfd, night, "--to", form)
    assert told.code == 2
    assert "edge-ecg[exports]" in told.err
    assert [p.name for p in tmp_path.iterdir()] == ["night"]


def test_what_was_there_stays_when_an_export_fails(night, tmp_path, capfd):
    (tmp_path / "a.csv").write_text("old")
    data = sorted(night.parent.glob("bed_7_*.dat"))[-1]
    data.write_bytes(data.read_bytes()[:-100])
    assert ran(main, capfd, night, "--to", "csv", "--out", "a.csv").code == 3
    assert (tmp_path / "a.csv").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "night"]
