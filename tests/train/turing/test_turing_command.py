"""The command, from a corpus to scores, and that nothing it hands out tells the truth."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from decks import labelled_corpus

pytest.importorskip("matplotlib", reason="pictures need the extra edge-ecg[demo]")
from matplotlib.image import imread

from edge.leads import LEAD, LEADS
from train.__main__ import main
from train.baselines import dower
from train.data import corpus
from train.evaluate.reconstructors import Estimate, Reconstructor, filtered
from train.turing import images, sheets
from train.turing.deck import RECONSTRUCTED, TRUE, Case, Sheet

BUNDLE = Path(__file__).parents[3] / "edge" / "bundles" / "default"


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("turing")
    labelled_corpus(folder / "corpus")
    words = ["turing", "--data", str(folder / "corpus"), "--bundle", str(BUNDLE), "--pairs", "3", "--mi-share", "0.34"]
    assert main([*words, "--seed", "5", "--out", str(folder / "reading")]) == 0
    return folder / "reading"


def test_the_readers_folder_holds_sheets_a_form_and_no_key(reading: Path):
    names = sorted(path.name for path in (reading / "readers").iterdir())
    assert names == ["form.csv", "instructions.txt", *(f"sheet-0{k}.png" for k in range(1, 7)), "sheets.pdf"]
    assert (reading / "key.json").exists()


def test_nothing_about_a_file_tells_what_it_shows(reading: Path):
    files = sorted((reading / "readers").glob("*.png"))
    assert len({path.stat().st_size for path in files}) == 1
    assert len({path.stat().st_mtime_ns for path in files}) == 1
    for path in files:
        data, at, kinds = path.read_bytes(), 8, set()
        while at < len(data):
            (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
            kinds.add(kind.decode())
            at += 12 + length
        assert kinds == {"IHDR", "pHYs", "IDAT", "paDd", "IEND"}
    text = (reading / "readers" / "sheets.pdf").read_bytes()
    assert not re.search(rb"CreationDate|reconstruct|Producer|true", text)
    assert text.count(b"/Type /Page\n") == 6 or len(re.findall(rb"/Type\s*/Page\b", text)) == 6


def test_every_sheet_can_be_seen_and_has_the_same_ink(reading: Path):
    told = json.loads((reading / "key.json").read_text())["sheets"]
    for kind in (TRUE, RECONSTRUCTED):
        number = next(sheet["sheet"] for sheet in told if sheet["kind"] == kind)
        image = imread(reading / "readers" / f"sheet-0{number}.png")[:, :, :3]
        grey = np.ptp(image, axis=2) < 0.02
        assert (grey & (image.max(axis=2) < 0.1)).sum() > 3000  # black traces
        red, green, blue = np.moveaxis(image, 2, 0)
        assert not ((green > red + 0.1) | (blue > red + 0.1)).any()  # no colour of a reconstructed or derived lead


def test_the_key_tells_every_sheet(reading: Path):
    told = json.loads((reading / "key.json").read_text())
    assert [sheet["sheet"] for sheet in told["sheets"]] == [1, 2, 3, 4, 5, 6]
    assert sorted(sheet["kind"] for sheet in told["sheets"]) == [RECONSTRUCTED] * 3 + [TRUE] * 3
    assert sum(sheet["mi"] for sheet in told["sheets"]) == 2
    assert (told["leads"], told["seed"]) == (["II", "V1", "V5"], 5)


def test_measured_leads_are_the_same_on_either_kind_of_sheet(tmp_path: Path):
    labelled_corpus(tmp_path / "corpus", records=2)
    data = corpus.load(tmp_path / "corpus")
    model = Reconstructor("dower", "baseline", lambda mv, given: Estimate(dower(mv, given)))
    given = ("II", "V1", "V5")
    case = Case(0, "r0", "0", True)
    true, made = (
        sheets.signal(Sheet(1, kind, case), data, model, given, 0, low_pass=True) for kind in (TRUE, RECONSTRUCTED)
    )
    measured = [LEAD[lead] for lead in given]
    assert np.array_equal(true[:, measured], made[:, measured])
    others = [k for k in range(len(LEADS)) if k not in measured]
    assert np.abs(true[:, others] - made[:, others]).max() > 0.03
    assert len(true) == data.uv.shape[1] - 2 * sheets.EDGE


def test_an_enrolled_model_is_shown_its_seconds_and_the_readers_the_rest(tmp_path: Path):
    labelled_corpus(tmp_path / "corpus", records=2, seconds=6.0)
    data = corpus.load(tmp_path / "corpus")
    seen: list[np.ndarray] = []

    def enrol(first: np.ndarray, given: tuple[str, ...]):
        seen.append(first)
        return lambda mv, given: Estimate(mv)

    model = Reconstructor("m", "baseline", None, enrol)
    sheet = Sheet(1, RECONSTRUCTED, Case(1, "r1", "0", False))
    shown = sheets.signal(sheet, data, model, ("II",), 1000, low_pass=False)
    whole = filtered(data.uv[1].astype(np.float32) * np.float32(1e-3))
    assert np.array_equal(seen[0], whole[:1000])
    assert np.array_equal(shown, whole[1000 + sheets.EDGE : -sheets.EDGE])


def test_pictures_of_any_length_become_alike_and_stay_the_same_pictures(reading: Path, tmp_path: Path):
    first, second, *_ = (images.bare(path.read_bytes()) for path in sorted((reading / "readers").glob("*.png")))
    assert len(first) != len(second)
    for bare, padded in zip((first, second), images.alike([first, second]), strict=True):
        assert len(padded) == max(len(first), len(second)) + images.OVERHEAD
        assert images.bare(padded) == bare
        (tmp_path / "a.png").write_bytes(bare)
        (tmp_path / "b.png").write_bytes(padded)
        assert np.array_equal(imread(tmp_path / "a.png"), imread(tmp_path / "b.png"))


def test_returned_forms_are_scored(reading: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    told = json.loads((reading / "key.json").read_text())["sheets"]
    lines = [
        f"sheet-0{s['sheet']},{'yes' if s['kind'] == TRUE else 'no'},5,{'yes' if s['mi'] else 'no'}," for s in told
    ]
    form = tmp_path / "knows.csv"
    form.write_text("sheet,real,confidence,mi,region\n" + "\n".join(lines) + "\n")
    words = ["turing", "--score", str(form), "--key", str(reading / "key.json"), "--out", str(tmp_path / "scores")]
    assert main(words) == 0
    assert "| knows | 6/6, 100 % (54 to 100) |" in capsys.readouterr().out
    scores = json.loads((tmp_path / "scores" / "scores.json").read_text())
    assert scores["mi"]["knows"]["reconstructed"]["accuracy"]["share"] == 1.0
    assert (tmp_path / "scores" / "scores.md").read_text().startswith("# Blinded reading of 6 sheets")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--out", "x"], 2, "need --data"),
        (["--data", "CORPUS", "--out", "x"], 2, "one --bundle or one --model"),
        (
            ["--data", "CORPUS", "--out", "READING", "--bundle", "BUNDLE", "--pairs", "2", "--mi-share", "0"],
            2,
            "not empty",
        ),
        (["--data", "CORPUS", "--out", "x", "--bundle", "BUNDLE", "--pairs", "0"], 2, "--pairs 0"),
        (["--data", "CORPUS", "--out", "x", "--bundle", "BUNDLE", "--enrol", "2"], 2, "leaves 2 s to show"),
        (["--data", "CORPUS", "--out", "x", "--bundle", "BUNDLE", "--pairs", "40"], 2, "take fewer --pairs"),
        (["--score", "f.csv"], 2, "needs --key"),
        (["--score", "f.csv", "--key", "CORPUS/table.json"], 3, "no key of a reading test"),
        (["--score", "f.csv", "--key", "nokey.json"], 3, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(
    reading: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
):
    places = {"CORPUS": str(reading.parent / "corpus"), "READING": str(reading), "BUNDLE": str(BUNDLE)}
    for name, place in places.items():
        words = [word.replace(name, place) for word in words]
    assert main(["turing", *words]) == code
    assert said in capsys.readouterr().err
