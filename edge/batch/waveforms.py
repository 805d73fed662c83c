"""Twelve leads as Parquet: a row a lead and stretch, microvolts, where they come from and how sure they are.

`recording`, `lead`, `origin`, `start_sample` (at 500 Hz), `uv` and `sd_uv` (a list each, null where unavailable),
`clipped` (samples beyond +-32.767 mV, kept at that). A stretch ends where a lead's origin changes, or at ten
minutes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.blocks import TwelveLeads
from edge.bundle import RATE
from edge.leads import LEADS

STRETCH_S = 600.0  # of one row at most: a day's recording must not be held in memory at once
MOST_UV = 32_767  # int16
SCHEMA = (
    ("recording", "string"),
    ("lead", "string"),
    ("origin", "string"),
    ("start_sample", "int64"),
    ("uv", "int16s"),
    ("sd_uv", "uint16s"),
    ("clipped", "int32"),
)


class Waveforms:
    """Writes the twelve leads of one recording after another into one Parquet file."""

    def __init__(self, path: Path) -> None:
        import pyarrow
        from pyarrow import parquet

        self._arrow = pyarrow
        listed = {"int16s": pyarrow.list_(pyarrow.int16()), "uint16s": pyarrow.list_(pyarrow.uint16())}
        self._schema = pyarrow.schema([(name, listed.get(kind) or getattr(pyarrow, kind)()) for name, kind in SCHEMA])
        named = [name for name, kind in SCHEMA if kind == "string"]
        packed = {f"{name}.list.element": "DELTA_BINARY_PACKED" for name in ("uv", "sd_uv")}
        self._writer = parquet.ParquetWriter(
            path, self._schema, compression="zstd", use_dictionary=named, column_encoding=packed
        )
        self._recording = ""
        self._held: list[TwelveLeads] = []

    def begin(self, recording: str) -> None:
        self._recording = recording

    def push(self, block: TwelveLeads) -> None:
        if self._held and not self._continues(block):
            self._write()
        self._held.append(block)

    def end(self, whole: bool) -> None:
        """Of the recording; of one that is not whole the last stretch is left out."""
        if self._held and whole:
            self._write()
        self._held = []

    def close(self) -> None:
        self._writer.close()

    def _continues(self, block: TwelveLeads) -> bool:
        last, first = self._held[-1], self._held[0]
        follows = block.start == last.end and block.origin == last.origin
        return follows and block.end - first.start <= STRETCH_S * RATE

    def _write(self) -> None:
        blocks, self._held = self._held, []
        mv, sd = (np.concatenate([getattr(b, part) for b in blocks]) for part in ("mv", "sd"))
        uv, clipped = _counts(mv, -MOST_UV, MOST_UV, np.dtype(np.int16))
        sd_uv, _ = _counts(sd, 0, 2 * MOST_UV + 1, np.dtype(np.uint16))
        twelve = len(LEADS)
        columns = [
            [self._recording] * twelve,
            list(LEADS),
            [str(origin) for origin in blocks[0].origin],
            [blocks[0].start] * twelve,
            self._lists(uv, np.isnan(mv)),
            self._lists(sd_uv, np.isnan(mv) | np.isnan(sd)),
            clipped.tolist(),
        ]
        arrays = [
            one if isinstance(one, self._arrow.Array) else self._arrow.array(one, field.type)
            for one, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_batch(self._arrow.record_batch(arrays, schema=self._schema))

    def _lists(self, values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> Any:
        """n x 12 as twelve lists."""
        offsets = np.arange(values.shape[1] + 1, dtype=np.int32) * len(values)
        flat = self._arrow.array(values.T.ravel(), mask=missing.T.ravel() if missing.any() else None)
        return self._arrow.ListArray.from_arrays(offsets, flat)


def _counts(
    mv: npt.NDArray[np.float32], low: int, high: int, kind: np.dtype[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Microvolts as whole numbers, and how many of each lead did not fit."""
    uv = np.rint(np.nan_to_num(mv, nan=0.0) * np.float32(1000))
    return uv.clip(low, high).astype(kind), ((uv < low) | (uv > high)).sum(axis=0)
