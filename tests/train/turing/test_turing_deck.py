"""Who is on the sheets."""

from __future__ import annotations

import pytest

from edge.errors import UsageError
from train.turing.deck import RECONSTRUCTED, TRUE, Case, cases, deal, named


def hearts(count: int = 60) -> list[Case]:
    """A third with infarcts of two places; two records a patient."""
    walls = [("inferior",), ("anterior", "septal")]
    return [
        Case(k, f"r{k}", str(k // 2), k % 6 < 2, walls[k // 6 % 2] if k % 6 < 2 else (), k % 6 > 3)
        for k in range(count)
    ]


def test_both_kinds_have_as_many_sheets_and_the_same_infarcts():
    dealt = deal(hearts(), 8, 0.5, seed=1)
    assert [sheet.number for sheet in dealt] == list(range(1, 17))
    for kind in (TRUE, RECONSTRUCTED):
        of = [sheet.case for sheet in dealt if sheet.kind == kind]
        assert (len(of), sum(case.mi for case in of)) == (8, 4)
    infarcts = [sorted(s.case.walls for s in dealt if s.kind == kind and s.case.mi) for kind in (TRUE, RECONSTRUCTED)]
    assert infarcts[0] == infarcts[1]


def test_no_patient_is_on_two_sheets():
    subjects = [sheet.case.subject for sheet in deal(hearts(), 8, 0.25, seed=2)]
    assert len(set(subjects)) == len(subjects)


def test_the_order_tells_nothing_and_comes_from_the_seed():
    kinds = [tuple(sheet.kind for sheet in deal(hearts(), 8, 0.5, seed)) for seed in range(30)]
    assert len(set(kinds)) > 25
    first = sum(kind[0] == TRUE for kind in kinds)
    assert 6 < first < 24
    assert deal(hearts(), 8, 0.5, seed=3) == deal(hearts(), 8, 0.5, seed=3)


def test_too_few_patients_is_said_with_how_many_there_are():
    with pytest.raises(UsageError, match="30 pairs with an infarct are asked for, and the corpus has 4 pairs"):
        deal(hearts(), 30, 1.0, seed=0)


def test_walls_are_told_in_a_readers_words():
    assert named({"anterior", "septal"}) == "anteroseptal"
    assert named(["anterior", "inferior", "lateral"]) == "anterolateral + inferior"
    assert named({"septal"}) == "septal"
    assert named([]) == ""


def test_a_corpus_without_infarcts_or_labels_is_told_apart():
    with pytest.raises(UsageError, match="of no record is it known"):
        deal(cases([{"name": "a", "labels": []}]), 1, 0.0, seed=0)


def test_records_whose_infarct_is_in_doubt_are_on_no_sheet():
    table = [
        {"name": "a", "subject": "1", "scp_codes": {"ASMI": 100, "SR": 0}},
        {"name": "b", "subject": "2", "scp_codes": {"IMI": 15}},
        {"name": "c", "subject": "3", "scp_codes": {"NORM": 100}},
        {"name": "d", "subject": "4", "labels": ["AF"], "source": "code15"},
    ]
    found = cases(table)
    assert [case.name for case in found] == ["a", "c"]
    assert (found[0].mi, found[0].walls, found[0].normal) == (True, ("anterior", "septal"), False)
    assert (found[1].mi, found[1].walls, found[1].normal) == (False, (), True)
