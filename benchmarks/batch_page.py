"""The page of archives, batch.md: what was measured, what it was measured on, and a plan for MIMIC-IV-ECG from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import batch_tables, tables
from edge.batch.progress import span

Figures = Mapping[str, Any]
MIMIC = 800_035  # recordings of MIMIC-IV-ECG 1.0 (Gow et al. 2023): 10 s, twelve leads, 500 Hz
MACHINES, CORES = 8, 16  # of the plan: eight machines of sixteen cores, a worker a core
PART = 100  # recordings, edge-batch's default
SHOWN_WORKERS = (2, 16, MACHINES * CORES)
HEADER_AND_SAMPLES = 120_700  # bytes of a MIMIC-IV-ECG recording: 5000 x 12 x 2, and a header


def write(results: Path) -> None:
    """`results`/batch.md, from the result files there. Without batch.json there is nothing to tell yet."""
    if not (results / "batch.json").exists():
        return
    batch = json.loads((results / "batch.json").read_text())
    faults = results / "batch_faults.json"
    told = json.loads(faults.read_text()) if faults.exists() else None
    (results / "batch.md").write_text("\n".join(page(batch, told)) + "\n")


def page(batch: Figures, faults: Figures | None) -> list[str]:
    figures = batch["figures"]
    machine = batch["machine"]
    lines = [
        "# Archives",
        "",
        f"`{batch['command']}`, {batch['date'][:10]}, on {machine['cores']} cores of {machine['cpu']}. The archive is",
        "synthetic, by repetition (`benchmarks/batch_archive.py`), and comes from the page cache; rates are of the",
        f"whole command, start included, with leads {figures['leads']}.",
        "",
        "## Throughput",
        "",
        *batch_tables.throughput(figures, tables.table),
        "",
        "## As the archive grows tenfold",
        "",
        "Everything but the signal's own road (listing, tasks, parts, index), with a work that only reads headers:",
        "",
        *batch_tables.overhead(figures, tables.table),
        "",
        "Growth is the median of the run's third quarter less that of its second; the most is held at the end, when",
        "the index of what is finished is read.",
        "",
    ]
    if faults is not None:
        lines += ["## Faults", "", _faults_words(faults), "", *batch_tables.faults(faults["figures"], tables.table), ""]
    return [*lines, *plan(figures)]


def _faults_words(faults: Figures) -> str:
    of = faults["figures"]
    return (
        f"`{faults['command']}`: {of['recordings']} recordings in parts of {of['chunk']}, {of['workers']} workers; "
        f"undisturbed {of['undisturbed_s']:g} s."
    )


def plan(figures: Figures) -> list[str]:
    """Hours, disk and network for MIMIC-IV-ECG. What is computed says so."""
    rate = figures["efficiency"]["recordings_a_s_without_start"] / 2  # of one worker, as one of two
    tenth, engine = figures["overhead"]
    more = engine["recordings"] - tenth["recordings"]
    engine_rate = more / (engine["engine_s"] - tenth["engine_s"])
    rows = []
    for workers in SHOWN_WORKERS:
        recordings_a_s = min(workers * rate, engine_rate)
        mb_a_s = recordings_a_s * HEADER_AND_SAMPLES / 1e6
        rows.append((str(workers), f"{recordings_a_s:.0f}", f"{mb_a_s:.1f}", span(MIMIC / recordings_a_s)))
    size = figures["bytes_a_recording"]
    listing_s = engine["listing_s"] * MIMIC / engine["recordings"]
    each_mb = max(0.0, engine["client_mb"] - tenth["client_mb"]) / more
    client_mb = engine["client_mb"] + each_mb * (MIMIC - engine["recordings"])
    parts, begun_again_s = -(-MIMIC // PART), PART / rate
    read_gb, rows_gb, twelve_gb = (MIMIC * each / 1e9 for each in (HEADER_AND_SAMPLES, size["rows"], size["waveforms"]))
    return [
        f"## A plan for MIMIC-IV-ECG: {MIMIC:,} recordings",
        "",
        f"**Computed, not run**, from the figures above: a worker does {rate:.2f} recordings a second on a core like",
        f"these; the engine, with two workers that only read headers, {engine_rate:.0f}: a bound. The plan is",
        f"{MACHINES} machines of {CORES} such cores, {MACHINES * CORES} workers; that they add up as two do was not",
        "measured.",
        "",
        *tables.table(("workers", "recordings/s", "MB/s read", "in all"), rows),
        "",
        f"- Read: {read_gb:.0f} GB, from a folder that all machines have under one name.",
        f"- Written: {rows_gb:.1f} GB of rows, and with `--waveforms` {twelve_gb:.0f} GB more.",
        f"- Parts: {parts:,} of {PART} recordings; a worker that dies costs one, {begun_again_s:.0f} s of its work.",
        f"- The client: some {client_mb:.0f} MB, and {listing_s:.0f} s for the listing, with all sizes in the cache.",
        "",
        "```",
        "dask scheduler                                  # on the first machine, called head here",
        f"dask worker tcp://head:8786 --nworkers {CORES} --nthreads 1        # on each of the {MACHINES}, kept alive",
        "edge-batch /data/mimic-iv-ecg/record_list.csv --out /data/results \\",
        "    --channels II,V1,V5 --scheduler tcp://head:8786",
        "```",
    ]
