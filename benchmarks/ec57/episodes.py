"""Episode by episode, as `epicmp` compares: by number and by duration.

An episode of the reference is found if any of it overlaps with one of the test; one of the test is true if any of it
overlaps with one of the reference. What lies within the learning period does not count, nor (for atrial fibrillation:
atrial flutter of the reference) what is excluded: the test annotator is neither punished nor rewarded for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.ec57.beats import LEARNING_S
from benchmarks.ec57.proportions import Proportion, average, share_percent
from benchmarks.ec57.rhythms import Episode

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class EpisodeComparison:
    """Of one record, or, added up, of several."""

    sensitivity: Proportion  # of the reference's episodes
    predictivity: Proportion  # of the test's
    reference_s: float
    test_s: float
    overlap_s: float
    without_event_s: float  # compared, without the reference's episodes and what is excluded

    def __add__(self, other: EpisodeComparison) -> EpisodeComparison:
        return EpisodeComparison(
            self.sensitivity + other.sensitivity,
            self.predictivity + other.predictivity,
            self.reference_s + other.reference_s,
            self.test_s + other.test_s,
            self.overlap_s + other.overlap_s,
            self.without_event_s + other.without_event_s,
        )

    @property
    def false_alarms(self) -> int:
        """Episodes of the test that overlap with none of the reference."""
        return self.predictivity.total - self.predictivity.hits

    @property
    def false_alarms_per_hour(self) -> float | None:
        """In the hours without the event; None where there are none."""
        return self.false_alarms / (self.without_event_s / HOUR_S) if self.without_event_s > 0 else None

    def percents(self) -> dict[str, float | None]:
        return {
            "episode_sensitivity": self.sensitivity.percent,
            "episode_predictivity": self.predictivity.percent,
            "duration_sensitivity": share_percent(self.overlap_s, self.reference_s),
            "duration_predictivity": share_percent(self.overlap_s, self.test_s),
        }

    def as_json(self) -> dict[str, Any]:
        percents = self.percents()
        return {
            "episode_sensitivity": self.sensitivity.as_json(),
            "episode_predictivity": self.predictivity.as_json(),
            "duration_sensitivity_percent": percents["duration_sensitivity"],
            "duration_predictivity_percent": percents["duration_predictivity"],
            "reference_s": round(self.reference_s, 3),
            "test_s": round(self.test_s, 3),
            "overlap_s": round(self.overlap_s, 3),
            "hours_without_event": round(self.without_event_s / HOUR_S, 4),
            "false_alarms": self.false_alarms,
            "false_alarms_per_hour": self.false_alarms_per_hour,
        }


def compare(
    reference: Iterable[Episode],
    test: Iterable[Episode],
    duration_s: float,
    *,
    learning_s: float = LEARNING_S,
    excluded: Iterable[Episode] = (),
    minimum_s: float = 0.0,
) -> EpisodeComparison:
    """Episodes (begin, end) in seconds from the start of a record of `duration_s`; those that touch are one.

    `minimum_s`: shorter episodes, of either annotator, are not asked for in the count of episodes (`epicmp -i`; the
    standard has 0); durations take all.
    """
    left_out = _joined(excluded)
    compared = [(learning_s, duration_s)] if duration_s > learning_s else []
    allowed = _without(compared, left_out)
    ref = [pieces for episode in _joined(reference) if (pieces := _within([episode], allowed))]
    tested = [pieces for episode in _joined(test) if (pieces := _within([episode], allowed))]
    ref_pieces, test_pieces = _flat(ref), _flat(tested)
    reference_s, overlap_s = _length(ref_pieces), _length(_within(ref_pieces, test_pieces))
    return EpisodeComparison(
        _overlapping(ref, test_pieces, minimum_s),
        _overlapping(tested, ref_pieces, minimum_s),
        reference_s,
        _length(test_pieces),
        overlap_s,
        _length(allowed) - reference_s,
    )


def gross(records: Iterable[EpisodeComparison]) -> EpisodeComparison:
    return sum(records, EpisodeComparison(Proportion(0, 0), Proportion(0, 0), 0.0, 0.0, 0.0, 0.0))


def averages(records: Iterable[EpisodeComparison]) -> dict[str, float | None]:
    """Each figure's mean over the records in which it is defined, percent."""
    found = [record.percents() for record in records]
    names = found[0] if found else {}
    return {name: average(record[name] for record in found) for name in names}


def _overlapping(asked: Sequence[list[Episode]], other: Sequence[Episode], minimum_s: float) -> Proportion:
    counted = [pieces for pieces in asked if _length(pieces) >= minimum_s]
    return Proportion(sum(_length(_within(pieces, other)) > 0 for pieces in counted), len(counted))


def _joined(episodes: Iterable[Episode]) -> list[Episode]:
    """In order, overlapping ones and those that touch made one, empty ones left out."""
    found: list[Episode] = []
    for begin, end in sorted((float(b), float(e)) for b, e in episodes):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > begin:
            found.append((begin, end))
    return found


def _within(episodes: Sequence[Episode], limits: Sequence[Episode]) -> list[Episode]:
    parts = [(max(b, first), min(e, last)) for b, e in episodes for first, last in limits]
    return [(b, e) for b, e in parts if e > b]


def _without(episodes: Sequence[Episode], holes: Sequence[Episode]) -> list[Episode]:
    for begin, end in holes:
        parts = [part for b, e in episodes for part in ((b, min(e, begin)), (max(b, end), e))]
        episodes = [(b, e) for b, e in parts if e > b]
    return list(episodes)


def _flat(nested: Iterable[list[Episode]]) -> list[Episode]:
    return [piece for pieces in nested for piece in pieces]


def _length(episodes: Iterable[Episode]) -> float:
    return sum(end - begin for begin, end in episodes)
