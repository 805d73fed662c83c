"""Noise from the MIT-BIH noise stress records: read, brought to one strength, drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import wfdb
from scipy.signal import periodogram

from edge.errors import InputError
from train.noise import CLEAN_SHARE, RECORDS, SIGNAL_RMS_MV, NoiseBank

SECONDS = 25.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three records as PhysioNet ships them (360 Hz, two channels): a tone of 3, 9 and 27 Hz each, with an offset."""
    path = tmp_path_factory.mktemp("nstdb")
    t = np.arange(round(SECONDS * 360)) / 360
    for k, name in enumerate(RECORDS):
        tone = 0.5 * np.sin(2 * np.pi * 3 ** (k + 1) * t)
        signal = np.stack([tone - 0.3, 4 * tone + 0.2], 1)
        wfdb.wrsamp(name, 360, ["mV"] * 2, ["noise1", "noise2"], signal, fmt=["16"] * 2, write_dir=str(path))
    return path


def test_the_bank_holds_every_record_at_500_hz_with_one_strength(folder: Path):
    pieces = NoiseBank.open(folder).pieces
    assert pieces.shape == (3, 4, 5000)  # two whole pieces of 10 s from each of two channels
    assert torch.allclose(pieces.square().mean(2).sqrt(), torch.ones(3, 4), atol=1e-3)
    for kind, tone in zip(pieces, (3, 9, 27), strict=True):
        frequency, power = periodogram(kind[0].numpy(), 500)
        assert frequency[power.argmax()] == pytest.approx(tone, abs=0.11)


def test_the_same_seed_draws_the_same_noise_and_another_seed_another(folder: Path):
    bank = NoiseBank.open(folder)
    one, two, other = (bank.draw(3, 1000, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert one.shape == (3, 8, 1000)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_some_windows_are_clean_and_no_lead_drowns(folder: Path):
    noise = NoiseBank.open(folder).draw(400, 500, torch.Generator().manual_seed(3))
    rms = noise.square().mean(2).sqrt()
    assert float((rms.amax(1) == 0).float().mean()) == pytest.approx(CLEAN_SHARE, abs=0.07)
    assert float(rms.max()) < 1.5 * SIGNAL_RMS_MV
    loud = rms[rms[:, 0] > 0]
    assert float((loud.amax(1) / loud.amin(1)).median()) > 2  # electrodes differ


def test_a_folder_without_the_records_is_told_with_the_way_out(tmp_path: Path):
    with pytest.raises(InputError, match=r"no noise record bw in .*: give the folder of PhysioNet's nstdb"):
        NoiseBank.open(tmp_path)


def test_a_record_that_is_too_short_is_told(tmp_path: Path):
    for name in RECORDS:
        short = np.zeros((720, 1))
        wfdb.wrsamp(name, 360, ["mV"], ["noise1"], short, fmt=["16"], write_dir=str(tmp_path))
    with pytest.raises(InputError, match="shorter than 10 s"):
        NoiseBank.open(tmp_path)
