"""Tables in Markdown that can also be read as they are: a row a record, then the sum, gross and average figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from benchmarks.ec57 import confusion, episodes, runs
from benchmarks.ec57.comparison import RecordComparison, gross
from benchmarks.ec57.confusion import COLUMNS, NONE, ROWS, BeatComparison
from benchmarks.ec57.episodes import EpisodeComparison
from benchmarks.ec57.proportions import Proportion
from benchmarks.ec57.runs import RunComparison

Rows = list[list[str]]
BEAT_HEAD = [
    *["record", "QRS", "missed", "extra", "QRS Se", "QRS +P", "VEB", "VEB Se", "VEB +P", "VEB FPR"],
    *["SVEB", "SVEB Se", "SVEB +P", "SVEB FPR", "RR ms"],
]
RUN_HEAD = ["record", "couplets", "Se", "+P", "short runs", "Se", "+P", "long runs", "Se", "+P"]
EPISODE_HEAD = [
    "record",
    "episodes",
    "E Se",
    "E +P",
    "D Se",
    "D +P",
    "reference s",
    "test s",
    "false alarms",
    "per hour",
]


def markdown(head: Sequence[str], rows: Rows) -> str:
    """Columns as wide as they need, the first to the left, the others to the right."""
    widths = [max(3, *(len(row[k]) for row in [list(head), *rows])) for k in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if k else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if k == 0 else "-" * (width - 1) + ":" for k, width in enumerate(widths)]
    return "\n".join([line(head), line(rule), *(line(row) for row in rows)])


def report(title: str, records: Mapping[str, RecordComparison], beats_only: bool = False) -> str:
    """Everything about one test annotator; without runs where it tells no classes."""
    total = gross(records.values())
    parts = [f"## {title}", beat_table({name: record.beats for name, record in records.items()})]
    parts += [matrix(total.beats), intervals(total.beats.proportions())]
    kinds = () if beats_only else (("Ventricular", "ventricular_runs"), ("Supraventricular", "supraventricular_runs"))
    for what, name in kinds:
        found = {record: getattr(compared, name) for record, compared in records.items()}
        parts += [f"### {what} runs", run_table(found)]
    for rhythm in total.episodes:
        table = episode_table({name: record.episodes[rhythm] for name, record in records.items()})
        parts += [f"### Episodes: {rhythm}", table]
    return "\n\n".join(parts)


def summary(annotators: Mapping[str, Mapping[str, RecordComparison]], beats_only: Collection[str] = ()) -> str:
    """One row a test annotator: gross figures with their exact 95 % intervals; of those in `beats_only`, which do not
    tell classes, of the beats alone."""
    head = ["annotator", "records", "QRS Se", "QRS +P", "VEB Se", "VEB +P", "SVEB Se", "SVEB +P"]
    rows = []
    for name, records in annotators.items():
        found = gross(records.values()).beats.proportions()
        asked = {key: p for key, p in found.items() if not key.endswith("rate")}
        shown = [
            with_interval(p) if key.startswith("qrs") or name not in beats_only else "-" for key, p in asked.items()
        ]
        rows.append([name, str(len(records)), *shown])
    return markdown(head, rows)


def beat_table(records: Mapping[str, BeatComparison]) -> str:
    rows = [[name, *_beat_counts(found)] for name, found in records.items()]
    total = confusion.gross(records.values())
    mean = confusion.averages(records.values())
    shown = [percent(mean[name]) for name in confusion.PROPORTIONS]
    counts = [*[""] * 3, *shown[:2], "", *shown[2:5], "", *shown[5:], percent(mean["rr_rms_ms"])]
    return markdown(BEAT_HEAD, [*rows, ["gross", *_beat_counts(total)], ["average", *counts]])


def _beat_counts(found: BeatComparison) -> list[str]:
    shown = [percent(proportion.percent) for proportion in found.proportions().values()]
    qrs, predicted = found.qrs_sensitivity, found.qrs_predictivity
    return [
        *[str(qrs.total), str(qrs.total - qrs.hits), str(predicted.total - predicted.hits), *shown[:2]],
        *[str(found.veb_sensitivity.total), *shown[2:5]],
        *[str(found.sveb_sensitivity.total), *shown[5:], percent(found.rr_rms_ms)],
    ]


def matrix(found: BeatComparison) -> str:
    """`bxb`'s summary matrix, and what was missed while the test annotator had shut down."""
    rows = [[row, *("" if row + c in NONE else str(found.count(row + c)) for c in COLUMNS)] for row in ROWS]
    shut = found.missed_in_shutdown()
    note = f"Shutdown {found.shutdown_s:.0f} s, {shut.hits} of {shut.total} beats missed in it."
    return f"{markdown(['ref / test', *COLUMNS], rows)}\n\n{note}"


def run_table(records: Mapping[str, RunComparison]) -> str:
    rows = [[name, *_run_counts(found)] for name, found in records.items()]
    mean = list(runs.averages(records.values()).values())
    averages = [cell for k in range(0, len(mean), 2) for cell in ("", percent(mean[k]), percent(mean[k + 1]))]
    return markdown(RUN_HEAD, [*rows, ["gross", *_run_counts(runs.gross(records.values()))], ["average", *averages]])


def _run_counts(found: RunComparison) -> list[str]:
    each = list(found.proportions().values())
    pairs = zip(each[::2], each[1::2], strict=True)
    return [cell for se, p in pairs for cell in (str(se.total), percent(se.percent), percent(p.percent))]


def episode_table(records: Mapping[str, EpisodeComparison]) -> str:
    rows = [[name, *_episode_counts(found)] for name, found in records.items()]
    mean = [percent(value) for value in episodes.averages(records.values()).values()]
    total = episodes.gross(records.values())
    hours = total.without_event_s / episodes.HOUR_S
    note = f"{hours:.2f} hours without the event. {intervals({'E Se': total.sensitivity, 'E +P': total.predictivity})}"
    table = [*rows, ["gross", *_episode_counts(total)], ["average", "", *mean, "", "", "", ""]]
    return f"{markdown(EPISODE_HEAD, table)}\n\n{note}"


def _episode_counts(found: EpisodeComparison) -> list[str]:
    shown = [percent(value) for value in found.percents().values()]
    durations = [f"{found.reference_s:.1f}", f"{found.test_s:.1f}"]
    return [
        str(found.sensitivity.total),
        *shown,
        *durations,
        str(found.false_alarms),
        percent(found.false_alarms_per_hour),
    ]


def intervals(proportions: Mapping[str, Proportion]) -> str:
    """Gross figures with counts and exact intervals, in one line each."""
    shown = [f"{name.replace('_', ' ')} {with_interval(p)}" for name, p in proportions.items() if p.total]
    return "Gross, with exact 95 % intervals: " + "; ".join(shown) + "." if shown else "No cases."


def with_interval(proportion: Proportion) -> str:
    interval = proportion.interval_percent()
    if interval is None:
        return "-"
    low, high = interval
    return f"{proportion.percent:.2f} [{low:.2f}, {high:.2f}] ({proportion.hits}/{proportion.total})"


def percent(value: float | None) -> str:
    """Undefined values are a dash."""
    return "-" if value is None else f"{value:.2f}"
