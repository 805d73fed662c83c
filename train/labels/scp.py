"""What PTB-XL's SCP-ECG statements mean: superclasses, the product's conditions, Tables 2 and 3 of the WearECG paper.

From `scp_statements.csv` of PTB-XL 1.0.3 (Wagner et al. 2020, CC BY 4.0). Its readers give a statement a likelihood
from 0 to 100, and 0 where none was told. A statement of at least `LIKELY`, or of 0, is a yes. One that is less likely
(a third of the inferior infarcts) is neither yes nor no, and its conditions are open in that record. The superclasses
alone count a statement whatever its likelihood, as PTB-XL's authors do (Strodthoff et al. 2021).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from train.labels.names import REGIONS, SUPERCLASSES
from train.labels.vocabulary import Row, Said, Vocabulary, Words, words

LIKELY = 50.0  # the least likelihood of a yes; the readers' next lower grade is 35
STATEMENTS: Mapping[str, tuple[str, ...]] = {  # of a superclass
    "NORM": ("NORM",),
    "MI": (
        *("AMI", "ASMI", "ALMI", "IMI", "ILMI", "IPMI", "IPLMI", "LMI", "PMI"),
        *("INJAS", "INJAL", "INJIN", "INJIL", "INJLA"),
    ),
    "STTC": (
        *("NDT", "NST_", "DIG", "LNGQT", "ANEUR", "EL"),
        *("ISC_", "ISCAL", "ISCIN", "ISCIL", "ISCAS", "ISCLA", "ISCAN"),
    ),
    "CD": ("LAFB", "LPFB", "IRBBB", "CRBBB", "ILBBB", "CLBBB", "IVCD", "WPW", "1AVB", "2AVB", "3AVB"),
    "HYP": ("LVH", "RVH", "SEHYP", "LAO/LAE", "RAO/RAE"),
}
FORM = words("ABQRS PVC STD_ VCLVH QWAVE LOWT NT_ PAC LPR INVT LVOLT HVOLT TAB_ STE_ PRC(S)")
RHYTHM = words("SR AFIB STACH SARRH SBRAD PACE SVARR BIGU AFLT SVTAC PSVT TRIGU")

# Not SCP's: read from the table's columns `infarction_stadium1` and `2` and `heart_axis`.
ACUTE = "acute infarct"  # an infarct in stage I or I-II (Wagner et al. 2020, Table 11)
LEFT_AXIS, RIGHT_AXIS = "left axis", "right axis"
_ACUTE_STAGES, _LATER_STAGES = ("Stadium I", "Stadium I-II"), ("Stadium II", "Stadium II-III", "Stadium III")
_AXES = {"LAD": LEFT_AXIS, "ALAD": LEFT_AXIS, "RAD": RIGHT_AXIS, "ARAD": RIGHT_AXIS}

INFARCTS = frozenset(code for code in STATEMENTS["MI"] if code.endswith("MI"))
_INJURIES = frozenset(STATEMENTS["MI"]) - INFARCTS
_ISCHEMIA = frozenset(code for code in STATEMENTS["STTC"] if code.startswith("ISC"))
_FLUTTER, _EXTRA = words("AFLT"), words("PRC(S) BIGU TRIGU")  # extra beats of unnamed origin
_REGIONS: Mapping[str, Words] = {
    "mi_anterior": words("AMI"),
    "mi_anterolateral": words("ALMI"),
    "mi_anteroseptal": words("ASMI"),
    "mi_inferior": words("IMI ILMI IPMI IPLMI"),
    "mi_lateral": words("LMI ILMI IPLMI"),
    "mi_septal": words("ASMI"),  # no statement is for the septum alone: with or without the anterior wall
}
_CONDITIONS: Mapping[str, Words] = {
    "af": words("AFIB") | _FLUTTER,
    "mi": INFARCTS,  # of any age
    "stemi": frozenset({ACUTE}),
    "ischemia": _ISCHEMIA | _INJURIES,
    "pvc": words("PVC"),
    "brady": words("SBRAD"),
    "tachy": words("STACH SVTAC PSVT"),
    "lbbb": words("CLBBB"),
    "rbbb": words("CRBBB"),
    "avb1": words("1AVB LPR"),
    "lvh": words("LVH"),
    "normal": words("NORM"),
    **_REGIONS,
}
_TABLE_2: Mapping[str, Words] = {  # what is not here PTB-XL has no statement for
    "NORMAL": words("NORM"),
    "SINUS RHYTHM": words("SR"),
    "SINUS BRADY": words("SBRAD"),
    "AFIB": words("AFIB"),
    "SINUS TACHY": words("STACH"),
    "LAXIS DEV": frozenset({LEFT_AXIS}),
    "PVC": words("PVC"),
    "RBBB": words("CRBBB"),
    "LAE": words("LAO/LAE"),
    "PAC": words("PAC"),
    "PSVC": words("PAC"),  # the only premature supraventricular beat it names
    "LBBB": words("CLBBB"),
    "LVH": words("LVH"),
    "QT LONG": words("LNGQT"),
    "AFLUTTER": _FLUTTER,
    "SINUS ARR": words("SARRH"),
    "LAFB": words("LAFB"),
    "RAXIS DEV": frozenset({RIGHT_AXIS}),
    "RAE": words("RAO/RAE"),
    "VOLT CRIT LVH": words("VCLVH"),
    "LPFB": words("LPFB"),
    "1ST AVB": words("1AVB LPR"),
    "RVH": words("RVH"),
    "ACUTE MI/STEMI": frozenset({ACUTE}),
    "SVT": words("SVTAC PSVT"),
    "WPW": words("WPW"),
    "ACUTE": frozenset({ACUTE}),
    "ACUTE MI": frozenset({ACUTE}),
    "SVC": words("PAC"),
}


def read(row: Row) -> Said:
    """The statements of a row of PTB-XL, `scp_codes` as a mapping or as its table writes one."""
    entry = row.get("scp_codes") or {}
    codes: Mapping[str, float] = ast.literal_eval(entry) if isinstance(entry, str) else entry
    sure = frozenset(code for code, likelihood in codes.items() if likelihood == 0 or likelihood >= LIKELY)
    unsure = frozenset(codes) - sure
    for more in (_stage(row, sure, unsure), _axis(row)):
        sure, unsure = sure | more.sure, unsure | more.unsure
    return Said(sure, unsure)


def _stage(row: Row, sure: Words, unsure: Words) -> Said:
    stages = row.get("infarction_stages")
    if stages is None:  # a corpus prepared without this column
        return Said(frozenset(), frozenset({ACUTE}))
    if any(stage in _ACUTE_STAGES for stage in stages):
        return Said(frozenset({ACUTE})) if sure & INFARCTS else Said(frozenset(), frozenset({ACUTE}))
    of_unknown_age = bool((sure | unsure) & INFARCTS) and not any(stage in _LATER_STAGES for stage in stages)
    return Said(frozenset(), frozenset({ACUTE}) if of_unknown_age else frozenset())


def _axis(row: Row) -> Said:
    axis = row.get("heart_axis")
    if not axis:  # not measured, or a corpus prepared without this column
        return Said(frozenset(), frozenset({LEFT_AXIS, RIGHT_AXIS}))
    return Said(frozenset({_AXES[axis]}) if axis in _AXES else frozenset())


SCP = Vocabulary(
    read,
    classes={name: frozenset(codes) for name, codes in STATEMENTS.items()}
    | _CONDITIONS
    | _TABLE_2
    | {region: _REGIONS[condition] for region, condition in REGIONS.items()},
    leaves_open={
        "mi": _INJURIES,  # subendocardial injury, which PTB-XL files under infarction
        "af": words("SVARR"),  # a supraventricular arrhythmia without a name
        "AFIB": words("SVARR"),
        "lvh": words("VCLVH"),  # its voltage alone
        **dict.fromkeys(("pvc", "PVC", "PAC", "PSVC", "SVC"), _EXTRA),
    },
    however_unsure=frozenset(SUPERCLASSES),
    statements=frozenset(code for codes in STATEMENTS.values() for code in codes) | FORM | RHYTHM,
)
