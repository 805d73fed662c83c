"""Statements of MIMIC-IV-ECG's carts, as they write them, and the classes of the WearECG paper they speak of."""

from __future__ import annotations

import pytest

from train.data.mimic_labels import TABLE_2, TABLE_3, labels_of


def test_the_papers_tables_have_36_classes_and_6_regions():
    assert (len(TABLE_2), len(TABLE_3)) == (36, 6)


@pytest.mark.parametrize(
    ("statement", "classes"),
    [
        ("Sinus rhythm", ["SINUS RHYTHM"]),
        ("Sinus rhythm with PVC(s)", ["SINUS RHYTHM", "PVC"]),
        ("Sinus bradycardia with sinus arrhythmia", ["SINUS BRADY", "SINUS ARR"]),
        ("Sinus tachycardia with PAC(s)", ["SINUS TACHY", "PAC"]),
        ("Normal ECG", ["NORMAL"]),
        ("Summary: normal ECG", ["NORMAL"]),
        ("Abnormal ECG", []),
        ("Borderline ECG", []),
        ("Atrial fibrillation with rapid ventricular response", ["AFIB"]),
        ("Atrial flutter with 2:1 A-V conduction", ["AFLUTTER", "2:1 AV COND"]),
        ("Left axis deviation", ["LAXIS DEV"]),
        ("LAD, consider left anterior fascicular block", ["LAXIS DEV", "LAFB"]),
        ("RBBB with RAD - possible left posterior fascicular block", ["RBBB", "RAXIS DEV", "LPFB"]),
        ("Incomplete RBBB", []),
        ("Incomplete left bundle branch block", []),
        ("Left bundle branch block", ["LBBB"]),
        ("Probable left atrial enlargement", ["LAE"]),
        ("Possible biatrial enlargement", ["LAE", "RAE"]),
        ("Left ventricular hypertrophy by voltage only", ["LVH", "VOLT CRIT LVH"]),
        ("Possible right ventricular hypertrophy", ["RVH"]),
        ("RVH with secondary repolarization abnormality", ["REPOL ABN", "RVH"]),
        ("Prolonged QT interval", ["QT LONG"]),
        ("Short QT interval", ["QT SHORT"]),
        ("Short PR interval", ["SHORT PR"]),
        ("with 1st degree A-V block", ["1ST AVB"]),
        ("Borderline prolonged PR interval", ["1ST AVB"]),
        ("Supraventricular tachycardia", ["SVT"]),
        ("Ventricular tachycardia", ["VT"]),
        ("Early repolarization", ["EARLY REP"]),
        ("Ectopic atrial rhythm", ["ECTOPIC ATR"]),
        ("WPW pattern - probable midseptal accessory pathway", ["WPW"]),
        ("Multiple premature complexes, vent & supraven", ["PVC", "PSVC", "SVC"]),
        ("Inferior infarct - age undetermined", ["MI INFERIOR"]),
        ("Anteroseptal infarct - possibly acute", ["ACUTE MI/STEMI", "ACUTE", "ACUTE MI", "MI ANTEROSEPTAL"]),
        ("Inferior/lateral ST elevation, CONSIDER ACUTE INFARCT", None),
        ("*** Acute MI ***", ["ACUTE MI/STEMI", "ACUTE", "ACUTE MI"]),
        ("Poor R wave progression - cannot rule out septal infarct", []),
        ("Septal T wave abnormality is nonspecific", []),
        ("Pacemaker rhythm - no further analysis", []),
    ],
)
def test_a_statement_speaks_of_its_classes_and_no_others(statement: str, classes: list[str] | None):
    if classes is None:
        classes = ["ACUTE MI/STEMI", "ACUTE", "ACUTE MI", "MI INFERIOR", "MI LATERAL"]
    assert labels_of([statement]) == classes


def test_the_statements_of_a_report_are_joined_in_the_tables_order():
    report = ["Left axis deviation.", "SINUS RHYTHM", "Lateral infarct, age indeterminate", "Sinus rhythm"]
    assert labels_of(report) == ["SINUS RHYTHM", "LAXIS DEV", "MI LATERAL"]
