"""python -m benchmarks wheels: does all that the device needs come as a wheel for a 64-bit Raspberry Pi?

    python -m benchmarks wheels
    python -m benchmarks wheels --sizes          # fetches each wheel once, some 60 MB a Python version, to weigh it

Asks pip to resolve the requirements in pyproject.toml, with the extras a device may want, for aarch64 and for each
version of Python that edge-ecg runs on, from wheels alone: nothing to compile on the device. pip judges the
conditions on requirements ("python_version >= ...") by the Python that runs it, so what it found is held against them
once more for the Python that was meant. Ends with 1 where something does not resolve, and names it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks import result
from edge.errors import InputError

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
EXTRAS = ("onnx", "files")  # the other inference engine, and DICOM
BESIDE = ("ble", "web", "mqtt", "lsl", "metrics", "exports", "batch")  # what a device may want on top
PYTHONS = ("3.11", "3.12", "3.13")
# Raspberry Pi OS 12 (bookworm) has glibc 2.36 and takes all of these; pip wants each of them named.
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64")
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
_UNFOUND = re.compile(r"No matching distribution found for (\S+)")
_ADDRESS = re.compile(r"\S+://\S+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--extras", default=",".join(EXTRAS), help=f"of pyproject.toml (default {','.join(EXTRAS)})")
    parser.add_argument("--beside", default=",".join(BESIDE), help=f"as well, not weighed (default {','.join(BESIDE)})")
    parser.add_argument("--pythons", default=",".join(PYTHONS), help=f"versions (default {','.join(PYTHONS)})")
    parser.add_argument("--sizes", action="store_true", help="fetch the wheels to weigh them")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "wheels.json")


def run(args: argparse.Namespace) -> int:
    pythons, text = args.pythons.split(","), PYPROJECT.read_text()
    extras, beside = ([name for name in given.split(",") if name] for given in (args.extras, args.beside))
    needed, more = requirements(text, extras), requirements(text, [*extras, *beside])
    found = {python: _told(python, _resolve(needed, python, args.sizes)) for python in pythons}
    print(f"with {', '.join(beside)} as well:")
    as_well = {python: _told(python, _resolve(more, python, sizes=False)) for python in pythons}
    figures = {"platforms": PLATFORMS, "requirements": needed, "python": found}
    result.write(args.out, figures | {"beside": {"requirements": more, "python": as_well}}, ("pip",))
    return 0 if all(outcome["ok"] for outcome in (*found.values(), *as_well.values())) else 1


def _told(python: str, outcome: dict[str, Any]) -> dict[str, Any]:
    """`outcome`, after it is printed."""
    if outcome["ok"]:
        size = f", {outcome['mb']} MB" if outcome["mb"] is not None else ""
        print(f"Python {python}: {len(outcome['packages'])} wheels{size}")
    else:
        print(f"Python {python}, aarch64: {outcome['reason']}", file=sys.stderr)
    return outcome


def requirements(pyproject: str, extras: Sequence[str]) -> list[str]:
    """What the text of a pyproject.toml asks for on a device: its dependencies, and those of its `extras`.

    An extra that names others of the same project (`edge-ecg[files]`) stands for theirs. Raises InputError for an extra
    that there is none of.
    """
    project = tomllib.loads(pyproject)["project"]
    optional: dict[str, list[str]] = project.get("optional-dependencies", {})
    out: list[str] = list(project["dependencies"])
    waiting, seen = list(extras), set[str]()
    while waiting:
        extra = waiting.pop(0)
        if extra not in optional:
            raise InputError(f"pyproject.toml has no extra {extra!r}: it has {', '.join(optional)}")
        seen.add(extra)
        for text in optional[extra]:
            requirement = Requirement(text)
            if canonicalize_name(requirement.name) == canonicalize_name(project["name"]):
                waiting += sorted(requirement.extras - seen)
            elif text not in out:
                out.append(text)
    return out


def for_aarch64(python: str) -> list[str]:
    """pip's options for wheels, and nothing but wheels, of CPython `python` on aarch64."""
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    return ["--only-binary=:all:", *platforms, "--python-version", python, "--implementation", "cp"]


def _resolve(needed: Sequence[str], python: str, sizes: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        where = ["--dry-run", "--ignore-installed", "--target", f"{folder}/none", "--report", f"{folder}/report"]
        done = _pip("install", *where, *for_aarch64(python), *needed)
        if done.returncode:
            return {"ok": False, "reason": why(done.stderr), "packages": {}, "mb": None}
        report = json.loads(Path(folder, "report").read_text())
        packages = wheels(report)
        reason = unmet(report, needed, python)
        if sizes and reason is None:
            pinned = [f"{name}=={about['version']}" for name, about in packages.items()]
            done = _pip("download", "--no-deps", "--dest", folder, *for_aarch64(python), *pinned)
            for about in packages.values():
                wheel = Path(folder, about["wheel"])
                about["bytes"] = wheel.stat().st_size if wheel.exists() else None
    weights = [about["bytes"] for about in packages.values()]
    mb = None if None in weights else round(sum(weights) / 1e6, 1)
    return {"ok": reason is None, "reason": reason, "packages": packages, "mb": mb}


def _pip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PIP, *words], capture_output=True, text=True, check=False)


def wheels(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Name: version, file and size (not known yet) of each package in pip's installation report."""
    out = {}
    for item in report["install"]:
        file = PurePosixPath(unquote(urlsplit(item["download_info"]["url"]).path)).name
        out[item["metadata"]["name"]] = {"version": item["metadata"]["version"], "wheel": file, "bytes": None}
    return dict(sorted(out.items(), key=lambda entry: entry[0].lower()))


def unmet(report: dict[str, Any], needed: Sequence[str], python: str) -> str | None:
    """The first requirement that what pip found leaves open on aarch64 with Python `python`, or None."""
    there = {canonicalize_name(i["metadata"]["name"]): i["metadata"]["version"] for i in report["install"]}
    asked = [("edge-ecg", text) for text in needed]
    for item in report["install"]:
        asked += [(item["metadata"]["name"], text) for text in item["metadata"].get("requires_dist") or ()]
    target = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": "aarch64",
        "platform_system": "Linux",
        "sys_platform": "linux",
        "extra": "",
    }
    for by, text in asked:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate(target):
            continue
        version = there.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            has = "was not looked up" if version is None else f"is {version}"
            return f"{by} needs {requirement}, and {requirement.name} {has}"
    return None


def why(told: str) -> str:
    """In one line, without addresses, what pip told of its failure."""
    if "Retrying" in told:
        return "the package index cannot be reached"
    unfound = _UNFOUND.search(told)
    if unfound:
        return f"{unfound[1]} has no wheel"
    errors = [line.removeprefix("ERROR: ") for line in told.splitlines() if line.startswith("ERROR: ")]
    return _ADDRESS.sub("…", (errors or ["pip failed and says no more"])[0])
