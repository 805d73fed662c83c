"""LUDB's diagnoses (Kalyakulina et al. 2020), as the comments of its headers have them.

A corpus prepared without them has the rhythm alone, which answers for rhythms and for nothing else. An infarct is a
scar or a STEMI, by wall; "ischemia/scar/supp.NSTEMI" is either, and leaves both open. A septal and an anterior
infarct of one record are anteroseptal, a lateral and an anterior one anterolateral.
"""

from __future__ import annotations

from train.labels.vocabulary import NONE, Row, Said, Vocabulary, Words

_RHYTHMS = frozenset({"af", "brady", "tachy", "AFIB", "AFLUTTER", "SINUS RHYTHM", "SINUS BRADY", "SINUS TACHY"})
_WALLS = {"anterior wall": "anterior", "lateral wall": "lateral", "inferior wall": "inferior", "septal": "septal"}
_INFARCTS, _ISCHEMIA = ("scar formation", "stemi"), "ischemia"
_BOTH = {"anterolateral": {"anterior", "lateral"}, "anteroseptal": {"anterior", "septal"}}
_OPEN = "undefined ischemia/scar/supp.nstemi"


def read(row: Row) -> Said:
    """Each diagnosis in lower case, and `mi`, `mi WALL`, `ischemia`, `stemi` for what its parts mean."""
    told = row.get("diagnoses") or [f"rhythm: {label}" for label in row.get("labels") or ()]
    lines = [line.lower().strip(" .") for line in told]
    sure, unsure = set(lines), set()
    for line in lines:
        kind, _, wall = line.partition(": ")
        region = _WALLS.get(wall)
        if kind in _INFARCTS:
            sure |= {"mi", kind} | ({f"mi {region}"} if region else set())
        elif kind == _ISCHEMIA:
            sure.add(_ISCHEMIA)
        elif kind == _OPEN:
            unsure |= {"mi", _ISCHEMIA} | ({f"mi {region}"} if region else set())
        elif kind.startswith("ventricular extrasystole"):
            sure.add("pvc")
    for name, walls in _BOTH.items():
        found = {f"mi {wall}" for wall in walls}
        if found <= sure:
            sure.add(f"mi {name}")
        elif found <= sure | unsure:
            unsure.add(f"mi {name}")
    return Said(frozenset(sure), frozenset(unsure))


def _unheard(row: Row) -> Words:
    return NONE if row.get("diagnoses") is not None else frozenset(LUDB.classes) - _RHYTHMS


def _is(*lines: str) -> Words:
    return frozenset(lines)


_AF, _FLUTTER = "rhythm: atrial fibrillation", "rhythm: atrial flutter, typical"
LUDB = Vocabulary(
    read,
    classes={
        "af": _is(_AF, _FLUTTER),
        "brady": _is("rhythm: sinus bradycardia"),
        "tachy": _is("rhythm: sinus tachycardia"),
        "mi": _is("mi"),
        "stemi": _is("stemi"),
        "ischemia": _is("ischemia"),
        **{f"mi_{wall}": _is(f"mi {wall}") for wall in (*_WALLS.values(), *_BOTH)},
        "pvc": _is("pvc"),
        "lbbb": _is("complete left bundle branch block"),
        "rbbb": _is("complete right bundle branch block"),
        "avb1": _is("i degree av block"),
        "lvh": _is("left ventricular hypertrophy"),
        "SINUS RHYTHM": _is("rhythm: sinus rhythm"),
        "SINUS BRADY": _is("rhythm: sinus bradycardia"),
        "SINUS TACHY": _is("rhythm: sinus tachycardia"),
        "AFIB": _is(_AF),
        "AFLUTTER": _is(_FLUTTER),
        "LAFB": _is("left anterior hemiblock"),
        "LAXIS DEV": _is("electric axis of the heart: left axis deviation"),
        "RAXIS DEV": _is("electric axis of the heart: right axis deviation"),
        "LBBB": _is("complete left bundle branch block"),
        "RBBB": _is("complete right bundle branch block"),
        "1ST AVB": _is("i degree av block"),
        "LVH": _is("left ventricular hypertrophy"),
        "RVH": _is("right ventricular hypertrophy"),
        "PVC": _is("pvc"),
        "EARLY REP": _is("early repolarization syndrome"),
        **{f"MI {wall.upper()}": _is(f"mi {wall}") for wall in (*_WALLS.values(), *_BOTH)},
    },
    leaves_open={"lvh": _is("left ventricular overload"), "LVH": _is("left ventricular overload")},
    cannot_say=_unheard,
)
