"""The classes of the WearECG paper's Tables 2 and 3, found in the statements of an ECG cart's report.

The paper names its classes and not its rules; these are ours, and figures by class can differ from its own. A statement
counts however sure the cart is ("probable", "possible", "consider", "borderline"), except where it only says that
something cannot be ruled out. Statements are matched one by one, without case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CLASSES: dict[str, str] = {  # class: what a statement must contain
    "NORMAL": r"\bnormal ecg\b",
    "SINUS RHYTHM": r"\bsinus rhythm\b",
    "SINUS BRADY": r"\bsinus brady",
    "AFIB": r"\batrial fib|\bafib|\ba-?fib",
    "SINUS TACHY": r"\bsinus tachy",
    "LAXIS DEV": r"\bleft axis dev|\bleftward axis|\baxis leftward|\blad\b(?! occlusion)",
    "PVC": r"\bpvc|\bventricular premature|\bpremature ventricular|\bventricular (bigemin|couplet|extrasys)"
    r"|\bpremature complexes, vent",
    "RBBB": r"(?<!incomplete )\b(rbbb|right bundle[ -]branch block)",
    "LAE": r"\blae\b|\bleft atrial (enlargement|abnormality|abn)|\bbiatrial|\bp mitrale",
    "PAC": r"\bpacs?\b|\bpac\(s\)|\batrial premature|\bpremature atrial|\bsupraventricular extrasys",
    "PSVC": r"\bpremature supraventricular|\bsupraventricular (premature|extrasys)|& supraven",
    "LBBB": r"(?<!incomplete )\b(lbbb|left bundle[ -]branch block)",
    "LVH": r"\blvh\b|\bleft ventricular hypertrophy|\bbiventricular hypertrophy",
    "QT SHORT": r"\bshort qtc?\b",
    "QT LONG": r"\b(long|prolonged|borderline prolonged) qtc?\b|\bqtc? (interval )?(is )?prolong",
    "AFLUTTER": r"\batrial flut|\ba-?flutter|\bafib/flut",
    "SINUS ARR": r"\bsinus arrhythmia",
    "LAFB": r"\blafb|\bleft anterior fascicular block|\bleft anterior hemiblock",
    "RAXIS DEV": r"\bright axis dev|\brightward axis|\baxis rightward|\brad\b",
    "ECTOPIC ATR": r"\bectopic atrial",
    "SHORT PR": r"\bshort pr\b",
    "REPOL ABN": r"\brepol(arization)?\.? abn",
    "RAE": r"\brae\b|\bright atrial (enlargement|abnormality|abn)|\bbiatrial|\bp pulmonale",
    "VOLT CRIT LVH": r"\bvoltage criteria (for|suggest) (left|lvh)|\blvh by voltage|\bhypertrophy by voltage"
    r"|\bvoltage (criteria )?for lvh",
    "LPFB": r"\blpfb|\bleft posterior fascicular block|\bleft posterior hemiblock",
    "1ST AVB": r"\b(1st|first)[ -]degree a-?v\b|\b(borderline )?prolonged pr\b",
    "RVH": r"\brvh\b|\bright ventricular hypertrophy|\bbiventricular hypertrophy",
    "ACUTE MI/STEMI": r"\bstemi\b|\bacute mi\b|\bacute infarct|\binfarct[^a-z]+(possibly )?acute|\binfarct.*\bacute\b",
    "SVT": r"\bsupraventricular tachy|\bsvt\b",
    "VT": r"(?<!supra)\bventricular tachy|\bv-?tach|\bvt\b",
    "EARLY REP": r"\bearly repol",
    "WPW": r"\bwpw\b|\bwolff|\bpre-?excitation",
    "ACUTE": r"\bacute\b|\bstemi\b",
    "ACUTE MI": r"\bacute mi\b|\bacute infarct|\binfarct[^a-z]+(possibly )?acute|\binfarct.*\bacute\b"
    r"|\bacute myocardial infarct",
    "SVC": r"\bsupraventricular (complex|premature|extrasys)|\bpremature supraventricular|& supraven",
    "2:1 AV COND": r"\b2:1 a-?v\b",
}
_INFARCT = r"\binfarct|\bmi\b"
_REGIONS: dict[str, str] = {  # Table 3; "inferior/lateral" is both
    "MI ANTERIOR": r"\banterior\b",
    "MI ANTEROLATERAL": r"\banterolateral\b",
    "MI ANTEROSEPTAL": r"\banteroseptal\b",
    "MI INFERIOR": r"\binferior\b",
    "MI LATERAL": r"\blateral\b",
    "MI SEPTAL": r"\bseptal\b",
}
_DENIED = r"cannot (be )?(rule|exclude)|\bno (evidence|acute)\b"

TABLE_2 = tuple(_CLASSES)
TABLE_3 = tuple(_REGIONS)
_RULES = {name: re.compile(rule) for name, rule in (_CLASSES | _REGIONS).items()}
_INFARCTION, _EXCLUDED = re.compile(_INFARCT), re.compile(_DENIED)


def labels_of(statements: Iterable[str]) -> list[str]:
    """The classes that the statements of one report speak of, in the order of the tables."""
    found = set()
    for statement in statements:
        text = " ".join(statement.lower().replace("*", " ").split()).strip(" .-")
        if _EXCLUDED.search(text):
            continue
        found |= {name for name in TABLE_2 if _RULES[name].search(text)}
        if _INFARCTION.search(text):
            found |= {name for name in TABLE_3 if _RULES[name].search(text)}
    return [name for name in (*TABLE_2, *TABLE_3) if name in found]
