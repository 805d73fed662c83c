"""Which characters and colours a terminal can take."""

from __future__ import annotations

import enum
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from edge.blocks import Origin


class Style(enum.IntEnum):
    """How a cell looks; what it means is always said by a character or a word too."""

    PLAIN = 0
    FAINT = 1
    STRONG = 2
    MEASURED = 3
    DERIVED = 4
    RECONSTRUCTED = 5
    UNAVAILABLE = 6
    GOOD = 7
    FAIR = 8
    POOR = 9
    HIGH = 10
    MEDIUM = 11
    LOW = 12
    HEAD = 13


# Priorities as IEC 60601-1-8 colours them: high red, medium yellow, low cyan.
COLOUR = ("0", "90", "1", "92", "96", "93", "90", "32", "33", "31", "1;97;41", "1;30;43", "30;46", "7")
NO_COLOUR = ("0", "0", "1", "1", "0", "0", "0", "0", "0", "1", "1;7", "7", "7", "7")

ORIGIN_STYLE = {
    Origin.MEASURED: Style.MEASURED,
    Origin.DERIVED: Style.DERIVED,
    Origin.RECONSTRUCTED: Style.RECONSTRUCTED,
    Origin.UNAVAILABLE: Style.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters for everything that is drawn."""

    braille: bool
    mark: Mapping[Origin, str]
    heart: str
    heart_rest: str
    full: str  # a bar's filled cell
    empty: str
    between: str  # two facts on a line
    digits: Mapping[str, tuple[str, str, str]]


_MARKS = (Origin.MEASURED, Origin.DERIVED, Origin.RECONSTRUCTED, Origin.UNAVAILABLE)
_TOP = ("█▀█", "▀█ ", "▀▀█", "▀▀█", "█ █", "█▀▀", "█▀▀", "▀▀█", "█▀█", "█▀█", "   ")
_MIDDLE = ("█ █", " █ ", "█▀▀", " ▀█", "▀▀█", "▀▀█", "█▀█", "  █", "█▀█", "▀▀█", "▀▀▀")
_BOTTOM = ("▀▀▀", "▀▀▀", "▀▀▀", "▀▀▀", "  ▀", "▀▀▀", "▀▀▀", "  ▀", "▀▀▀", "▀▀▀", "   ")
_TOP_ASCII = (" _ ", "   ", " _ ", " _ ", "   ", " _ ", " _ ", " _ ", " _ ", " _ ", "   ")
_MIDDLE_ASCII = ("| |", "  |", " _|", " _|", "|_|", "|_ ", "|_ ", "  |", "|_|", "|_|", "---")
_BOTTOM_ASCII = ("|_|", "  |", "|_ ", " _|", "  |", " _|", "|_|", "  |", "|_|", " _|", "   ")


def _digits(*rows: tuple[str, ...]) -> dict[str, tuple[str, str, str]]:
    return dict(zip("0123456789-", zip(*rows, strict=True), strict=True))


UNICODE = Glyphs(
    True, dict(zip(_MARKS, "●◆◌×", strict=True)), "♥", "♡", "█", "░", " · ", _digits(_TOP, _MIDDLE, _BOTTOM)
)
ASCII = Glyphs(
    False,
    dict(zip(_MARKS, "*+~x", strict=True)),
    "@",
    "o",
    "#",
    ".",
    " | ",
    _digits(_TOP_ASCII, _MIDDLE_ASCII, _BOTTOM_ASCII),
)


def glyphs_for(encoding: str | None, environ: Mapping[str, str] = os.environ) -> Glyphs:
    """The richest set that `encoding` and the terminal can show."""
    return UNICODE if _takes_braille(encoding, environ) else ASCII


def _takes_braille(encoding: str | None, environ: Mapping[str, str]) -> bool:
    if environ.get("TERM") == "linux":  # the kernel's console has 512 glyphs, and braille is not among them
        return False
    if (encoding or "ascii").lower().replace("-", "").replace("_", "") != "utf8":
        return False
    # Python itself puts LC_CTYPE=C.UTF-8 in the place of a C locale (PEP 538): the user's word is LC_ALL's or LANG's.
    asked = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if asked in ("C.UTF-8", "C.utf8", "UTF-8") and not environ.get("LC_ALL"):
        asked = environ.get("LANG") or asked
    return asked not in ("C", "POSIX")


def printable(text: str) -> str:
    """`text` with one cell a character and nothing a terminal would obey: a device's name is not to be trusted."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() and _one_cell(c) else "?" for c in text)


def _one_cell(character: str) -> bool:
    return unicodedata.east_asian_width(character) not in "WF" and not unicodedata.category(character).startswith("M")
