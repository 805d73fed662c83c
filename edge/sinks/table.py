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
    """One lead against the truth; `enrolled_…`: with the patient's file, where there is one."""

    lead: str
    origin: Origin
    pcc: float  # Pearson's correlation; NaN where there is none
    rmse_uv: float
    enrolled_pcc: float | None = None
    enrolled_rmse_uv: float | None = None


def summary_table(rows: Sequence[LeadScore], stream: TextIO | None = None) -> None:
    """Writes aligned columns; a bold head where `stream` is a terminal, no control codes elsewhere."""
    out = sys.stdout if stream is None else stream
    encoding = getattr(out, "encoding", None)
    marks = glyphs_for(encoding).mark
    bold, plain = ("\x1b[1m", "\x1b[0m") if out.isatty() and not os.environ.get("NO_COLOR") else ("", "")
    two = any(row.enrolled_pcc is not None for row in rows)
    lines = [f"{bold}        {'blind':>15}    {'enrolled':>15}{plain}"] if two else []
    columns = f"  {'PCC':>6}  {'RMSE uV':>8}"
    lines.append(f"{bold}  {'lead':<4}{columns}{'  ' + columns if two else ''}  origin{plain}")
    for row in rows:
        figures = _figures(row.pcc, row.rmse_uv)
        if two:
            figures += "  " + _figures(row.enrolled_pcc, row.enrolled_rmse_uv)
        lines.append(f"  {row.lead:<4}{figures}  {marks[row.origin]} {row.origin.value}")
    out.write("\n".join(lines) + "\n")
    out.flush()


def _figures(pcc: float | None, rmse_uv: float | None) -> str:
    correlation = "-" if pcc is None or not math.isfinite(pcc) else f"{pcc:.3f}"
    error = "-" if rmse_uv is None or not math.isfinite(rmse_uv) else f"{rmse_uv:.1f}"
    return f"  {correlation:>6}  {error:>8}"
