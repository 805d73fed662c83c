"""The SNOMED CT codes of the PhysioNet/CinC Challenges 2020 and 2021 (Perez Alday et al. 2020, Reyna et al. 2021).

Codes and counts from the challenges' `dx_mapping_scored.csv` and `dx_mapping_unscored.csv`. The four pairs that they
score as one diagnosis are one here. The sets were read by different people for different ends, so what a missing code
means depends on the set: `SAYS` holds the conditions that the counts show a set's readers to have looked for. The
records of PTB-XL are better read from PTB-XL itself, whose statements tell more.
"""

from __future__ import annotations

from collections.abc import Mapping

from train.labels.vocabulary import Row, Said, Vocabulary, Words, words

EQUIVALENT: Mapping[str, str] = {  # scored as one by the challenges
    "733534002": "164909002",  # complete left bundle branch block, left bundle branch block
    "713427006": "59118001",  # complete right bundle branch block, right bundle branch block
    "63593006": "284470004",  # supraventricular premature beats, premature atrial contraction
    "17338001": "427172004",  # ventricular premature beats, premature ventricular contractions
}
SINUS_RHYTHM = "426783006"
_FIBRILLATION = words("164889003 426749004 282825002 314208002")  # any, chronic, paroxysmal, rapid
_FLUTTER, _EITHER = words("164890007"), words("195080001")
_INFARCT = words("164865005 57054005 164867002 54329005")  # any, acute, old, anterior
_VT = words("164895002 425856008")  # any, paroxysmal
_TACHY = words("427084000 426761007 713422000 67198005 426648003 251166008 233897008")  # sinus, SV, atrial, …
_BLOCK, _AV_BLOCK = words("6374002"), words("233917008")  # of no named bundle, of no named degree
_PVC = words("427172004 164884008 11157007 251180001 251182009")  # ectopics, bigeminy, trigeminy, pairs

SAYS: Mapping[str, Words] = {  # by origin, as `train.data.challenge` names it
    "CPSC2018": words("af normal avb1 lbbb rbbb pvc"),  # nine classes
    "CPSC2018-Extra": words("af mi ischemia pvc brady tachy lbbb rbbb avb1 lvh"),
    "INCART": words("af mi vt pvc brady tachy lvh"),
    "PTB": words("af mi vt"),
    "PTB-XL": words("af mi mi_anterior ischemia pvc brady tachy lbbb rbbb avb1 lvh"),
    "Georgia": words("af ischemia pvc brady tachy lbbb rbbb avb1 lvh"),  # 7 infarcts among 10,344: not looked for
    "Chapman-Shaoxing and Ningbo": words("af vt pvc brady tachy lbbb rbbb avb1 lvh"),  # infarcts: 0.5 %
}
_CONDITIONS: Mapping[str, Words] = {
    "af": _FIBRILLATION | _FLUTTER | _EITHER,
    "mi": _INFARCT,
    "mi_anterior": words("54329005"),
    "ischemia": words("164861001 425419005 425623009 426434006 413844008 413444003"),
    "vt": _VT,
    "pvc": _PVC,
    "brady": words("426177001 426627000"),
    "tachy": _TACHY | _VT,
    "lbbb": words("164909002"),
    "rbbb": words("59118001"),
    "avb1": words("270492004 164947007"),  # first degree, prolonged PR
    "lvh": words("164873001"),
    "normal": frozenset({SINUS_RHYTHM}),  # CPSC2018's class "Normal" became this code
}


def read(row: Row) -> Said:
    """The codes of `labels`, of every pair the one."""
    return Said(frozenset(EQUIVALENT.get(code, code) for code in row.get("labels") or ()))


def _unsaid(row: Row) -> Words:
    return frozenset(_CONDITIONS) - SAYS.get(row.get("origin", ""), frozenset())


SNOMED = Vocabulary(
    read,
    classes=_CONDITIONS,
    leaves_open={
        "lbbb": _BLOCK,
        "rbbb": _BLOCK,
        "avb1": _AV_BLOCK,
        "lvh": words("55827005 266249003"),  # its voltage alone; a ventricle without a name
    },
    cannot_say=_unsaid,
)
