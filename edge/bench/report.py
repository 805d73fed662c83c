"""What was measured, as JSON: all of it, and what can be sent to others."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from edge import __version__
from edge.bench.inputs import PATCH
from edge.bench.measured import Measured
from edge.bench.turns import HOP_S
from edge.bundle import RATE

FORMAT = 1
SHARED = (  # of a timing
    "variant",
    "threads",
    "load_ms",
    "first_ms",
    "windows",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "worst_ms",
    "core_percent",
)


def as_json(found: Measured) -> str:
    """All of it, on several lines."""
    return json.dumps(report(found), indent=1, allow_nan=False)


def report(found: Measured) -> dict[str, Any]:
    best = found.best
    return {
        "command": "edge-bench",
        "format": FORMAT,
        "version": __version__,
        "day": found.day,
        "interrupted": found.interrupted,
        "board": {
            **asdict(found.board),
            "before": asdict(found.before),
            "after_windows": asdict(found.after) if found.after else None,
        },
        "bundle": {
            "name": found.bundle.name,
            "checkpoint_sha256": found.bundle.manifest.get("network", {}).get("checkpoint_sha256"),
            "window_s": found.bundle.window / RATE,
        },
        "method": {
            "windows": f"of a synthetic heart, leads {', '.join(PATCH)}, back to back, one of each variant in turn",
            "duration_s": found.settings.duration,
            "hop_s": HOP_S,
            "alerts": "from the patch's sending the message with the sample to the alert's line out of edge-run",
        },
        "windows": [asdict(t) for t in found.timings],
        "left_out": [
            {"variants": out.variants, "reason": out.reason.value, "text": out.text} for out in found.left_out
        ],
        "memory": {"resident_mb": found.resident_mb, "variants": [asdict(m) for m in found.memory]},
        "packages": [asdict(p) for p in found.packages],
        "stream": asdict(found.streamed) if found.streamed else None,
        "best": {"variant": best.variant, "threads": best.threads} if best else None,
    }


def shared(found: Measured) -> str:
    """One line without a host's or a user's name, a path or a serial number: only what is named here goes in.

    The texts of what went wrong stay out, for they name paths.
    """
    whole = report(found)
    of = {key: whole[key] for key in ("command", "format", "version", "day", "interrupted", "board", "bundle", "best")}
    of["windows"] = [{key: timing[key] for key in SHARED} for timing in whole["windows"]]
    of["left_out"] = [{"variants": out["variants"], "reason": out["reason"]} for out in whole["left_out"]]
    of["memory"] = whole["memory"]
    of["packages"] = {p["name"]: [p["version"], p["mb"]] for p in whole["packages"]}
    streamed = whole["stream"]
    of["stream"] = streamed and {**streamed, "failed": streamed["failed"] is not None}
    return json.dumps(of, separators=(",", ":"), allow_nan=False)
