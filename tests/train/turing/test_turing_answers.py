"""Forms as people return them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import InputError
from train.turing import answers
from train.turing.answers import Answer

HEAD = "sheet,real,confidence,mi,region\n"


def returned(tmp_path: Path, text: str | bytes, total: int = 12) -> answers.Form:
    path = tmp_path / "smith.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return answers.read(path, total)


def test_an_empty_form_has_a_line_a_sheet_and_is_refused_as_it_is(tmp_path: Path):
    lines = answers.blank(12).splitlines()
    assert lines[0] == HEAD.strip()
    assert [line.rstrip(",") for line in lines[1:]] == [f"sheet-{k:02}" for k in range(1, 13)]
    with pytest.raises(InputError, match="has no answer in it"):
        returned(tmp_path, answers.blank(12))


def test_a_filled_form_is_read(tmp_path: Path):
    form = returned(tmp_path, HEAD + "sheet-01,yes,4,no,\nsheet-02,no,,yes,anteroseptal + inferior\nsheet-03,,,,\n")
    assert form.reader == "smith"
    assert form.answers == {
        1: Answer(True, 4, False, frozenset()),
        2: Answer(False, None, True, frozenset({"anterior", "septal", "inferior"})),
    }


def test_spreadsheets_and_people_write_as_they_like(tmp_path: Path):
    text = "\ufeffSheet;Real?;Confidence;MI;Region\r\n1;Generated;5,0;N;\r\nSheet 2;Y;;Y;Infero-lateral\r\n\r\n;;;;\r\n"
    form = returned(tmp_path, text)
    assert form.answers == {
        1: Answer(False, 5, False, frozenset()),
        2: Answer(True, None, True, frozenset({"inferior", "lateral"})),
    }
    assert returned(tmp_path, text.lstrip("\ufeff").encode("utf-16")).answers == form.answers


def test_a_region_alone_says_that_there_is_an_infarct(tmp_path: Path):
    form = returned(tmp_path, HEAD + "sheet-01,yes,,,septal\n")
    assert form.answers[1] == Answer(True, None, True, frozenset({"septal"}))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sheet-13,yes,,,", "'sheet-13' is no sheet of this deck: sheet-01 to sheet-12"),
        ("total,yes,,,", "'total' is no sheet"),
        ("sheet-01,maybe,,,", "real is 'maybe': yes or no is expected"),
        ("sheet-01,yes,9,,", "confidence is '9': 1 to 5 is expected"),
        ("sheet-01,yes,,perhaps,", "mi is 'perhaps'"),
        ("sheet-01,yes,,yes,apical", "region is 'apical': anterior, anterolateral"),
        ("sheet-01,yes,,no,inferior", "no infarct, but a region of one"),
    ],
)
def test_a_bad_line_is_named_with_what_is_expected(tmp_path: Path, line: str, said: str):
    with pytest.raises(InputError, match=r"smith\.csv, line 3: ") as found:
        returned(tmp_path, HEAD + f"sheet-02,yes,,,\n{line}\n")
    assert said in str(found.value)


def test_two_answers_to_one_sheet_must_be_the_same(tmp_path: Path):
    assert len(returned(tmp_path, HEAD + "sheet-01,yes,,,\n1,yes,,,\n").answers) == 1
    with pytest.raises(InputError, match="answered twice, and differently"):
        returned(tmp_path, HEAD + "sheet-01,yes,,,\n1,no,,,\n")


def test_a_file_that_is_no_form_is_refused(tmp_path: Path):
    for content, said in (("", "is empty"), ("a,b\n1,2\n", "no column sheet"), (b"PK\x03\x04...", "save it as CSV")):
        with pytest.raises(InputError, match=said):
            returned(tmp_path, content)
    with pytest.raises(InputError, match="cannot be read"):
        answers.read(tmp_path / "none.csv", 12)
