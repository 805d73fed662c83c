"""A large archive out of a few hearts, by repetition: `python -m benchmarks.batch_archive FOLDER --recordings 100000`.

Twenty synthetic hearts, twelve leads, 10 s at 500 Hz, 16 bit, as MIMIC-IV-ECG has them. Each recording has a header of
its own; its samples are a hard link to one of the hearts', so that 100,000 recordings of 120 kB need 400 MB of disk (a
block for each header). Read, they are 12 GB; they come from the page cache, which a real archive's would not.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from edge.leads import LEADS
from edge.synthetic import synthesise

HEARTS = 20
RHYTHMS = ("sinus", "af", "pvc", "sinus")
SECONDS, RATE = 10.0, 500
A_FOLDER = 100  # recordings


def make(root: Path, recordings: int) -> Path:
    """The folder `root` with so many recordings in folders of a hundred, and their index; the index's path."""
    hearts = root / "hearts"
    hearts.mkdir(parents=True)
    for k in range(HEARTS):
        _heart(hearts / f"{k:02d}.dat", k)
    names = []
    for number in range(recordings):
        folder = root / "files" / f"p{number // A_FOLDER:05d}"
        if number % A_FOLDER == 0:
            folder.mkdir(parents=True)
        name = f"{number:07d}"
        os.link(hearts / f"{number % HEARTS:02d}.dat", folder / f"{name}.dat")
        (folder / f"{name}.hea").write_text(_header(name))
        names.append(f"files/{folder.name}/{name}\n")
    index = root / "RECORDS"
    index.write_text("".join(names))
    return index


def _heart(path: Path, seed: int) -> None:
    made = synthesise(RHYTHMS[seed % len(RHYTHMS)], SECONDS, RATE, seed=seed, noise_uv=15.0)
    np.rint(1000 * made.mv).clip(-32767, 32767).astype("<i2").tofile(path)


def _header(name: str) -> str:
    lines = [f"{name}.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    return "\n".join([f"{name} {len(LEADS)} {RATE} {round(SECONDS * RATE)}", *lines]) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="made, and must not be there yet")
    parser.add_argument("--recordings", type=int, default=100_000, help="how many (%(default)s)")
    args = parser.parse_args()
    print(make(args.folder, args.recordings))
