"""What a reading test comes to: accuracy against chance, infarcts found, walls named, readers compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import binomtest

from train.evaluate import diagnosis
from train.turing.answers import Answer, Form
from train.turing.deck import RECONSTRUCTED, TRUE, Sheet

POOLED = "all readers"
LEVEL = 0.95  # of every interval


def summary(sheets: Sequence[Sheet], forms: Sequence[Form]) -> dict[str, Any]:
    """All figures as plain JSON types, by reader and pooled."""
    by_number = {sheet.number: sheet for sheet in sheets}
    answers = {form.reader: [(by_number[n], answer) for n, answer in form.answers.items()] for form in forms}
    if len(forms) > 1:
        answers[POOLED] = [pair for form in forms for pair in answers[form.reader]]
    return {
        "sheets": len(sheets),
        "unanswered": {form.reader: [n for n in by_number if _real(form.answers.get(n)) is None] for form in forms},
        "real_or_not": {reader: told_apart(pairs) for reader, pairs in answers.items()},
        "mi": {
            reader: {kind: infarcts([pair for pair in pairs if pair[0].kind == kind]) for kind in (TRUE, RECONSTRUCTED)}
            for reader, pairs in answers.items()
        },
        "walls": {
            reader: {kind: walls([pair for pair in pairs if pair[0].kind == kind]) for kind in (TRUE, RECONSTRUCTED)}
            for reader, pairs in answers.items()
        },
        "localisation": _localisation(sheets, forms),
        "agreement": {"real_or_not": agreement(forms, _real), "mi": agreement(forms, _mi)},
    }


def proportion(hits: int, of: int) -> dict[str, Any]:
    """A share with its exact interval (Clopper and Pearson 1934); None where there is nothing to share."""
    if not of:
        return {"n": 0, "share": None, "low": None, "high": None}
    interval = binomtest(hits, of).proportion_ci(LEVEL, "exact")
    return {"n": of, "hits": hits, "share": hits / of, "low": float(interval.low), "high": float(interval.high)}


def told_apart(pairs: Sequence[tuple[Sheet, Answer]]) -> dict[str, Any]:
    """Right answers to "real?", and how often guessing gets as far from one half (exact, two-sided)."""
    said = [(sheet.kind == TRUE, answer) for sheet, answer in pairs if answer.real is not None]
    hits = sum(real == answer.real for real, answer in said)
    out: dict[str, Any] = {"accuracy": proportion(hits, len(said))}
    out["p_of_guessing"] = float(binomtest(hits, len(said), 0.5).pvalue) if said else None
    for kind, is_real in ((TRUE, True), (RECONSTRUCTED, False)):
        of = [answer for real, answer in said if real is is_real]
        out[f"{kind}_taken_for_real"] = proportion(sum(answer.real is True for answer in of), len(of))
    sure = [(real, answer) for real, answer in said if answer.confidence is not None]
    signed = [(1 if answer.real else -1) * (answer.confidence or 0) for _, answer in sure]
    out["auroc_by_confidence"] = diagnosis.auroc(np.array([real for real, _ in sure], bool), np.array(signed, float))
    return out


def infarcts(pairs: Sequence[tuple[Sheet, Answer]]) -> dict[str, Any]:
    """The table of four of "infarct?" against the corpus' own readers."""
    said = [(sheet.case.mi, answer.mi) for sheet, answer in pairs if answer.mi is not None]
    tp, fn = (sum(there and yes is found for there, yes in said) for found in (True, False))
    fp, tn = (sum(not there and yes is found for there, yes in said) for found in (True, False))
    out: dict[str, Any] = {"tp": tp, "fp": fp, "fn": fn, "tn": tn, "accuracy": proportion(tp + tn, len(said))}
    out |= {"sensitivity": proportion(tp, tp + fn), "specificity": proportion(tn, tn + fp)}
    return out | {"precision": proportion(tp, tp + fp), "f1": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None}


def walls(pairs: Sequence[tuple[Sheet, Answer]]) -> dict[str, Any]:
    """Where both the corpus and the reader name walls: how often all of them are the same, and how often one is."""
    said = [(frozenset(sheet.case.walls), answer.walls) for sheet, answer in pairs if sheet.case.walls and answer.walls]
    return {
        "same": proportion(sum(true == found for true, found in said), len(said)),
        "one_in_common": proportion(sum(bool(true & found) for true, found in said), len(said)),
    }


def agreement(forms: Sequence[Form], question: Callable[[Answer | None], bool | None]) -> dict[str, Any]:
    """Cohen's kappa of every two readers and, of three and more, Fleiss' (1971), over what all of them answered."""
    out: dict[str, Any] = {}
    for one, other in combinations(forms, 2):
        both = sorted(set(one.answers) & set(other.answers))
        said = [(question(one.answers[n]), question(other.answers[n])) for n in both]
        out[f"{one.reader}, {other.reader}"] = kappa([pair for pair in said if None not in pair])
    if len(forms) > 2:
        numbers = sorted(set.intersection(*(set(form.answers) for form in forms)))
        rows = [[question(form.answers[n]) for form in forms] for n in numbers]
        out[POOLED] = kappa([row for row in rows if None not in row])
    return out


def kappa(rows: Sequence[Sequence[bool | None]]) -> dict[str, Any]:
    """Agreement beyond chance of two readers (Cohen 1960) or more (Fleiss 1971) on yes or no (sheets x readers).

    None where nobody ever said one of the two.
    """
    said = np.array(rows, bool)
    if not said.size:
        return {"n": 0, "observed": None, "kappa": None}
    sheets, readers = said.shape
    yes = said.sum(1)
    observed = float(np.mean((yes * (yes - 1) + (readers - yes) * (readers - yes - 1)) / (readers * (readers - 1))))
    if readers == 2:
        shares = said.mean(0)
        chance = float(shares.prod() + (1 - shares).prod())
    else:
        share = float(said.mean())
        chance = share**2 + (1 - share) ** 2
    return {"n": sheets, "observed": observed, "kappa": (observed - chance) / (1 - chance) if chance < 1 else None}


def _localisation(sheets: Sequence[Sheet], forms: Sequence[Form]) -> list[dict[str, Any]]:
    """Every sheet with an infarct: what the corpus names, and what each reader did."""
    out = []
    for sheet in sheets:
        if sheet.case.mi:
            told = {form.reader: _told(form.answers.get(sheet.number)) for form in forms}
            out.append({"sheet": sheet.number, "kind": sheet.kind, "walls": list(sheet.case.walls), "readers": told})
    return out


def _told(answer: Answer | None) -> list[str] | None:
    """Walls, none of which is "MI" without a wall; empty: no infarct; None: no answer."""
    if answer is None or answer.mi is None:
        return None
    return sorted(answer.walls) or ["MI"] if answer.mi else []


def _real(answer: Answer | None) -> bool | None:
    return None if answer is None else answer.real


def _mi(answer: Answer | None) -> bool | None:
    return None if answer is None else answer.mi
