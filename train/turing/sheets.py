"""The sheets that are read: twelve leads on ECG paper, true or reconstructed, in every other way alike.

Both go through the same filters, the device's high-pass and a low-pass at 40 Hz: the network was taught below 40 Hz,
and mains and muscle above it would mark the true ones. The measured leads are the recording's own on either kind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge import paper
from edge.blocks import Origin, TwelveLeads
from edge.bundle import RATE
from edge.dsp.band import low_passed
from edge.errors import InputError
from edge.leads import LEADS
from train import files
from train.data.corpus import Corpus
from train.evaluate.reconstructors import Reconstructor, filtered
from train.turing import images
from train.turing.deck import RECONSTRUCTED, Sheet

PDF = "sheets.pdf"
EDGE = round(
    0.2 * RATE
)  # samples left out at both ends: PTB-XL's recordings end in a tenth of a second without change,
# which no reconstructed lead does
Signal = npt.NDArray[np.float32]


def name(number: int, total: int) -> str:
    """What a sheet is called: numbers alone, of one width."""
    return f"sheet-{number:0{max(2, len(str(total)))}}"


def signal(
    sheet: Sheet, data: Corpus, model: Reconstructor, given: tuple[str, ...], enrol_samples: int, *, low_pass: bool
) -> Signal:
    """What is drawn (n x 12, mV). With an enrolment its seconds are left out on every sheet.

    Raises InputError for a recording that the model cannot be enrolled to.
    """
    mv = filtered(data.uv[sheet.case.record].astype(np.float32) * np.float32(1e-3))
    if sheet.kind == RECONSTRUCTED:
        mv = _reconstructed(sheet, mv, model, given, enrol_samples)
    if low_pass:
        mv = low_passed(mv.astype(np.float64), RATE).astype(np.float32)
    return mv[enrol_samples + EDGE : len(mv) - EDGE]


def _reconstructed(
    sheet: Sheet, mv: Signal, model: Reconstructor, given: tuple[str, ...], enrol_samples: int
) -> Signal:
    estimator = model.estimate
    if enrol_samples and model.enrol is not None:
        estimator = model.enrol(mv[:enrol_samples], given)
    if estimator is None:
        raise InputError(f"{model.name} cannot be enrolled to {sheet.case.name}: take another --seed or --enrol 0")
    return estimator(mv, given).mv


def write(folder: Path, sheets: Sequence[Sheet], made: Callable[[Sheet], Signal], progress: Callable[[], None]) -> None:
    """A PNG a sheet and one PDF of all, in `folder`. Raises OutputError."""
    files.folder(folder)
    paths = [folder / f"{name(sheet.number, len(sheets))}.png" for sheet in sheets]
    pngs = []
    for sheet, path in zip(sheets, paths, strict=True):
        mv = made(sheet)
        twelve = TwelveLeads(0, mv, np.zeros_like(mv), (Origin.MEASURED,) * len(LEADS))
        paper.draw(path, twelve, title=path.stem.replace("-", " ").capitalize(), blinded=True)
        pngs.append(images.bare(path.read_bytes()))
        progress()
    images.pdf(folder / PDF, pngs, paper.PIXELS_PER_MM * paper.MM_PER_INCH)
    for path, png in zip(paths, images.alike(pngs), strict=True):
        files.write(path, png)
    latest = paths[-1].stat().st_mtime
    for path in paths:
        os.utime(path, (latest, latest))  # how long each took to make is nobody's business
