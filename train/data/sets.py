"""The data sets that can be prepared, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from train.data import challenge, cinc2011, code15, cpsc2018, folder, ludb, mimic, ptbxl
from train.data.record import Source


@dataclass(frozen=True, slots=True)
class DataSet:
    """How a set is read, and what its users owe its publisher."""

    read: Callable[[Path], Source]
    title: str
    licence: str
    seconds: float = 10.0  # length of its pieces


CC_BY, ODC_BY, ODBL = "CC BY 4.0", "ODC-By 1.0", "ODbL 1.0"

SETS = {
    "ptbxl": DataSet(ptbxl.read, "PTB-XL 1.0.3 (Wagner et al. 2020), 500 Hz", CC_BY),
    "ptbxl-100hz": DataSet(ptbxl.read_100hz, "PTB-XL 1.0.3 (Wagner et al. 2020), 100 Hz", CC_BY),
    "mimic-iv-ecg": DataSet(mimic.read, "MIMIC-IV-ECG 1.0 (Gow et al. 2023)", ODBL),
    "cpsc2018": DataSet(cpsc2018.read, "CPSC2018 (Liu et al. 2018)", "free for research"),
    "challenge": DataSet(challenge.read, "PhysioNet/CinC Challenges 2020 and 2021", CC_BY),
    "code15": DataSet(code15.read, "CODE-15 % (Ribeiro et al. 2021)", CC_BY, seconds=7.0),
    "code-test": DataSet(code15.read_test, "CODE-test (Ribeiro et al. 2020)", CC_BY, seconds=7.0),
    "ludb": DataSet(ludb.read, "LUDB 1.0.1 (Kalyakulina et al. 2020)", ODC_BY),
    "cinc2011": DataSet(cinc2011.read, "PhysioNet/CinC Challenge 2011, acceptable records of set-a", ODC_BY),
    "wfdb": DataSet(folder.read_wfdb, "a folder of WFDB records", "unknown"),
    "edf": DataSet(folder.read_edf, "a folder of EDF files", "unknown"),
}
