"""Where the episodes of a rhythm lie, from rhythm labels (+) and the marks of ventricular flutter ([ and ])."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks.ec57.annotations import Annotations

Episode = tuple[float, float]  # s from the record's start: begin, end


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What counts as an episode: rhythm labels that begin so, and ventricular flutter where it is marked."""

    begins: tuple[str, ...]
    marked_flutter: bool = False
    excluded: tuple[str, ...] = ()  # of the reference: neither right nor wrong


RHYTHMS: Mapping[str, Rhythm] = MappingProxyType(
    {
        "af": Rhythm(("(AFIB",), excluded=("(AFL",)),  # EC57 leaves atrial flutter out
        "af+afl": Rhythm(("(AFIB", "(AFL")),
        "vf": Rhythm(("(VF",), marked_flutter=True),  # fibrillation and flutter: (VF, (VFIB, (VFL
        "vt": Rhythm(("(VT",)),
        "vt+vf": Rhythm(("(VT", "(VF"), marked_flutter=True),
        "asystole": Rhythm(("(ASYS",)),
    }
)


def of(marks: Annotations, rhythm: Rhythm, duration_s: float) -> list[Episode]:
    """Episodes of `rhythm`; one that is not ended lasts to the end of the record."""
    found = _labelled(marks, rhythm.begins, duration_s)
    return sorted(found + _marked(marks, duration_s)) if rhythm.marked_flutter else found


def excluded(marks: Annotations, rhythm: Rhythm, duration_s: float) -> list[Episode]:
    """Stretches in which the test annotator may say what it likes."""
    return _labelled(marks, rhythm.excluded, duration_s) if rhythm.excluded else []


def duration_s(marks: Annotations) -> float:
    """Of the record, or, where its length is not known, up to the last annotation."""
    last = int(marks.samples[-1]) if len(marks) else 0
    return (last if marks.length is None else marks.length) / marks.rate


def _labelled(marks: Annotations, begins: tuple[str, ...], end_s: float) -> list[Episode]:
    """A rhythm lasts until the next rhythm label."""
    changes = [(sample / marks.rate, aux) for sample, symbol, aux, _ in marks if symbol == "+" and aux.startswith("(")]
    ends = [time for time, _ in changes[1:]] + [end_s]
    return [
        (time, end) for (time, aux), end in zip(changes, ends, strict=False) if aux.startswith(begins) and end > time
    ]


def _marked(marks: Annotations, end_s: float) -> list[Episode]:
    found: list[Episode] = []
    since: float | None = None
    for sample, symbol, _, _ in marks:
        if symbol == "[" and since is None:
            since = sample / marks.rate
        elif symbol == "]" and since is not None:
            found.append((since, sample / marks.rate))
            since = None
    return found if since is None else [*found, (since, end_s)]
