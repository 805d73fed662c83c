"""The result as one Markdown page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.turing.deck import RECONSTRUCTED, TRUE, named
from train.turing.figures import POOLED

NOTE = (
    "Intervals are exact (Clopper and Pearson), 95 %. Guessing: the probability that answers by a coin are as far from "
    "one half, in either direction. The pooled rows take the answers of several readers to one sheet as independent, "
    "which they are not: their intervals are too narrow. An accuracy near one half does not prove that nobody can tell."
)


def page(figures: Mapping[str, Any], key: Mapping[str, Any]) -> str:
    parts = [
        f"# Blinded reading of {figures['sheets']} sheets",
        f"{key['model']}, {'+'.join(key['leads'])} of {key['data']}; half of the sheets are reconstructed.",
        _unanswered(figures["unanswered"]),
        _told_apart(figures["real_or_not"]),
        _infarcts(figures["mi"], figures["walls"]),
        _localisation(figures["localisation"]),
        _agreement(figures["agreement"]),
        NOTE,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    marks = ["---"] * len(head)
    return "\n".join([f"## {title}", "", *("| " + " | ".join(line) + " |" for line in (head, marks, *lines))])


def _share(of: Mapping[str, Any]) -> str:
    if of["share"] is None:
        return "–"
    return f"{of['hits']}/{of['n']}, {100 * of['share']:.0f} % ({100 * of['low']:.0f} to {100 * of['high']:.0f})"


def _number(value: float | None, form: str = ".2f") -> str:
    return "–" if value is None else format(value, form)


def _unanswered(missing: Mapping[str, Sequence[int]]) -> str:
    told = [f"{reader} {', '.join(map(str, numbers))}" for reader, numbers in missing.items() if numbers]
    return f'Sheets without an answer to "real?": {"; ".join(told)}.' if told else ""


def _told_apart(of: Mapping[str, Any]) -> str:
    lines = [
        [
            reader,
            _share(found["accuracy"]),
            _number(found["p_of_guessing"], ".3f"),
            _share(found[f"{TRUE}_taken_for_real"]),
            _share(found[f"{RECONSTRUCTED}_taken_for_real"]),
            _number(found["auroc_by_confidence"]),
        ]
        for reader, found in of.items()
    ]
    head = ["reader", "right", "guessing", "true taken for real", "reconstructed taken for real", "AUROC by confidence"]
    return _table("Recorded or reconstructed?", head, lines)


def _infarcts(mi: Mapping[str, Any], walls: Mapping[str, Any]) -> str:
    lines = []
    for reader, kinds in mi.items():
        for kind, of in kinds.items():
            if of["accuracy"]["n"]:
                counts = [str(of[count]) for count in ("tp", "fp", "fn", "tn")]
                shares = [_share(of[share]) for share in ("sensitivity", "specificity", "precision", "accuracy")]
                places = [_share(walls[reader][kind][share]) for share in ("same", "one_in_common")]
                lines.append([reader, kind, *counts, *shares, _number(of["f1"]), *places])
    head = ["reader", "sheets", "TP", "FP", "FN", "TN", "sensitivity", "specificity", "precision", "accuracy", "F1"]
    return _table("Infarct?", [*head, "same walls", "one wall in common"], lines) if lines else ""


def _localisation(sheets: Sequence[Mapping[str, Any]]) -> str:
    told = [sheet for sheet in sheets if any(answer is not None for answer in sheet["readers"].values())]
    if not told:
        return ""
    readers = list(told[0]["readers"])
    lines = [
        [str(sheet["sheet"]), sheet["kind"], named(sheet["walls"]) or "not named"]
        + [_said(sheet["readers"][reader]) for reader in readers]
        for sheet in told
    ]
    return _table("Where?", ["sheet", "kind", "by the corpus", *readers], lines)


def _said(answer: Sequence[str] | None) -> str:
    if answer is None:
        return "–"
    return "MI" if list(answer) == ["MI"] else named(answer) or "no MI"


def _agreement(of: Mapping[str, Any]) -> str:
    lines = [
        [
            readers.replace(POOLED, "all of them"),
            {"real_or_not": "real?", "mi": "infarct?"}[question],
            str(found["n"]),
            _number(found["observed"]),
            _number(found["kappa"]),
        ]
        for question, pairs in of.items()
        for readers, found in pairs.items()
        if found["n"]
    ]
    return (
        _table("Readers among themselves", ["readers", "question", "sheets", "agree", "kappa"], lines) if lines else ""
    )
