"""The answer form: written for the readers, and read back as spreadsheets and people return it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError, Reason
from train.turing.deck import WALLS
from train.turing.sheets import name

COLUMNS = ("sheet", "real", "confidence", "mi", "region")
INSTRUCTIONS = """\
How to fill in the form

Every sheet is a twelve-lead ECG: either all of it was recorded, or some of its leads were reconstructed by a computer.
Both kinds are equally frequent. Please answer from the sheet alone, without talking to other readers.

sheet       leave as it is
real        yes if you think all twelve leads were recorded, no if some were reconstructed; an answer for every sheet
confidence  in that answer, from 1 (a guess) to 5 (sure); may stay empty
mi          yes if you see a myocardial infarction of any age, no if not
region      where mi is yes: {regions}; several joined by +

Save the form as CSV under your name and return it.
"""
_YES = {"yes", "y", "1", "true", "t", "real", "recorded", "original", "ja", "oui"}
_NO = {"no", "n", "0", "false", "f", "generated", "reconstructed", "synthetic", "fake", "nein", "non"}
_UNNAMED = {"", "?", "unknown", "none", "na", "n/a", "-"}
_SHORT = {"antero": "anterior", "infero": "inferior", "postero": "posterior", "latero": "lateral", "septo": "septal"}
_WALL = re.compile("anterior|inferior|posterior|lateral|septal|" + "|".join(_SHORT))  # posterior: none of Table 3's
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class Answer:
    real: bool | None  # None where nothing was said
    confidence: int | None
    mi: bool | None
    walls: frozenset[str]


@dataclass(frozen=True, slots=True)
class Form:
    reader: str
    answers: Mapping[int, Answer]  # by sheet; those with an answer of any kind


def blank(total: int) -> str:
    """An empty form for `total` sheets."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([name(number, total), "", "", "", ""] for number in range(1, total + 1))
    return out.getvalue()


def instructions() -> str:
    return INSTRUCTIONS.format(regions=", ".join(WALLS))


def read(path: Path, total: int) -> Form:
    """A returned form of a deck of `total` sheets; commas, semicolons or tabs, words in any case.

    Raises InputError that names the line and what is wrong with it.
    """
    lines = _lines(path)
    head = [_plain(word) for word in lines[0]]
    missing = [column for column in ("sheet", "real") if column not in head]
    if missing:
        raise InputError(f"{path} has no column {' and no column '.join(missing)}: return the form with its first line")
    answers: dict[int, Answer] = {}
    for at, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        entry = {column: cells[k].strip() if k < len(cells) else "" for k, column in enumerate(head)}
        try:
            number, answer = _sheet(entry["sheet"], total), _answer(entry)
        except ValueError as error:
            raise InputError(f"{path}, line {at}: {error}") from None
        if answer == Answer(None, None, None, frozenset()):
            continue
        if answers.get(number, answer) != answer:
            raise InputError(f"{path}, line {at}: {entry['sheet']} is answered twice, and differently")
        answers[number] = answer
    if not answers:
        raise InputError(f"{path} has no answer in it: is it the empty form?")
    return Form(path.stem, answers)


def _lines(path: Path) -> list[list[str]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", Reason.UNREADABLE) from None
    if data[:2] == b"PK":
        raise InputError(f"{path} is a spreadsheet's own file: save it as CSV")
    try:
        text = data.decode(next((code for mark, code in _BOMS.items() if data.startswith(mark)), "utf-8"))
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not lines:
        raise InputError(f"{path} is empty")
    return lines


def _plain(word: str) -> str:
    return word.strip().strip("?*: ").lower()


def _sheet(text: str, total: int) -> int:
    digits = re.fullmatch(r"(?:sheet)?[\s_-]*0*(\d+)(?:\.png|\.0)?", text.strip().lower())
    if digits is None or not 1 <= int(digits[1]) <= total:
        raise ValueError(f"{text!r} is no sheet of this deck: {name(1, total)} to {name(total, total)}")
    return int(digits[1])


def _answer(entry: Mapping[str, str]) -> Answer:
    real, mi = (_yes_or_no(entry.get(column, ""), column) for column in ("real", "mi"))
    walls = _walls(entry.get("region", ""))
    if walls and mi is False:
        raise ValueError(f"no infarct, but a region of one ({entry['region']})")
    return Answer(real, _confidence(entry.get("confidence", "")), mi or (True if walls else mi), walls)


def _yes_or_no(text: str, column: str) -> bool | None:
    word = _plain(text)
    if word in ("", "?"):
        return None
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{column} is {text!r}: yes or no is expected")


def _confidence(text: str) -> int | None:
    if _plain(text) in _UNNAMED:
        return None
    number = re.fullmatch(r"([1-5])(?:[.,]0+)?", text.strip())
    if number is None:
        raise ValueError(f"confidence is {text!r}: 1 to 5 is expected")
    return int(number[1])


def _walls(text: str) -> frozenset[str]:
    """The walls that a region is made of; "antero-septal", "Anteroseptal + inferior" and "inferolateral" alike."""
    out: set[str] = set()
    for part in re.split(r"[+/,;&]|\band\b|\bmi\b|\bwall\b", text.lower()):
        word = re.sub(r"[^a-z]", "", part)
        if word in _UNNAMED:
            continue
        found = _WALL.findall(word)
        if "".join(found) != word:
            raise ValueError(f"region is {text!r}: {', '.join(WALLS)} are expected, several joined by +")
        out |= {_SHORT.get(wall, wall) for wall in found}
    return frozenset(out)
