"""Which ECGs are read, in which order, and which of them are reconstructed.

Each true sheet has a reconstructed one beside it of another patient with the same infarct, or like it without one; no
patient is in the deck twice. The papers do not say whose ECGs they mixed; so nobody can lay two sheets of one heart
side by side, and the infarcts of both kinds are alike.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge.errors import UsageError
from train import labels
from train.labels.names import REGIONS

TRUE, RECONSTRUCTED = "true", "reconstructed"
WALLS: Mapping[str, frozenset[str]] = {  # of the infarcts that Table 3 of the WearECG paper names
    "anterior": frozenset({"anterior"}),
    "anterolateral": frozenset({"anterior", "lateral"}),
    "anteroseptal": frozenset({"anterior", "septal"}),
    "inferior": frozenset({"inferior"}),
    "lateral": frozenset({"lateral"}),
    "septal": frozenset({"septal"}),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One recording of a corpus, and what its readers said of it."""

    record: int  # its place in the corpus
    name: str
    subject: str
    mi: bool
    walls: tuple[str, ...] = ()  # infarcted, sorted; empty where none is named
    normal: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    number: int  # from 1
    kind: str  # TRUE or RECONSTRUCTED
    case: Case

    def told(self) -> dict[str, Any]:
        """For the key."""
        return {"sheet": self.number, "kind": self.kind, **asdict(self.case), "walls": list(self.case.walls)}


def named(walls: Collection[str]) -> str:
    """Walls in the words of an ECG's reader: anterior and septal ones are anteroseptal."""
    left = set(walls)
    whole = [region for region, parts in WALLS.items() if len(parts) > 1 and parts <= left]
    covered = frozenset().union(*(WALLS[region] for region in whole))
    return " + ".join(sorted([*whole, *(left - covered)]))


def cases(table: Sequence[Mapping[str, Any]]) -> list[Case]:
    """The recordings of which is known whether they have an infarct, in the corpus' order."""
    names = ("mi", "normal", *REGIONS.values())
    there, known = labels.of(table, names)
    out = []
    for k, row in enumerate(table):
        if not known[k, 0]:
            continue
        found = [name.removeprefix("mi_") for name, yes in zip(names[2:], there[k, 2:], strict=True) if yes]
        walls = tuple(sorted(frozenset().union(*(WALLS[region] for region in found))))
        subject = str(row.get("subject", row.get("name", k)))
        out.append(Case(k, str(row.get("name", k)), subject, bool(there[k, 0]), walls, bool(there[k, 1])))
    return out


def deal(available: Sequence[Case], pairs: int, mi_share: float, seed: int) -> list[Sheet]:
    """A shuffled deck of `pairs` true sheets and as many reconstructed ones; the share of infarcts is `mi_share` in
    both. Raises UsageError where there are not enough patients."""
    if not available:
        raise UsageError("of no record is it known whether it has an infarct: take PTB-XL, LUDB or MIMIC-IV-ECG")
    chance = random.Random(seed)
    shuffled = list(available)
    chance.shuffle(shuffled)
    with_mi = round(mi_share * pairs)
    drawn: list[tuple[Case, Case]] = []
    seen: set[str] = set()
    for mi, count in ((True, with_mi), (False, pairs - with_mi)):
        found = _alike([case for case in shuffled if case.mi is mi], seen)[:count]
        if len(found) < count:
            what = "with an infarct" if mi else "without one"
            raise UsageError(
                f"{count} pairs {what} are asked for, and the corpus has {len(found)} pairs of different patients: "
                "take fewer --pairs, more folds, or another --mi-share"
            )
        drawn += found
    sheets = [(kind, case) for pair in drawn for kind, case in zip((TRUE, RECONSTRUCTED), pair, strict=True)]
    chance.shuffle(sheets)
    return [Sheet(number, kind, case) for number, (kind, case) in enumerate(sheets, 1)]


def _alike(pool: Sequence[Case], seen: set[str]) -> list[tuple[Case, Case]]:
    """Pairs of different patients alike in their infarcts, in the order in which they become complete; every patient
    once, those in `seen` never."""
    waiting: dict[Any, list[Case]] = defaultdict(list)
    out = []
    for case in pool:
        if case.subject in seen:
            continue
        seen.add(case.subject)
        kind = (case.walls, case.normal)
        if waiting[kind]:
            out.append((waiting[kind].pop(), case))
        else:
            waiting[kind].append(case)
    return out
