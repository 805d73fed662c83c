"""python -m benchmarks floors: how fast the network can be on a Raspberry Pi at the very best, computed.

    python -m benchmarks floors

No board was measured. A core multiplies and accumulates so many lanes a cycle and no more; with that alone

    ms a window = MACs / (MACs a cycle x GHz x 1e6) / share of the peak        percent of a core = ms / 10 / hop in s

at the peak and at half of it, which good kernels reach on layers that are not small. Loads, ReLUs, the layers' own cost
and everything around the network come on top: a floor, to be replaced by readings of `edge-bench`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import result
from edge.bundle import open_bundle
from edge.config import DEFAULT_BUNDLE

SHARES = (1.0, 0.5)  # of the peak
HOP_S = 1.0


@dataclass(frozen=True, slots=True)
class Core:
    """Multiply-accumulates of 128-bit NEON instructions a cycle, one core, all else for nothing."""

    name: str
    float32: float
    int8: float


@dataclass(frozen=True, slots=True)
class Board:
    name: str
    core: Core
    ghz: float  # Raspberry Pi's own data sheets


# One FMLA (4 lanes) a cycle, the 8 operations that are commonly given for it. ARM's own timings of this core are
# not public; LLVM's model of it (AArch64SchedA53.td) allows half. No dot product (ARMv8.0): INT8 goes by SMLAL, 8 lanes
# into 16 bits, one a cycle, and the sums into 32 bits are not counted.
A53 = Core("Cortex-A53", 4, 8)
# "Cortex-A57 Software Optimization Guide" (ARM UAN 0015) as LLVM has it in AArch64SchedA57.td, its model of the
# A72 too: an FMLA on 128 bits takes both pipes, SMLAL goes to the first alone, so one a cycle of each. No dot product.
A72 = Core("Cortex-A72", 4, 8)
# "Cortex-A76 Software Optimization Guide", ASIMD instructions: two FMLA a cycle (4 lanes), two SDOT (16 products).
A76 = Core("Cortex-A76", 8, 32)

BOARDS = (
    Board("Raspberry Pi Zero 2 W", A53, 1.0),
    Board("Raspberry Pi 3 B", A53, 1.2),
    Board("Raspberry Pi 4 B", A72, 1.5),
    Board("Raspberry Pi 4 B, boosted", A72, 1.8),
    Board("Raspberry Pi 5", A76, 2.4),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--out", type=Path, default=result.RESULTS / "floors.json")


def run(args: argparse.Namespace) -> int:
    macs = int(open_bundle(args.bundle).manifest["network"]["macs"])
    figures = {"computed": True, "macs": macs, "hop_s": HOP_S, "boards": {b.name: floors(b, macs) for b in BOARDS}}
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, ())
    return 0


def floors(board: Board, macs: int) -> dict[str, Any]:
    """ms a window and percent of one core, by precision and share of the peak."""
    out: dict[str, Any] = {"core": board.core.name, "ghz": board.ghz}
    for precision, macs_per_cycle in (("float32", board.core.float32), ("int8", board.core.int8)):
        out[precision] = {"macs_per_cycle": macs_per_cycle}
        for share in SHARES:
            ms = window_ms(macs, macs_per_cycle, board.ghz, share)
            figures = {"ms": round(ms, 2), "core_percent": round(ms / 10 / HOP_S, 3)}
            out[precision][f"at {share:.0%} of the peak"] = figures
    return out


def window_ms(macs: int, macs_per_cycle: float, ghz: float, share: float) -> float:
    """ms that `macs` take at `share` (0 to 1) of what a core at `ghz` can do."""
    return macs / (macs_per_cycle * ghz * 1e6) / share
