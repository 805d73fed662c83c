"""Labels of several sets in one set of conditions."""

from __future__ import annotations

import numpy as np

from edge.rhythm import scores
from train import labels
from train.data.mimic_labels import TABLE_2, TABLE_3
from train.labels import snomed
from train.labels.names import ALIASES


def asked(row: dict, *names: str) -> dict[str, bool | None]:
    """The answers for one row; None where nothing is known."""
    there, known = labels.of([row], names)
    return {name: bool(there[0, k]) if known[0, k] else None for k, name in enumerate(names)}


def test_the_conditions_are_the_products_scores_and_the_superclasses():
    assert (*scores.CONDITIONS, "NORM", "MI", "STTC", "CD", "HYP") == labels.CONDITIONS


def test_every_vocabulary_speaks_of_known_names_only():
    known = {*labels.CONDITIONS, *TABLE_2, *TABLE_3, "STD", "STE"}
    for name, vocabulary in labels.VOCABULARIES.items():
        assert set(vocabulary.classes) <= known, name
        assert set(vocabulary.leaves_open) <= set(vocabulary.classes), name


def test_code_says_its_six_and_nothing_of_infarcts():
    row = {"source": "code15", "labels": ["1dAVb", "AF"]}
    assert asked(row, "avb1", "af", "rbbb", "lbbb", "brady", "tachy") == {
        **{"avb1": True, "af": True},
        **dict.fromkeys(("rbbb", "lbbb", "brady", "tachy"), False),
    }
    assert set(asked(row, "mi", "lvh", "pvc", "normal", "CD").values()) == {None}
    assert asked(row, "1dAVb", "RBBB", "LBBB", "SB", "AF", "ST")["1dAVb"] is True


def test_a_record_of_cpsc2018_without_a_class_answers_nothing():
    names = ("normal", "af", "rbbb", "pvc", "mi", "tachy")
    assert asked({"source": "cpsc2018", "labels": ["RBBB"]}, *names) == {
        **{"normal": False, "af": False, "rbbb": True, "pvc": False, "mi": None, "tachy": None}
    }
    assert set(asked({"source": "cpsc2018", "labels": []}, *names).values()) == {None}


def test_what_a_missing_snomed_code_means_depends_on_whose_record_it_is():
    row = {"source": "challenge", "labels": ["59118001"]}
    assert asked(row | {"origin": "CPSC2018"}, "rbbb", "mi", "tachy") == {"rbbb": True, "mi": None, "tachy": None}
    assert asked(row | {"origin": "Georgia"}, "rbbb", "mi", "tachy") == {"rbbb": True, "mi": None, "tachy": False}
    assert asked(row | {"origin": "CPSC2018-Extra"}, "rbbb", "mi", "tachy") == {
        **{"rbbb": True, "mi": False, "tachy": False}
    }
    assert asked(row, "rbbb") == {"rbbb": None}  # of no named origin


def test_the_pairs_that_the_challenges_score_as_one_are_one():
    for one, other in snomed.EQUIVALENT.items():
        both = [{"source": "challenge", "origin": "Georgia", "labels": [code]} for code in (one, other)]
        there, known = labels.of(both, labels.CONDITIONS)
        assert np.array_equal(there[0], there[1])
        assert np.array_equal(known[0], known[1])
    assert asked({"source": "challenge", "origin": "Georgia", "labels": ["713427006"]}, "rbbb") == {"rbbb": True}


def test_a_block_of_no_named_bundle_leaves_both_open():
    row = {"source": "challenge", "origin": "Georgia", "labels": ["6374002"]}
    assert asked(row, "lbbb", "rbbb", "avb1") == {"lbbb": None, "rbbb": None, "avb1": False}


def test_mimics_labels_are_the_papers_own_and_the_conditions_follow():
    row = {"source": "mimic-iv-ecg", "labels": ["AFIB", "ACUTE MI/STEMI", "ACUTE", "ACUTE MI", "MI INFERIOR"]}
    found = asked(row, "AFIB", "af", "stemi", "mi", "mi_inferior", "mi_anterior", "vt", "MI INFERIOR")
    assert found == dict.fromkeys(found, True) | {"mi_anterior": False, "vt": False}
    assert asked({**row, "labels": ["VOLT CRIT LVH"]}, "lvh", "normal") == {"lvh": None, "normal": False}


def test_ludbs_scars_and_stemis_are_infarcts_by_wall():
    told = ["Rhythm: Sinus rhythm.", "STEMI: anterior wall.", "STEMI: septal.", "Left ventricular hypertrophy."]
    row = {"source": "ludb", "labels": ["Sinus rhythm"], "diagnoses": told}
    found = asked(row, "mi", "stemi", "mi_anteroseptal", "mi_septal", "lvh", "mi_lateral", "af", "ischemia")
    assert found == dict.fromkeys(found, True) | {"mi_lateral": False, "af": False, "ischemia": False}
    row["diagnoses"] = ["Undefined ischemia/scar/supp.NSTEMI: lateral wall."]
    assert asked(row, "mi", "mi_lateral", "ischemia", "stemi") == {
        **{"mi": None, "mi_lateral": None, "ischemia": None, "stemi": False}
    }


def test_of_ludb_prepared_without_its_diagnoses_the_rhythm_alone_is_known():
    row = {"source": "ludb", "labels": ["Atrial fibrillation"]}
    assert asked(row, "af", "brady", "mi", "lvh") == {"af": True, "brady": False, "mi": None, "lvh": None}


def test_a_set_without_labels_answers_nothing():
    there, known = labels.of([{"name": "x"}, {"source": "edf", "labels": []}], labels.CONDITIONS)
    assert not there.any()
    assert not known.any()


def test_sets_can_be_mixed_in_one_table():
    table = [{"scp_codes": {"AFIB": 0}}, {"source": "code15", "labels": []}, {"source": "wfdb", "labels": []}]
    there, known = labels.of(table, ("af", "mi"))
    assert there.tolist() == [[True, False], [False, False], [False, False]]
    assert known.tolist() == [[True, True], [True, False], [False, False]]


def test_an_alias_names_a_condition_and_hides_no_statement():
    assert set(ALIASES.values()) <= set(labels.CONDITIONS)
    assert not set(ALIASES) & set(labels.VOCABULARIES["ptbxl"].statements)
