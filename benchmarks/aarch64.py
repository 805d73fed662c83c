"""python -m benchmarks aarch64: does a Raspberry Pi's processor answer what this machine answers?

    python -m benchmarks aarch64                                   # makes build/aarch64 first: some 500 MB, a minute
    python -m benchmarks aarch64 --cpu cortex-a72 --bundle mine --work elsewhere

Runs the bundle's variants, and the whole of edge, in a Debian for aarch64 under qemu's user emulation, on the cores of
a Pi 3 and a Zero 2 W (cortex-a53), a Pi 4 (cortex-a72) and a Pi 5 (cortex-a76), and compares with this machine: the
same windows of the network, with many kinds of masks; a short recording through `edge.reconstruct`; and the same
recording through `edge-run` with events, summary and a WFDB recording, whose counts must be the same. It says nothing
about speed.

Ends with 1 where a difference is beyond its limit, with 4 where the emulation cannot be set up.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import aarch64_inside, aarch64_root, result, wheels
from edge.bundle import RATE, Bundle, open_bundle
from edge.config import DEFAULT_BUNDLE
from edge.dsp.baseline import remove_baseline
from edge.errors import UsageError
from edge.leads import LEAD, LEADS
from edge.synthetic import synthesise

WORK = Path("build/aarch64")
CPUS = ("cortex-a53", "cortex-a72", "cortex-a76")
RHYTHMS = ("sinus", "tachy", "af", "vt")
MASKS = ("II,V1,V5", "I", "II", "V5", "I,II", "II,V5", "I,II,V2", "I,II,V1,V5", ",".join(LEADS))
SETTLED_S = 4  # where a window begins, behind the filter's first seconds
ROAD_S = 6
NOISE_UV = 10.0
COUNTED = ("duration_s", "samples", "twelve_leads", "beats", "alerts")  # of a summary: must be the same
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest differences between the machines that are let pass, by what the network computes in."""

    float_uv: float = 1.0
    int8_uv: float = 1.0  # LiteRT's static INT8 is the same everywhere
    dynamic_uv: float = 5.0  # a range taken from each window turns a float's last bit into a step
    onnx_int8_uv: float = 40.0  # ONNX Runtime's INT8 kernels round otherwise on ARM
    log_variance: float = 0.05  # half of it is a share of the standard deviation
    onnx_int8_log_variance: float = 0.3

    def of(self, engine: str, precision: str) -> tuple[float, float]:
        """uV of the leads, and log-variance, of a variant."""
        if "float" in precision:
            return self.float_uv, self.log_variance
        if engine == "onnx":
            return self.onnx_int8_uv, self.onnx_int8_log_variance
        return (self.dynamic_uv if "dynamic" in precision else self.int8_uv), self.log_variance


def add_arguments(parser: argparse.ArgumentParser) -> None:
    cores = ", ".join(aarch64_root.CORES)
    parser.add_argument(
        "--cpu", action="append", help=f"one of {cores}; may be given again (default: {', '.join(CPUS)})"
    )
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--work", type=Path, default=WORK, help=f"where the emulated system lies (default {WORK})")
    parser.add_argument("--mirror", help="of Debian, for debootstrap (default: its own)")
    for name, value in asdict(Limits()).items():
        unit = "uV" if name.endswith("uv") else "log mV2"
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=value, help=f"limit, {unit} ({value:g})")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "aarch64.json")


def run(args: argparse.Namespace) -> int:
    cpus = args.cpu or CPUS
    for cpu in cpus:
        if cpu not in aarch64_root.CORES:
            raise UsageError(f"no core {cpu!r}: choose from {', '.join(aarch64_root.CORES)}")
    limits = Limits(**{name: getattr(args, name) for name in asdict(Limits())})
    bundle = open_bundle(args.bundle)
    device = wheels.requirements(wheels.PYPROJECT.read_text(), wheels.EXTRAS)
    root = aarch64_root.build(args.work, device, args.mirror)
    questions = _questions(root.work, bundle)
    here = _here(root.work, bundle)
    qemu = subprocess.run([aarch64_root.QEMU, "--version"], capture_output=True, text=True, check=True).stdout
    figures: dict[str, Any] = {
        "windows": {"count": len(questions), "rhythms": RHYTHMS, "masks": MASKS},
        "limits": asdict(limits),
        "versions": {"here": json.loads(str(here["answers"]["about"]))},
        "qemu": qemu.split()[2],
        "cpus": {},
    }
    for cpu in cpus:
        there = _there(root, cpu, bundle)
        figures["versions"][cpu] = json.loads(str(there["answers"]["about"]))
        figures["cpus"][cpu] = _compared(here, there, bundle, limits)
    beyond = [f"{cpu}: {text}" for cpu, told in figures["cpus"].items() for text in told["beyond"]]
    print(json.dumps(figures["cpus"], indent=1))
    result.write(args.out, figures, ("numpy", "ai-edge-litert", "onnxruntime"))
    for text in beyond:
        print(text, file=sys.stderr)
    return 1 if beyond else 0


def windows_of(mv: Array, masks: tuple[str, ...], window: int) -> Array:
    """A network's inputs from filtered leads (n x 12, mV), one a mask, each from another place: masks x 24 x window."""
    out = np.zeros((len(masks), 2 * len(LEADS), window), np.float32)
    step = max(1, (len(mv) - window) // len(masks))
    for k, mask in enumerate(masks):
        given = [LEAD[name] for name in mask.split(",")]
        out[k, given] = mv[k * step : k * step + window, given].T
        out[k, [len(LEADS) + lead for lead in given]] = 1
    return out


def largest(a: Array, b: Array) -> float:
    """The largest difference; infinite where shapes, or places without a value, are not the same."""
    if a.shape != b.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
        return math.inf
    difference = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return float(np.nanmax(difference, initial=0.0))


def differences(here: Mapping[str, Array], there: Mapping[str, Array], variant: str) -> dict[str, Any]:
    """What the two machines' answers of one variant differ by, and whether they are bit for bit the same."""

    def of(what: str, unit: float = 1.0) -> float | None:
        found = largest(here[f"{variant}/{what}"], there[f"{variant}/{what}"])
        return round(unit * found, 7) if math.isfinite(found) else None  # JSON has no infinity

    parts = ("leads", "log_variance", "basis")
    pairs = [(here[f"{variant}/{part}"], there[f"{variant}/{part}"]) for part in parts]
    return {
        "identical": all(np.array_equal(a, b) for a, b in pairs),
        "identical_windows": sum(np.array_equal(a, b) for a, b in zip(*pairs[0], strict=False)),
        "leads_uv": of("leads", 1000),
        "log_variance": of("log_variance"),
        "basis": of("basis"),
        "road_leads_uv": of("road_mv", 1000),
        "road_sd_uv": of("road_sd", 1000),
        "road_origin_same": np.array_equal(here[f"{variant}/road_origin"], there[f"{variant}/road_origin"]),
    }


def beyond_limits(found: Mapping[str, Any], uv: float, log_variance: float) -> list[str]:
    """In words, what of a variant's differences is beyond its limits."""
    out = []
    for what, limit in (("leads_uv", uv), ("road_leads_uv", uv), ("log_variance", log_variance)):
        if found[what] is None or found[what] > limit:
            out.append(f"{what} {'not comparable' if found[what] is None else found[what]}, limit {limit:g}")
    return out if found["road_origin_same"] else [*out, "the leads' origins are not the same"]


def _compared(here: dict[str, Any], there: dict[str, Any], bundle: Bundle, limits: Limits) -> dict[str, Any]:
    told: dict[str, Any] = {"variants": {}, "left_out": [], "beyond": []}
    for variant in bundle.variants:
        name = variant.name
        if not all(f"{name}/leads" in side["answers"] for side in (here, there)):
            told["left_out"].append(name)  # an engine that is not on both sides
            continue
        found = differences(here["answers"], there["answers"], name)
        told["variants"][name] = found
        told["beyond"] += [
            f"{name}: {text}" for text in beyond_limits(found, *limits.of(variant.engine, variant.precision))
        ]
    if not told["variants"]:
        told["beyond"].append("no variant's engine is on both sides")
    counts = [{key: side["summary"].get(key) for key in COUNTED} for side in (here, there)]
    told["edge_run"] = {"counts": counts[1], "same_as_here": counts[0] == counts[1]}
    if counts[0] != counts[1]:
        told["beyond"].append(f"edge-run counts {counts[1]} and here {counts[0]}")
    return told


def _questions(work: Path, bundle: Bundle) -> Array:
    """Writes what both sides are asked; returns the windows."""
    seconds = SETTLED_S + 1 + 2 * bundle.window / RATE
    signals = [synthesise(rhythm, seconds, seed=k, noise_uv=NOISE_UV).mv for k, rhythm in enumerate(RHYTHMS)]
    filtered = [remove_baseline(mv, RATE)[round(SETTLED_S * RATE) :] for mv in signals]
    windows = np.concatenate([windows_of(mv, MASKS, bundle.window) for mv in filtered])
    mv = synthesise("sinus", ROAD_S, seed=1, noise_uv=NOISE_UV).mv[:, [LEAD[name] for name in aarch64_inside.LEADS]]
    np.savez(work / "questions.npz", windows=windows, mv=mv)
    header = f"# rate: {RATE:g}\n{','.join(aarch64_inside.LEADS)}"
    np.savetxt(work / "recording.csv", mv, fmt="%.6f", delimiter=",", header=header, comments="")
    return windows


def _here(work: Path, bundle: Bundle) -> dict[str, Any]:
    for words in _asked(work, bundle, "here"):
        aarch64_root.ran([sys.executable, *words], {}, "here")
    return _told(work, "here")


def _there(root: aarch64_root.Root, cpu: str, bundle: Bundle) -> dict[str, Any]:
    for words in _asked(root.work, bundle, cpu):
        root.python(cpu, *words)
    return _told(root.work, cpu)


def _asked(work: Path, bundle: Bundle, who: str) -> list[list[str]]:
    """Python's command lines of one side."""
    path = str(bundle.path.resolve())
    (work / f"{who}.jsonl").unlink(missing_ok=True)  # events are appended, and a recording grows
    shutil.rmtree(work / f"{who}-record", ignore_errors=True)
    outputs = ["--events", str(work / f"{who}.jsonl"), "--record", str(work / f"{who}-record")]
    first = bundle.variants[0]  # by name: each machine may have a choice of edge-bench's
    engine = ["--engine", first.engine, "--variant", first.precision]
    replay = ["--replay", str(work / "recording.csv"), "--speed", "max", "--view", "none"]
    return [
        ["-m", "benchmarks.aarch64_inside", path, str(work / "questions.npz"), str(work / f"{who}.npz")],
        ["-m", "edge.cli.run", "--bundle", path, *engine, *replay, *outputs, "--summary", str(work / f"{who}.json")],
    ]


def _told(work: Path, who: str) -> dict[str, Any]:
    with np.load(work / f"{who}.npz") as answers:
        return {"answers": dict(answers), "summary": json.loads((work / f"{who}.json").read_text())}
