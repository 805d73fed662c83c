"""One record compared in every way, and what all records come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.ec57 import beats, confusion, episodes, rhythms, runs
from benchmarks.ec57.annotations import Annotations
from benchmarks.ec57.classes import EC57
from benchmarks.ec57.confusion import BeatComparison
from benchmarks.ec57.episodes import EpisodeComparison
from benchmarks.ec57.runs import RunComparison
from edge.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults are EC57's; a comparison with others is of use, but is none by the standard."""

    learning_s: float = beats.LEARNING_S
    window_s: float = beats.WINDOW_S
    rhythms: tuple[str, ...] = ()  # of rhythms.RHYTHMS
    minimum_s: float = 0.0  # shorter episodes are not counted
    classes: Mapping[str, str] = field(default_factory=lambda: EC57)

    def __post_init__(self) -> None:
        for name in self.rhythms:
            if name not in rhythms.RHYTHMS:
                raise UsageError(f"no episodes of {name}: there are {', '.join(rhythms.RHYTHMS)}")


@dataclass(frozen=True, slots=True)
class RecordComparison:
    """Of one record, or the gross figures of several."""

    beats: BeatComparison
    ventricular_runs: RunComparison
    supraventricular_runs: RunComparison
    episodes: dict[str, EpisodeComparison]  # by rhythm

    def as_json(self) -> dict[str, Any]:
        return {
            "beats": self.beats.as_json(),
            "ventricular_runs": self.ventricular_runs.as_json(),
            "supraventricular_runs": self.supraventricular_runs.as_json(),
            "episodes": {name: found.as_json() for name, found in self.episodes.items()},
        }


def compare(reference: Annotations, test: Annotations, settings: Settings | None = None) -> RecordComparison:
    """The test annotations of one record against its reference annotations."""
    chosen = settings or Settings()
    limits = (chosen.learning_s, chosen.window_s)
    test = test.at_rate(reference.rate)
    return RecordComparison(
        beats.compare(reference, test, *limits, classes=chosen.classes),
        runs.compare(reference, test, *limits, classes=chosen.classes),
        runs.compare(reference, test, *limits, classes=chosen.classes, kind=runs.SUPRAVENTRICULAR),
        {name: _episodes(reference, test, rhythms.RHYTHMS[name], chosen) for name in chosen.rhythms},
    )


def gross(records: Iterable[RecordComparison]) -> RecordComparison:
    """All records' counts and durations together."""
    found = list(records)
    names = found[0].episodes if found else {}
    return RecordComparison(
        confusion.gross(record.beats for record in found),
        runs.gross(record.ventricular_runs for record in found),
        runs.gross(record.supraventricular_runs for record in found),
        {name: episodes.gross(record.episodes[name] for record in found) for name in names},
    )


def figures(records: Mapping[str, RecordComparison]) -> dict[str, Any]:
    """For a JSON file: every record, gross and average."""
    found = list(records.values())
    names = found[0].episodes if found else {}
    return {
        "gross": gross(found).as_json(),
        "average": {
            "beats": confusion.averages(record.beats for record in found),
            "ventricular_runs": runs.averages(record.ventricular_runs for record in found),
            "supraventricular_runs": runs.averages(record.supraventricular_runs for record in found),
            "episodes": {name: episodes.averages(record.episodes[name] for record in found) for name in names},
        },
        "records": {name: record.as_json() for name, record in records.items()},
    }


def _episodes(ref: Annotations, test: Annotations, rhythm: rhythms.Rhythm, chosen: Settings) -> EpisodeComparison:
    lasts_s = rhythms.duration_s(ref)
    return episodes.compare(
        rhythms.of(ref, rhythm, lasts_s),
        rhythms.of(test, rhythm, lasts_s),
        lasts_s,
        learning_s=chosen.learning_s,
        excluded=rhythms.excluded(ref, rhythm, lasts_s),
        minimum_s=chosen.minimum_s,
    )
