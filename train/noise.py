"""Real noise: pieces of the MIT-BIH noise stress recordings, as a patch's electrodes would have added them.

Moody, Muldrow, Mark 1984: half an hour each of baseline wander (`bw`), electrode motion (`em`) and muscle artefact
(`ma`), two channels, recorded from people whose electrodes were placed so that no ECG shows.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edge.dsp.baseline import remove_baseline
from edge.errors import InputError, Reason

RECORDS = ("bw", "em", "ma")
RATE = 500.0
SIGNAL_RMS_MV = 0.20  # what the signal-to-noise ratio refers to: a lead of a usual heart, baseline removed
SNR_DB = (0.0, 30.0)  # where most of the heart is lost, to where nobody sees the noise
CLEAN_SHARE = 0.3  # of the windows, with none of it: a patch that lies still
LEAD_SPREAD_DB = 6.0  # standard deviation between the leads of one window: electrodes sit differently
PIECE_S = 10.0  # each piece is brought to the same strength, so that quiet minutes count too


class NoiseBank:
    """Noise of unit RMS in pieces (kinds x pieces x samples), from which windows of noise are drawn."""

    def __init__(self, pieces: Tensor) -> None:
        self.pieces = pieces

    @staticmethod
    def open(folder: Path) -> NoiseBank:
        """Read `bw`, `em` and `ma` from a WFDB folder (360 Hz, mV). Raises InputError."""
        kinds = [_pieces(_read(folder, name)) for name in RECORDS]
        count = min(map(len, kinds))
        return NoiseBank(torch.from_numpy(np.stack([kind[:count] for kind in kinds])))

    def draw(self, batch: int, length: int, generator: torch.Generator, leads: int = 8) -> Tensor:
        """Noise for `batch` windows (batch x leads x length, mV): another piece a lead, one kind a window mostly."""

        def dice(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator)

        kinds, count, samples = self.pieces.shape
        if length > samples:
            raise ValueError(f"a window of {length} samples is longer than the noise's pieces of {samples}")
        common = torch.randint(kinds, (batch, 1), generator=generator)
        own = torch.randint(kinds, (batch, leads), generator=generator)
        kind = torch.where(dice(batch, leads) < 0.75, common, own)
        piece = torch.randint(count, (batch, leads), generator=generator)
        start = torch.randint(samples - length + 1, (batch, leads), generator=generator)
        first = (kind * count + piece) * samples + start
        noise = self.pieces.view(-1)[first[:, :, None] + torch.arange(length)]
        low, high = SNR_DB
        snr_db = low + (high - low) * dice(batch, 1) + LEAD_SPREAD_DB * torch.randn(batch, leads, generator=generator)
        level_mv = SIGNAL_RMS_MV * 10 ** (-snr_db.clamp(min=low) / 20)
        sign = torch.where(dice(batch, leads) < 0.5, -1.0, 1.0)
        noisy = (dice(batch, 1) >= CLEAN_SHARE).float()
        return noise * (noisy * sign * level_mv)[:, :, None]


def _read(folder: Path, name: str) -> npt.NDArray[np.float32]:
    """A record's channels as the network's inputs are: 500 Hz, baseline removed (samples x channels, mV)."""
    import wfdb
    from scipy.signal import resample_poly

    way_out = "give the folder of PhysioNet's nstdb 1.0.0, with bw, em and ma"
    try:
        record = wfdb.rdrecord(str(folder / name))
    except FileNotFoundError as error:
        raise InputError(f"no noise record {name} in {folder}: {way_out}", Reason.UNREADABLE) from error
    except (OSError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"{folder / name} cannot be read as a WFDB record ({error}): {way_out}") from error
    up, down = _ratio(RATE, float(record.fs))
    mv = resample_poly(np.nan_to_num(record.p_signal), up, down, axis=0)
    return remove_baseline(mv.astype(np.float32), RATE)


def _ratio(to: float, rate: float) -> tuple[int, int]:
    common = math.gcd(round(to), round(rate))
    return round(to) // common, round(rate) // common


def _pieces(mv: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """All channels' pieces, each of unit RMS (pieces x samples); dead stretches are left out."""
    samples = round(PIECE_S * RATE)
    count = len(mv) // samples
    if not count:
        raise InputError(f"a noise record is shorter than {PIECE_S:g} s: it was cut short; fetch it again")
    pieces = mv[: count * samples].T.reshape(-1, samples)
    rms = np.sqrt((pieces.astype(np.float64) ** 2).mean(1, keepdims=True))
    alive = rms[:, 0] > 0.1 * np.median(rms)
    unit: npt.NDArray[np.float32] = (pieces[alive] / rms[alive]).astype(np.float32)
    return unit
