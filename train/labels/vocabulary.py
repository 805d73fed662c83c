"""How the words of one publisher answer for conditions: yes, no, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
Words = frozenset[str]
NONE: Words = frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """The statements of one record."""

    sure: Words
    unsure: Words = NONE  # said, but too unlikely to count as a yes, and no denial either


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One publisher's statements, and which of them say a condition.

    A condition is there where one of its statements is said surely, is open where one is said unsurely or where one of
    `leaves_open` is said, and is absent otherwise: whoever reads an ECG for a set writes down what is there. What the
    set has no statement for is always open.
    """

    read: Callable[[Row], Said]
    classes: Mapping[str, Words]  # condition: the statements any of which says it
    leaves_open: Mapping[str, Words] = field(default_factory=dict)  # condition: near it, but not it
    however_unsure: Words = NONE  # conditions for which an unsure statement is a yes
    statements: Words = NONE  # may also be asked for by their own word, however unsure
    cannot_say: Callable[[Row], Words] = lambda row: NONE  # conditions that this record's readers had no word for

    def answers(self, row: Row, names: tuple[str, ...]) -> list[bool | None]:
        """Of each of `names`: there, absent, or None where nothing is known."""
        said, dumb = self.read(row), self.cannot_say(row)
        return [None if name in dumb else self._answer(name, said) for name in names]

    def _answer(self, name: str, said: Said) -> bool | None:
        if name not in self.classes:
            return name in said.sure | said.unsure if name in self.statements else None
        meant = self.classes[name]
        if meant & said.sure or (name in self.however_unsure and meant & said.unsure):
            return True
        near = meant | self.leaves_open.get(name, NONE)
        return None if near & said.unsure or self.leaves_open.get(name, NONE) & said.sure else False


def listed(row: Row) -> Said:
    """A row's `labels`, all of them sure."""
    return Said(frozenset(row.get("labels") or ()))


def words(text: str) -> Words:
    """The words of a text, as a set."""
    return frozenset(text.split())
