"""The pyramid on disk, beside the recording: DIR/NAME_tiles/64.bin, 512.bin, 4096.bin and state.json.

A pure function of the recording: bins are only ever appended, as far as there are samples for whole ones, so it is
the same whether it grew while recording or was made at once. state.json is replaced as a whole after the bins are
written and says how much of the recording they hold, and of which: tiles of another recording of that name, or ones
that were cut short, are noticed and made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import OutputError, Reason
from edge.exports.run_record import RunRecord
from edge.recordings.storage import claimed, make_folder, open_to_write, output_error, replace_file, write_at
from edge.review.pyramid import FACTORS, WHOLE, Pairs, coarser, from_samples

FORMAT = 1  # of these files; another one's are made again
PIECE_SAMPLES = 32 * WHOLE  # made between two looks at the clock, or at a wish to stop: 3 MB of twelve leads
STATE_EVERY_SAMPLES = 16 * PIECE_SAMPLES  # what a kill while making costs: an hour's tiles, a few hundred ms
LOOKED_AT = 256  # samples at either end by which a recording is known again


@dataclass(frozen=True)
class Tiles:
    """What is there of a record's tiles: bins up to sample `done` of it, a multiple of WHOLE."""

    folder: Path
    leads: int
    done: int

    def pairs(self, factor: int, first_bin: int, last_bin: int) -> Pairs:
        """Bins of `factor` from `first_bin` up to, not including, `last_bin`, which `done` covers. Errors: OSError."""
        width = 2 * self.leads
        path = _file(self.folder, factor)
        flat = np.fromfile(path, "<i2", (last_bin - first_bin) * width, offset=2 * width * first_bin)
        if len(flat) < (last_bin - first_bin) * width:
            raise OSError(f"{path} was cut short")
        return flat.reshape(-1, self.leads, 2)


def tiles_folder(record: RunRecord) -> Path:
    return record.header_path.with_name(f"{record.name}_tiles")


def find_tiles(record: RunRecord) -> Tiles:
    """What can be used of the tiles on disk; nothing (`done` 0) where they are stale, cut short or not there."""
    folder, leads = tiles_folder(record), len(record.leads)
    state = _state(folder)
    done = state.get("done")
    usable = (
        isinstance(done, int)
        and 0 < done <= record.samples
        and done % WHOLE == 0
        and all(_size(_file(folder, factor)) >= done // factor * 4 * leads for factor in FACTORS)
        and state == _told(record, done)
    )
    return Tiles(folder, leads, done if usable and isinstance(done, int) else 0)


def extend(record: RunRecord) -> Generator[float, None, None]:
    """Makes the tiles that are not there yet; yields the share that is, 0 to 1, after each piece: stop at any.

    Errors: InputError where the recording cannot be read, OutputError where the tiles cannot be written, BUSY if
    another program is at them.
    """
    end = record.samples // WHOLE * WHOLE
    tiles = find_tiles(record)
    if tiles.done >= end:
        yield 1.0
        return
    make_folder(tiles.folder)
    with contextlib.ExitStack() as closing:
        lock = open_to_write(tiles.folder / "lock")
        try:
            with claimed(lock, tiles.folder, f"another program is making {tiles.folder.name}"):
                closing.callback(os.close, lock)
        except OutputError as error:
            raise OutputError(str(error), Reason.BUSY) from None
        files = {factor: open_to_write(_file(tiles.folder, factor)) for factor in FACTORS}
        for file in files.values():
            closing.callback(os.close, file)
        yield from _extend(record, find_tiles(record), files, end)  # looked at again: it is ours only now


def forget(record: RunRecord) -> None:
    """Takes the tiles away; they will be made again. Errors: OutputError."""
    folder = tiles_folder(record)
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise output_error(folder, error) from None


def _extend(record: RunRecord, tiles: Tiles, files: dict[int, int], end: int) -> Generator[float, None, None]:
    saved = done = tiles.done
    try:
        while done < end:
            last = min(done + PIECE_SAMPLES, end)
            _append(record, tiles, files, done, last)
            done = last
            if done - saved >= STATE_EVERY_SAMPLES or done == end:
                _save(record, tiles.folder, done)
                saved = done
            yield done / end
    finally:
        if done > saved:  # stopped in between: what is made is kept
            _save(record, tiles.folder, done)


def _append(record: RunRecord, tiles: Tiles, files: dict[int, int], first: int, last: int) -> None:
    pairs, finer = from_samples(record.counts(first, last), FACTORS[0]), FACTORS[0]
    for factor in FACTORS:
        pairs, finer = (coarser(pairs, factor // finer) if factor > finer else pairs), factor
        data = memoryview(np.ascontiguousarray(pairs, "<i2").tobytes())
        write_at(files[factor], _file(tiles.folder, factor), data, first // factor * 4 * tiles.leads)


def _save(record: RunRecord, folder: Path, done: int) -> None:
    replace_file(folder / "state.json", json.dumps(_told(record, done)) + "\n")


def _told(record: RunRecord, done: int) -> dict[str, Any]:
    """What state.json says of tiles that hold `done` samples of `record`."""
    ends = (record.counts(0, min(LOOKED_AT, done)), record.counts(max(0, done - LOOKED_AT), done))
    return {
        "format": FORMAT,
        "leads": [lead.name for lead in record.leads],
        "factors": list(FACTORS),
        "done": done,
        "segments": zlib.crc32(json.dumps(_segments(record, done)).encode()),
        "samples": [zlib.crc32(counts.tobytes()) for counts in ends],
    }


def _segments(record: RunRecord, done: int) -> list[tuple[str, int]]:
    """The segments' names and where they begin, as far as `done`: the last may grow, and others follow."""
    out, at = [], 0
    for name, length in record.segments:
        if at >= done:
            break
        out.append((name, at))
        at += length
    return out


def _state(folder: Path) -> dict[str, Any]:
    try:
        state = json.loads((folder / "state.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _file(folder: Path, factor: int) -> Path:
    return folder / f"{factor}.bin"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
