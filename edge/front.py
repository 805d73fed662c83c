"""What every sample goes through before anything is made of it: bridging, resampling, the baseline filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edge.blocks import Block
from edge.bundle import RATE
from edge.dsp.baseline import Baseline
from edge.dsp.mains import Notch
from edge.dsp.resample import Resample
from edge.grid import Grid
from edge.timeline import Bridge

FrontStage = Bridge | Resample | Baseline | Notch | Grid


def front(rate: float, mains_hz: float | None = None, *, together: bool = False) -> list[FrontStage]:
    """The stages from a source's `rate` (Hz) to filtered leads at 500 Hz, in order; `together` as `Baseline` has it."""
    stages: list[FrontStage] = [Bridge(rate)]
    if rate != RATE:
        stages.append(Resample(rate, RATE))
    stages += [Grid(RATE), Baseline(RATE, together=together)]
    if mains_hz:
        stages.append(Notch(RATE, mains_hz))
    return stages


def through(stage: FrontStage, blocks: Iterable[Block]) -> Iterator[Block]:
    """Block by block, so that a long gap is never whole in memory."""
    for block in blocks:
        yield from stage.push(block)


def passed(stages: list[FrontStage], block: Block) -> list[Block]:
    """All that `stages` make of one block and of its end."""
    blocks = [block]
    for stage in stages:
        blocks = [*through(stage, blocks), *stage.flush()]
    return blocks
