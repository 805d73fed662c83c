"""The checks themselves: each must see what it is there to see."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
from faulty import kept

from benchmarks.fault_check import HELD, broken
from benchmarks.fault_run import Outcome
from edge.blocks import Origin
from edge.timeline import Cause


@pytest.fixture(scope="module")
def clean() -> Outcome:
    return kept("drop:p=0.01", "unplug:at=4,for=2", seconds=9.0, seed=2)


@pytest.fixture
def outcome(clean: Outcome) -> Outcome:
    """A run to be spoiled."""
    return copy.deepcopy(clean)


def replaced(items: list, place: int, **changes: object) -> None:
    items[place] = dataclasses.replace(items[place], **changes)


def test_a_sample_that_is_counted_twice(outcome: Outcome):
    outcome.pipeline.timeline.received += 1
    assert "counted" in broken(outcome)


def test_a_sample_that_arrived_and_went_nowhere(outcome: Outcome):
    outcome.log.delivered += 1
    outcome.log.sampled += 1
    assert "counted" in broken(outcome)


def test_a_value_that_is_off_by_two_counts(outcome: Outcome):
    block = outcome.heard.blocks[-3]
    replaced(outcome.heard.blocks, -3, mv=block.mv + np.float32(1e-4))
    assert "placed" in broken(outcome)


def test_samples_one_place_beside_theirs(outcome: Outcome):
    blocks = outcome.heard.blocks
    whole = np.concatenate([b.mv for b in blocks])
    shifted = np.concatenate([whole[:3500], whole[3499:-1]])
    for place, block in enumerate(blocks):
        replaced(blocks, place, mv=shifted[block.start : block.end])
    assert "placed" in broken(outcome)


def test_a_signal_that_was_never_worn(outcome: Outcome):
    for place, block in enumerate(outcome.heard.blocks):
        replaced(outcome.heard.blocks, place, mv=block.mv * np.float32(1.5))
    assert "placed" in broken(outcome)


def test_a_hole_that_is_not_told(outcome: Outcome):
    events = outcome.heard.events
    events.remove(next(e for e in events if e["type"] == "gap"))
    assert "placed" in broken(outcome)


def test_a_loss_of_another_cause():
    outcome = kept("drop:p=0.05", seconds=4.0)
    lost = outcome.pipeline.timeline.lost
    lost[Cause.CORRUPT] += lost.pop(Cause.MISSING)
    assert set(broken(outcome)) == {"caused"}


def test_time_that_is_wrong_after_a_reboot():
    outcome = kept("reboot:at=2,for=1", seconds=5.0)
    longer = next(b for b in outcome.heard.blocks if not b.valid.any())
    outcome.heard.blocks.insert(outcome.heard.blocks.index(longer), longer.cut(longer.start, longer.start + 5))
    event = next(e for e in outcome.heard.events if e["type"] == "gap")
    event["samples"] += 5
    assert "ended" in broken(outcome)


def test_twelve_leads_that_are_missing(outcome: Outcome):
    del outcome.heard.twelve_leads[3]
    assert "twelve" in broken(outcome)


def test_a_lead_reconstructed_across_a_hole(outcome: Outcome):
    leads = outcome.heard.twelve_leads
    place = next(k for k, t in enumerate(leads) if all(o is Origin.UNAVAILABLE for o in t.origin))
    n = len(leads[place].mv)
    zeros = np.zeros((n, 12), np.float32)
    replaced(leads, place, origin=(Origin.RECONSTRUCTED,) * 12, mv=zeros, sd=zeros)
    assert "inferred" in broken(outcome)


def test_a_measured_lead_that_the_network_touched(outcome: Outcome):
    leads = outcome.heard.twelve_leads
    replaced(leads, 0, mv=leads[0].mv + np.float32(1e-6))
    assert "measured" in broken(outcome)


def test_an_asystole_out_of_a_hole(outcome: Outcome):
    evidence = {"silence_s": 4.0}
    outcome.heard.events.append(
        {"type": "alert", "state": "on", "kind": "asystole", "sample": 3300, "evidence": evidence}
    )
    assert "alerted" in broken(outcome)


def test_a_stage_that_keeps_everything(outcome: Outcome):
    outcome.heard.held = HELD + 1
    assert "bounded" in broken(outcome)
