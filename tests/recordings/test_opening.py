"""Names of leads, what is found under a path, and what an import costs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.errors import EdgeError, InputError, Reason, UsageError
from edge.recordings import Recording, open_recording

ROOT = Path(__file__).parents[2]


def named(folder: Path, *names: str, channels: list[str] | None = None) -> Recording:
    """A file with these channels; the k-th holds k everywhere."""
    row = ",".join(str(k) for k in range(len(names)))
    (folder / "r.csv").write_text("# rate: 500\n" + ",".join(names) + f"\n{row}\n{row}\n")
    return open_recording(folder / "r.csv", channels=channels)


def test_standard_leads_get_their_standard_names_and_others_keep_theirs(tmp_path):
    assert named(tmp_path, "mlii", "avr", "v1", "vx", "ECG lead").leads == ("II", "aVR", "V1", "vx", "ECG lead")


def test_every_name_is_there_once(tmp_path):
    assert named(tmp_path, "II", "MLII", "ECG", "ECG", "ECG").leads == ("II", "MLII", "ECG", "ECG_2", "ECG_3")


def test_channels_select_leads_by_name_in_the_order_asked_for(tmp_path):
    recording = named(tmp_path, "I", "MLII", "avf", "V1", channels=["v1", "AVF", "ii"])
    assert recording.leads == ("V1", "aVF", "II")
    assert recording.mv[0].tolist() == [3, 2, 1]


def test_channels_rename_what_is_no_lead_in_order(tmp_path):
    recording = named(tmp_path, "ECG", "ch2", "ch3", channels=["MLII", "v5"])
    assert recording.leads == ("II", "V5")
    assert recording.mv[0].tolist() == [0, 1]


def test_channels_find_what_is_no_lead_by_its_own_name(tmp_path):
    assert named(tmp_path, "II", "vx", "vy", channels=["VY"]).mv[0].tolist() == [2]


@pytest.mark.parametrize(
    ("names", "channels", "says"),
    [
        (("I", "II"), ["II", "V1", "V2"], "has no lead V1, V2: choose among I (mV), II (mV)"),
        (("ECG", "ECG"), ["II", "V1", "V2"], "has 2 ECG channels"),
    ],
)
def test_leads_that_the_file_does_not_have_are_told(tmp_path, names, channels, says):
    with pytest.raises(InputError) as caught:
        named(tmp_path, *names, channels=channels)
    assert says in str(caught.value)
    assert caught.value.reason is Reason.NO_LEADS


@pytest.mark.parametrize("channels", [[], ["II", "ii"], ["II", "MLII"]])
def test_channels_that_contradict_themselves_are_a_usage_error(tmp_path, channels):
    with pytest.raises(UsageError, match="name each lead once"):
        named(tmp_path, "II", "V1", channels=channels)


def test_a_path_where_nothing_is_names_both_that_were_tried(tmp_path):
    with pytest.raises(InputError, match=r"neither .*100 nor 100\.hea") as caught:
        open_recording(tmp_path / "100")
    assert caught.value.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("r.csv", b"", "is empty"),
        ("r.bin", bytes(range(200)), "none of WFDB, EDF, DICOM or CSV"),
        ("r.png", b"\x89PNG\r\n\x1a\n" + b"\xff" * 200, "none of WFDB, EDF, DICOM or CSV"),
        ("r.dat", b"\x01\x02" * 100, "put r.hea beside it"),
        ("r.mat", b"MATLAB 5.0 MAT-file" + b" " * 100, "put r.hea beside it"),
        ("r.dcm", b"0" * 200, "is no DICOM file"),
        ("r.hea", b"\xff" * 200, "no WFDB header"),
    ],
)
def test_what_is_no_recording_is_told(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_recording(tmp_path / name)
    assert says in str(caught.value)
    assert caught.value.reason is Reason.MALFORMED


def test_a_folder_or_a_pipe_is_no_recording(tmp_path):
    for path in (tmp_path, ""):
        with pytest.raises(InputError, match="is a folder"):
            open_recording(path)
    os.mkfifo(tmp_path / "pipe.edf")
    with pytest.raises(InputError, match="a device or a pipe"):
        open_recording(tmp_path / "pipe.edf")


def test_random_bytes_under_any_name_never_end_in_anything_but_a_clear_error(tmp_path):
    rng = np.random.default_rng(17)
    starts = (b"", b"0       ", b"\xffBIOSEMI", b"\0" * 128 + b"DICM", b"r 1 250 100\nr.dat 16 200\n", b"time,II\n")
    messages = []
    for k in range(120):
        path = tmp_path / f"r.{('edf', 'bdf', 'dcm', 'hea', 'csv', 'txt', 'dat')[k % 7]}"
        path.write_bytes(starts[k % len(starts)] + rng.bytes(int(rng.integers(0, 600))))
        try:
            open_recording(path)
        except EdgeError as error:
            messages.append(str(error))
    assert len(messages) > 100
    assert all("r." in message for message in messages)


def test_importing_it_loads_no_reader_of_any_format():
    code = (
        "import sys, edge.recordings\n"
        "heavy = {'scipy', 'pandas', 'wfdb', 'edfio', 'pydicom', 'torch', 'matplotlib', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
