"""A recording through edge-batch, edge-run --replay and the live wire gives the same twelve leads, bit for bit."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import SENT, running, wait_for

from edge.batch.row import Tally
from edge.batch.work import Work, examined, manifest_sha256
from edge.blocks import TwelveLeads
from edge.bundle import open_bundle
from edge.config import settings
from edge.leads import LEAD, LEADS, electrode_weights
from edge.montage import Montage
from edge.runner import Run
from edge.sinks.state import ViewState
from edge.sources.chosen import chosen_source
from edge.synthetic import synthesise
from edge.whole import joined
from firmware_bridge.messages import WEIGHT_UNIT
from firmware_bridge.patch import GAIN_PV_PER_COUNT

SECONDS = 8.0


class Kept:
    """Sink: the twelve leads of a run."""

    def __init__(self) -> None:
        self.blocks: list[TwelveLeads] = []
        self.summary: dict[str, Any] = {}

    def twelve(self, block: TwelveLeads) -> None:
        self.blocks.append(block)

    def close(self, summary: dict[str, Any]) -> None:
        self.summary = summary

    def start(self, info: Any) -> None: ...
    def raw(self, block: Any) -> None: ...
    def event(self, event: Any) -> None: ...


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of whole counts of the wire, in text that says each float exactly."""
    mv = synthesise("pvc", SECONDS, 500.0, seed=8).mv[:, [LEAD[name] for name in SENT]]
    gain_mv = GAIN_PV_PER_COUNT * 1e-9
    exact = (np.rint(mv.astype(np.float64) / gain_mv) * gain_mv).astype(np.float32)
    lines = [",".join(repr(float(value)) for value in row) for row in exact]
    path = tmp_path_factory.mktemp("counted") / "heart.csv"
    path.write_text("\n".join(["# rate: 500", ",".join(SENT), *lines]) + "\n")
    return path


def through_a_run(**given: Any) -> Kept:
    s, bundle, kept = settings({"view": "none", **given}), open_bundle(), Kept()
    variant = bundle.choose()
    asyncio.run(Run(chosen_source(s), s, bundle, variant, bundle.load(variant), [kept], ViewState()).go())
    return kept


@pytest.fixture(scope="module")
def batch(counted: Path) -> tuple[TwelveLeads, dict[str, Any]]:
    blocks: list[TwelveLeads] = []
    bundle = open_bundle()
    work = Work(bundle.path, manifest_sha256(bundle), bundle.choose().name)
    row = examined(counted, work, blocks.append)
    assert row["status"] == "ok"
    return joined(blocks), row


def assert_the_same(live: Kept, batch: tuple[TwelveLeads, dict[str, Any]]) -> None:
    twelve, row = batch
    other = joined(live.blocks)
    assert twelve.mv.tobytes() == other.mv.tobytes()
    assert twelve.sd.tobytes() == other.sd.tobytes()
    assert (twelve.start, twelve.origin) == (other.start, other.origin)
    tally = Tally()
    for block in live.blocks:
        tally.push(block)
    assert tally.twelve_hash == row["twelve_hash"]
    scores = {name.removeprefix("score_"): value for name, value in row.items() if name.startswith("score_")}
    assert scores == live.summary["scores"]
    assert row["beats"] == live.summary["beats"] > 5
    assert row["samples_out"] == live.summary["twelve_leads"]["samples"] == SECONDS * 500


def test_a_replay_gives_the_same(counted: Path, batch: tuple[TwelveLeads, dict[str, Any]]):
    assert_the_same(through_a_run(replay=str(counted), speed="max"), batch)


def test_the_live_wire_gives_the_same(counted: Path, batch: tuple[TwelveLeads, dict[str, Any]], tmp_path: Path):
    port = tmp_path / "patch"
    call = ("-m", "edge.cli.patch", "--pty", port, "--replay", counted, "--speed", "8")
    with running(sys.executable, *call) as patch:
        wait_for(port.exists, patch)
        live = through_a_run(port=str(port))
    assert_the_same(live, batch)


def test_a_hash_of_twelve_leads_sees_a_bit_and_not_how_they_are_cut(batch: tuple[TwelveLeads, dict[str, Any]]):
    twelve, _ = batch
    mv = twelve.mv.copy()
    mv[100, 3] = np.nextafter(mv[100, 3], np.float32(9))
    whole, other = Tally(), Tally()
    whole.push(twelve)
    other.push(replace(twelve, mv=mv))
    assert whole.twelve_hash != other.twelve_hash


def test_a_patch_that_measures_standard_leads_weighs_them_as_a_file_does_to_the_bit():
    weights = np.rint(WEIGHT_UNIT * np.array([electrode_weights(lead) for lead in LEADS])) / WEIGHT_UNIT
    assert np.array_equal(Montage.of_electrodes(weights).rows, Montage.of_leads(LEADS).rows)
