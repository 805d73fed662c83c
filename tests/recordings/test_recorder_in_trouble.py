"""Power cuts and full disks: what was flushed opens."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import wfdb

from edge.errors import OutputError, Reason
from edge.recordings import open_recording, storage
from edge.recordings.annotations import AnnotationWriter, read_annotations
from edge.recordings.writer import WfdbWriter

ROOT = Path(__file__).parents[2]
RATE, LEADS, BLOCK = 500, ("I", "II", "V5"), 50

WRITES_UNTIL_KILLED = f"""
import sys
import numpy as np
from pathlib import Path
from edge.recordings.annotations import AnnotationWriter
from edge.recordings.writer import WfdbWriter

folder = Path(sys.argv[1])
writer = WfdbWriter(folder, "r", {RATE}, {LEADS})
beats = AnnotationWriter(folder / "r.qrs")
start, gaps = 0, 0
while True:
    ramp = np.arange(start, start + {BLOCK}) % 20000 / 1000
    writer.write(start, np.stack([ramp, -ramp, ramp / 2], axis=1))
    start += {BLOCK}
    if start % 500 == 0:
        beats.add(start, "N", "a" * (start % 7))
        beats.flush()
    print(start, flush=True)
    if start % 20000 == 0:
        start += 1000
"""


def ramp(samples: int) -> np.ndarray:
    of_i = np.arange(samples) % 20000 / 1000
    mv = np.stack([of_i, -of_i, of_i / 2], axis=1)
    position = np.arange(samples)
    mv[(position >= 20000) & (position % 21000 >= 20000) & (position < 21000)] = np.nan
    return mv


def recorder(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITES_UNTIL_KILLED, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("moment", range(4))
def test_after_kill_9_all_but_the_last_second_opens(tmp_path, moment):
    after_s = np.random.default_rng(moment).uniform(0.05, 0.35)
    process = recorder(tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    told = [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    process.stdout.close()
    record = wfdb.rdrecord(str(tmp_path / "r"))
    assert len(record.p_signal) > told[-1] - RATE - BLOCK
    half = min(len(record.p_signal), 40000)  # up to the second gap
    np.testing.assert_allclose(record.p_signal[:half], ramp(half), atol=0.000501, equal_nan=True)
    np.testing.assert_allclose(open_recording(tmp_path / "r").mv, record.p_signal, atol=1e-6, equal_nan=True)
    theirs, ours = wfdb.rdann(str(tmp_path / "r"), "qrs"), read_annotations(tmp_path / "r.qrs")
    assert theirs.sample.tolist() == [a.sample for a in ours]
    in_gaps = 2 * (told[-1] // 20000)  # no beat is told at 500 and 1000 samples after the start of each
    assert len(ours) >= told[-1] // 500 - in_gaps - 5


def test_a_killed_recording_is_continued(tmp_path):
    process = recorder(tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.1)
    process.kill()
    process.communicate()
    before = wfdb.rdrecord(str(tmp_path / "r")).p_signal
    with WfdbWriter(tmp_path, "r", RATE, LEADS) as writer:
        assert writer.offset_samples >= len(before)
        writer.write(0, np.ones((700, 3)))
    after = wfdb.rdrecord(str(tmp_path / "r")).p_signal
    np.testing.assert_array_equal(after[: len(before)], before)
    np.testing.assert_array_equal(after[-700:], 1.0)


WRITES_UNTIL_FULL = f"""
import resource, sys
import numpy as np
from pathlib import Path
from edge.errors import OutputError
from edge.recordings.writer import WfdbWriter

writer = WfdbWriter(Path(sys.argv[1]), "r", {RATE}, {LEADS})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_003, 100_003))
try:
    for start in range(0, 100_000, {BLOCK}):
        writer.write(start, np.full(({BLOCK}, 3), start / 10000))
except OutputError as error:
    print(start, error.reason.name, error)
"""


def test_when_no_more_fits_it_says_so_and_what_is_there_opens(tmp_path):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WRITES_UNTIL_FULL, str(tmp_path)], capture_output=True, text=True, env=env, check=True
    )
    start, reason, message = done.stdout.split(maxsplit=2)
    assert reason == "FULL"
    assert f"cannot write {tmp_path}" in message
    assert "what was written so far opens" in message
    assert done.stderr == ""
    record = wfdb.rdrecord(str(tmp_path / "r"))
    assert 16_000 < int(start) - RATE <= len(record.p_signal)
    expected = np.repeat(np.arange(0, len(record.p_signal), BLOCK) / 10000, BLOCK)[: len(record.p_signal)]
    np.testing.assert_allclose(record.p_signal[:, 0], expected, atol=0.000501)


@pytest.fixture
def disk(monkeypatch):
    """A disk of which the test says how many bytes are free; small writes go through in part, as on a real one."""

    class Disk:
        free = 10**9
        error = errno.ENOSPC

    pwrite = os.pwrite

    def limited(descriptor: int, data: memoryview, offset: int) -> int:
        if Disk.free <= 0:
            raise OSError(Disk.error, os.strerror(Disk.error))
        written = pwrite(descriptor, bytes(data)[: Disk.free], offset)
        Disk.free -= written
        return written

    monkeypatch.setattr(storage.os, "pwrite", limited)
    return Disk


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, Reason.FULL),
        (errno.EDQUOT, Reason.FULL),
        (errno.EROFS, Reason.UNWRITABLE),
        (errno.EIO, Reason.UNWRITABLE),
    ],
)
def test_after_a_full_disk_recording_goes_on_when_there_is_space_and_the_loss_is_a_gap(tmp_path, disk, number, reason):
    mv = np.random.default_rng(2).normal(size=(6000, 3))
    writer = WfdbWriter(tmp_path, "r", RATE, LEADS)
    disk.error = number
    errors, opened = [], []
    for start in range(0, 6000, 100):
        disk.free = 10**9 if not 2000 <= start < 4000 else 7 if start == 2000 else 0
        try:
            writer.write(start, mv[start : start + 100])
        except OutputError as error:
            errors.append(error)
            opened.append(len(open_recording(tmp_path / "r").mv))
    writer.close()
    assert [error.reason for error in errors] == [reason] * 20
    assert all(str(tmp_path) in str(error) for error in errors)
    assert min(opened) >= 1500
    mv[2000:4000] = np.nan
    np.testing.assert_allclose(wfdb.rdrecord(str(tmp_path / "r")).p_signal, mv, atol=0.000501, equal_nan=True)


def test_a_header_that_cannot_be_replaced_stays_as_it_was(tmp_path, monkeypatch):
    writer = WfdbWriter(tmp_path, "r", RATE, LEADS)
    writer.write(0, np.ones((1000, 3)))
    real = Path.write_text

    def half(self: Path, text: str, *rest: object) -> int:
        real(self, text[: len(text) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OutputError) as caught:
        writer.write(1000, np.ones((1000, 3)))
    assert caught.value.reason is Reason.FULL
    with pytest.raises(OutputError):
        writer.close()
    monkeypatch.undo()
    assert len(wfdb.rdrecord(str(tmp_path / "r")).p_signal) == 1000
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_leaves_annotations_readable_and_loses_none_that_fit_later(tmp_path, disk):
    path = tmp_path / "r.qrs"
    writer = AnnotationWriter(path)
    writer.add(100, "N")
    writer.flush()
    writer.add(200, "V")
    disk.free = 1
    with pytest.raises(OutputError) as caught:
        writer.flush()
    assert caught.value.reason is Reason.FULL
    assert wfdb.rdann(str(tmp_path / "r"), "qrs").sample.tolist() == [100]
    disk.free = 10**9
    writer.add(300, "N")
    writer.close()
    assert [(a.sample, a.symbol) for a in read_annotations(path)] == [(100, "N"), (200, "V"), (300, "N")]


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="name a folder") as caught:
            WfdbWriter(folder, "r", RATE, LEADS)
        assert caught.value.reason is Reason.UNWRITABLE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="no permission") as caught:
        WfdbWriter(tmp_path, "r", RATE, LEADS)
    assert caught.value.reason is Reason.UNWRITABLE
