from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import batch, batch_page, batch_tables, tables
from benchmarks.batch_archive import HEARTS, make
from benchmarks.batch_run import Memory
from edge.batch.listing import listed
from edge.recordings import open_recording


def run(recordings: int, seconds: float, work_s: float) -> dict:
    rate = recordings / seconds
    return {
        "recordings": recordings,
        "seconds": seconds,
        "work_s": work_s,
        "recordings_a_s": rate,
        "mb_a_s": rate * 0.12,
    }


def overhead(recordings: int, engine_s: float, client_mb: float) -> dict:
    told = {"recordings": recordings, "engine_s": engine_s, "listing_s": recordings / 1e5, "nothing_to_do_s": 0.1}
    return told | {"client_mb": client_mb, "client_growth_mb": 1, "worker_mb": 150, "worker_growth_mb": 0}


@pytest.fixture
def figures() -> dict:
    """One process does 8 a second after 1 s of imports; two workers 15 after 5 s of start."""
    made = {"throughput": {"0": run(80, 11, 10), "1": run(80, 15, 14), "2": run(150, 15, 14)}, "leads": "II,V1,V5"}
    made |= {"growth": run(1500, 105, 104), "bytes_a_recording": {"rows": 500, "waveforms": 70_000}}
    made["overhead"] = [overhead(10_000, 15.0, 160.0), overhead(100_000, 105.0, 169.0)]
    return made | {"efficiency": batch.efficiency(made)}


def test_an_archive_by_repetition_names_every_recording_once_and_takes_its_samples_from_few_hearts(tmp_path: Path):
    index = make(tmp_path / "archive", 230)
    listing = listed(index)
    assert (len(listing.names), listing.repeated) == (230, 0)
    assert listing.names.size_bytes(0) > 120_000
    first, again, other = (open_recording(listing.path(listing.names.name(k))) for k in (0, HEARTS, 1))
    assert first.mv.shape == (5000, 12)
    assert np.array_equal(first.mv, again.mv)
    assert not np.array_equal(first.mv, other.mv)
    assert (tmp_path / "archive" / "files" / "p00000" / "0000000.dat").stat().st_nlink > 10


def test_efficiency_is_beside_as_many_single_processes_and_without_the_start_by_two_sizes(figures: dict):
    assert figures["efficiency"]["two_workers_without_start"] == pytest.approx(15 / 16, abs=1e-3)
    assert figures["efficiency"]["two_workers"] == pytest.approx(10 / (80 / 11) / 2, abs=1e-3)


def test_memory_that_grows_on_is_told_apart_from_a_start():
    flat, leaking = Memory(), Memory()
    for k in range(40):
        flat.worker.append(min(110.0, 10.0 * k))
        leaking.worker.append(10.0 * k)
    assert flat.told()["worker_growth_mb"] == 0
    assert leaking.told()["worker_growth_mb"] == 100


def test_the_plan_is_computed_from_the_figures_and_the_engine_bounds_it(figures: dict):
    told = "\n".join(batch_page.plan(figures))
    assert "Computed, not run" in told
    assert "| 2 | 15 |" in told
    assert "| 128 | 960 |" in told  # 7.5 a worker; the engine's thousand would allow it
    slow = figures | {"overhead": [overhead(10_000, 100.0, 160.0), overhead(100_000, 1000.0, 169.0)]}
    assert "| 128 | 100 |" in "\n".join(batch_page.plan(slow))


def test_the_tables_hold_every_run(figures: dict):
    assert len(batch_tables.throughput(figures, tables.table)) == 2 + 4
    assert len(batch_tables.overhead(figures, tables.table)) == 2 + 2
