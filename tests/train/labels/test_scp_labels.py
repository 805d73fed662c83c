"""PTB-XL's statements as conditions."""

from __future__ import annotations

from train import labels
from train.labels.scp import FORM, RHYTHM, STATEMENTS


def asked(row: dict, *names: str) -> dict[str, bool | None]:
    """The answers for one row; None where nothing is known."""
    there, known = labels.of([row], names)
    return {name: bool(there[0, k]) if known[0, k] else None for k, name in enumerate(names)}


def test_the_71_statements_are_all_known_and_none_is_in_two_superclasses():
    diagnostic = [code for codes in STATEMENTS.values() for code in codes]
    assert len(diagnostic) == len(set(diagnostic)) == 44
    assert len({*diagnostic, *FORM, *RHYTHM}) == 71


def test_a_superclass_counts_a_statement_whatever_its_likelihood():
    table = [{"scp_codes": "{'IMI': 15.0, 'SR': 0.0}"}, {"scp_codes": {"AFLT": 0.0, "CLBBB": 100.0}}, {"scp_codes": {}}]
    there, known = labels.of(table, ("MI", "CD", "AF", "CLBBB"))
    assert there.tolist() == [[True, False, False, False], [False, True, True, True], [False] * 4]
    assert known.all()


def test_an_unlikely_infarct_is_neither_there_nor_absent():
    assert asked({"scp_codes": {"IMI": 15.0}}, "mi", "mi_inferior", "MI INFERIOR", "mi_anterior") == {
        **{"mi": None, "mi_inferior": None, "MI INFERIOR": None},
        "mi_anterior": False,
    }
    assert asked({"scp_codes": {"IMI": 15.0, "ASMI": 100.0}}, "mi", "mi_septal") == {"mi": True, "mi_septal": True}


def test_fifty_is_likely_enough_and_zero_means_that_no_likelihood_was_told():
    for likelihood, answer in ((0, True), (35, None), (49.9, None), (50, True), (100, True)):
        assert asked({"scp_codes": {"LVH": likelihood}}, "lvh") == {"lvh": answer}


def test_an_inferolateral_infarct_is_inferior_and_lateral():
    found = asked({"scp_codes": {"ILMI": 80}}, *labels.TABLE_3)
    assert [name for name, there in found.items() if there] == ["MI INFERIOR", "MI LATERAL"]


def test_extra_beats_of_unnamed_origin_leave_both_kinds_open():
    assert asked({"scp_codes": {"BIGU": 0}}, "pvc", "PAC") == {"pvc": None, "PAC": None}
    assert asked({"scp_codes": {"BIGU": 0, "PVC": 0}}, "pvc", "PAC") == {"pvc": True, "PAC": None}


def test_an_infarct_is_acute_in_its_first_stages_and_open_where_the_stage_is_not_known():
    infarct = {"scp_codes": {"ASMI": 100}}
    assert asked(infarct, "stemi") == {"stemi": None}  # a corpus without stages
    for stages, answer in ((["Stadium I"], True), (["Stadium I-II", "Stadium III"], True), (["Stadium III"], False)):
        assert asked({**infarct, "infarction_stages": stages}, "stemi", "ACUTE MI") == {
            **{"stemi": answer, "ACUTE MI": answer}
        }
    assert asked({**infarct, "infarction_stages": ["unknown"]}, "stemi") == {"stemi": None}
    assert asked({"scp_codes": {"NORM": 100}, "infarction_stages": []}, "stemi") == {"stemi": False}
    assert asked({"scp_codes": {"ASMI": 15}, "infarction_stages": ["Stadium I"]}, "stemi") == {"stemi": None}


def test_the_axis_comes_from_its_own_column():
    names = ("LAXIS DEV", "RAXIS DEV")
    assert asked({"scp_codes": {}, "heart_axis": "ALAD"}, *names) == {"LAXIS DEV": True, "RAXIS DEV": False}
    assert asked({"scp_codes": {}, "heart_axis": None}, *names) == {"LAXIS DEV": None, "RAXIS DEV": None}


def test_what_ptbxl_has_no_statement_for_is_never_known():
    row = {"scp_codes": {"NORM": 100, "SR": 0}}
    assert set(asked(row, "vt", "pause", "VT", "QT SHORT", "EARLY REP", "2:1 AV COND").values()) == {None}
