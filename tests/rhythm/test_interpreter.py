"""The whole interpretation, on synthetic hearts: what is told, when, and that cutting changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from edge.alerts import Kind, State
from edge.blocks import Block
from edge.leads import LEADS
from edge.monitor import Finding, Monitor
from edge.rhythm.beat import Beat
from edge.rhythm.rhythm import Label, Rhythm
from edge.synthetic import synthesise

RATE = 500.0
MEASURED = ("II", "V1", "V5")


def block_of(rhythm: str, seconds: float = 90.0, seed: int = 1) -> Block:
    mv = synthesise(rhythm, seconds, RATE, noise_uv=10.0, seed=seed).mv
    leads = np.asarray(mv, np.float32)[:, [LEADS.index(lead) for lead in MEASURED]]
    return Block(0, RATE, MEASURED, leads, np.isfinite(leads))


def heard(block: Block, piece: int = 500) -> list[Finding]:
    monitor = Monitor(MEASURED)
    found: list[Finding] = []
    for first in range(0, block.end, piece):
        part = block.cut(first, min(first + piece, block.end))
        found += monitor.push(part)
        found += monitor.judge(part.end)
    return [*found, *monitor.flush(block.end), *monitor.alerts.flush()]


def labels(found: list[Finding]) -> list[Label]:
    return [item.label for item in found if isinstance(item, Rhythm)]


def alerts(found: list[Finding]) -> set[Kind]:
    told = (item for item in found if not isinstance(item, Beat | Rhythm) and hasattr(item, "kind"))
    return {item.kind for item in told if getattr(item, "state", None) is State.ON and not item.technical}


@pytest.mark.parametrize(
    ("rhythm", "label", "alert"),
    [
        ("sinus", Label.SINUS, None),
        ("brady", Label.BRADYCARDIA, Kind.BRADYCARDIA),
        ("tachy", Label.TACHYCARDIA, Kind.TACHYCARDIA),
        ("af", Label.AF, Kind.AF),
        ("asystole", Label.ASYSTOLE, Kind.ASYSTOLE),
        ("vt", Label.VT, Kind.VT),
        ("vf", Label.VF, Kind.VF),
    ],
)
def test_each_rhythm_is_told_and_alerted(rhythm, label, alert):
    found = heard(block_of(rhythm))
    assert label in labels(found)
    assert alert is None or alert in alerts(found)


def test_a_quiet_heart_raises_nothing():
    found = heard(block_of("sinus", seed=3))
    assert alerts(found) == set()
    assert labels(found) == [Label.UNKNOWN, Label.SINUS]


def test_premature_ventricular_beats_are_told_apart():
    found = heard(block_of("pvc"))
    kinds = [item.kind for item in found if isinstance(item, Beat)]
    assert 0.05 < kinds.count("V") / len(kinds) < 0.5


def test_the_same_is_told_however_the_signal_is_cut():
    block = block_of("vt", 40.0)

    def kept(piece: int) -> list[Finding]:
        found = heard(block, piece)
        return sorted((item for item in found if isinstance(item, Beat | Rhythm)), key=lambda item: str(item))

    assert kept(50) == kept(1000) == kept(block.end)


def test_every_beat_is_told_once_and_in_order():
    samples = [item.sample for item in heard(block_of("af")) if isinstance(item, Beat)]
    assert samples == sorted(set(samples))
    assert len(samples) > 60


def test_after_a_long_gap_fibrillation_is_seen_anew_and_told_anew():
    monitor = Monitor(MEASURED)
    found: list[Finding] = []
    first, second = block_of("af", 60.0), block_of("af", 60.0, seed=2)
    resumed = 660 * 500
    monitor.alerts.push_gap(first.end, resumed - first.end)
    later = Block(resumed, RATE, MEASURED, second.mv, second.valid)
    for block in (first, Block.nothing(first.end, resumed - first.end, RATE, MEASURED), later):
        for at in range(block.start, block.end, 500):
            part = block.cut(at, min(at + 500, block.end))
            found += monitor.push(part)
            found += monitor.judge(part.end)
    told = [(a.state, a.sample) for a in found if getattr(a, "kind", None) is Kind.AF and hasattr(a, "state")]
    assert [state for state, _ in told] == [State.ON, State.OFF, State.ON]
    assert told[1][1] < first.end + 15 * RATE
    assert told[2][1] > resumed + 25 * RATE
    fibrillating = [item.start for item in found if isinstance(item, Rhythm) and item.label is Label.AF]
    assert len(fibrillating) == 2
    assert fibrillating[1] >= resumed
