"""Files as their publishers have them, where the shared data are beside the checkout."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
import wfdb

from edge.recordings import open_recording
from edge.recordings.annotations import read_annotations

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "samples.tar.xz"
pytestmark = pytest.mark.skipif(not SAMPLES.is_file(), reason=f"{SAMPLES} is not there")


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    with tarfile.open(SAMPLES) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize(
    ("header", "rate", "leads"),
    [
        ("cinc2021/E07500.hea", 500, "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6"),
        ("cinc2021/HR06000.hea", 500, "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6"),
        ("cinc2021/JS20000.hea", 500, "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6"),
        ("cpsc2021/data_84_1.hea", 200, "I II"),
        ("ptbdb/s0010_re.hea", 1000, "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6 vx vy vz"),
    ],
)
def test_a_published_record_reads_as_wfdb_reads_it(samples, header, rate, leads):
    ours = open_recording(samples / header)
    theirs = wfdb.rdrecord(str((samples / header).with_suffix(""))).p_signal
    np.testing.assert_allclose(ours.mv, theirs, atol=1e-6, rtol=1e-6)
    assert (ours.rate, ours.leads) == (rate, tuple(leads.split()))
    assert "checksum" not in ours.note


def test_published_rhythm_marks_read_as_wfdb_reads_them(samples):
    paths = sorted((samples / "cpsc2021").glob("*.atr"))
    assert paths
    for path in paths:
        theirs = wfdb.rdann(str(path.with_suffix("")), "atr")
        ours = read_annotations(path)
        assert theirs.sample.tolist() == [a.sample for a in ours]
        assert theirs.symbol == [a.symbol for a in ours]
        assert [note.rstrip("\0") for note in theirs.aux_note] == [a.aux for a in ours]
