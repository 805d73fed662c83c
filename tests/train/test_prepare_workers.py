from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from edge.errors import UsageError
from edge.leads import LEADS
from edge.synthetic import synthesise
from train.prepare import add_arguments, prepare, run


def test_other_processes_read_a_set_to_the_same_corpus_byte_for_byte(tmp_path: Path):
    pytest.importorskip("distributed", reason="distributed is not installed")
    root = tmp_path / "set"
    root.mkdir()
    for k in range(40):
        mv = synthesise("sinus", 4.0, 400.0, seed=k).mv
        np.rint(1000 * mv).astype("<i2").tofile(root / f"r{k:02d}.dat")
        lines = [f"r{k:02d}.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS]
        (root / f"r{k:02d}.hea").write_text("\n".join([f"r{k:02d} 12 400 {len(mv)}", *lines]) + "\n")
    (root / "r07.dat").write_bytes(b"")
    for workers in (0, 2):
        writer = prepare("wfdb", root, tmp_path / f"corpus{workers}", 2.0, workers=workers)
        assert (writer.count, len(writer.rejected)) == (78, 1)
    for here in (tmp_path / "corpus0").iterdir():
        assert here.read_bytes() == (tmp_path / "corpus2" / here.name).read_bytes()


def test_a_number_of_workers_that_makes_no_sense_is_refused(tmp_path: Path):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(UsageError, match="--workers -1: 0 to 256"):
        run(parser.parse_args(["wfdb", str(tmp_path), "--out", str(tmp_path / "c"), "--workers", "-1"]))
