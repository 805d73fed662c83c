"""How near each lead came to the truth, as a table for people."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from edge.blocks import Origin
from edge.sinks.glyphs import glyphs_for


@dataclass(frozen=True, slots=True)
class LeadScore:
    """One lead against the truth."""

    lead: str
    origin: Origin
    pcc: float  # Pearson's correlation; NaN where there is none
    rmse_uv: float


def summary_table(rows: Sequence[LeadScore], stream: TextIO | None = None) -> None:
    """Writes aligned columns; a bold head where `stream` is a terminal, no control codes elsewhere."""
    out = sys.stdout if stream is None else stream
    encoding = getattr(out, "encoding", None)
    marks = glyphs_for(encoding).mark
    bold, plain = ("\x1b[1m", "\x1b[0m") if out.isatty() and not os.environ.get("NO_COLOR") else ("", "")
    lines = [f"{bold}  {'lead':<4}  {'PCC':>6}  {'RMSE uV':>8}  origin{plain}"]
    for row in rows:
        pcc = f"{row.pcc:.3f}" if math.isfinite(row.pcc) else "-"
        rmse = f"{row.rmse_uv:.1f}" if math.isfinite(row.rmse_uv) else "-"
        lines.append(f"  {row.lead:<4}  {pcc:>6}  {rmse:>8}  {marks[row.origin]} {row.origin.value}")
    out.write("\n".join(lines) + "\n")
    out.flush()
