"""The sequence of labels in which runs of ectopic beats are looked for, as `rxr` reads an annotation file.

N, S, V, F, Q    a beat; within atrial fibrillation or flutter a normal one counts as supraventricular ectopic
[ ]              ventricular flutter or fibrillation begins, ends: marked so, or by a rhythm label "(VF…"
{ }              atrial fibrillation or flutter, by a rhythm label "(AF…"
U                the signals become unreadable
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from benchmarks.ec57.annotations import Annotations
from benchmarks.ec57.intervals import UNREADABLE


class Label(NamedTuple):
    sample: int
    kind: str


def labels(marks: Annotations, classes: Mapping[str, str]) -> list[Label]:
    """What else is annotated (notes, noise that can still be read, other rhythms) is left out."""
    state = _State()
    found = []
    for sample, symbol, aux, subtype in marks:
        kind = state.label(symbol, aux, subtype, classes)
        if kind:
            found.append(Label(sample, kind))
    return found


class _State:
    """Which of the stretches that have a beginning and an end is under way."""

    def __init__(self) -> None:
        self.atrial = self.flutter = self.unreadable = False

    def label(self, symbol: str, aux: str, subtype: int, classes: Mapping[str, str]) -> str | None:
        if symbol in classes:
            kind = classes[symbol]
            return "S" if kind == "N" and self.atrial else kind
        if symbol == "~":
            return self._noise((subtype & UNREADABLE) == UNREADABLE)
        if symbol == "[" or (symbol == "+" and aux.startswith("(VF")):
            return self._flutter_begins()
        if symbol == "]":
            return self._flutter_ends()
        if symbol == "+":
            return self._atrial_begins() if aux.startswith("(AF") else self._other_rhythm()
        return None

    def _noise(self, unreadable: bool) -> str | None:
        begins = unreadable and not self.unreadable
        self.unreadable = unreadable
        return "U" if begins else None

    def _flutter_begins(self) -> str | None:
        begins = not self.flutter
        self.flutter, self.atrial = True, self.atrial and not begins
        return "[" if begins else None

    def _flutter_ends(self) -> str | None:
        ends, self.flutter = self.flutter, False
        return "]" if ends else None

    def _atrial_begins(self) -> str | None:
        begins = not self.atrial
        self.atrial, self.flutter = True, self.flutter and not begins
        return "{" if begins else None

    def _other_rhythm(self) -> str | None:
        if self.atrial:
            self.atrial = False
            return "}"
        return self._flutter_ends()
