"""What the board says of itself. Nothing here fails for want of a file: what is not told is None.

The board's serial number stands in some of these files, and its host's name in others: neither is ever kept.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
ARM_CORES = {"0xd03": "Cortex-A53", "0xd08": "Cortex-A72", "0xd0b": "Cortex-A76"}  # of Raspberry Pi 3, 4, 5
CPU_ZONES = ("cpu-thermal", "cpu_thermal", "soc-thermal", "x86_pkg_temp")
TROUBLES = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")  # bits 0 to 3, from 16 on: ever
VCGENCMD_S = 2.0

Ask = Callable[[Sequence[str]], str | None]  # a command's output, None where it cannot be had


@dataclass(frozen=True, slots=True)
class Board:
    """What does not change."""

    model: str | None
    cpu: str | None
    machine: str | None
    cores: int | None
    usable_cores: int | None  # by this process
    memory_mb: int | None
    governor: str | None
    max_mhz: int | None
    system: str | None
    kernel: str | None
    libc: str | None
    python: str


@dataclass(frozen=True, slots=True)
class Strain:
    """How the board bears up."""

    mhz: int | None  # of the fastest core
    temperature_c: float | None
    throttled: str | None  # "no", or what happens and what has happened since the start


def board(root: Path = ROOT) -> Board:
    frequency = root / "sys/devices/system/cpu/cpu0/cpufreq"
    return Board(
        model=_text(root / "proc/device-tree/model") or _text(root / "sys/firmware/devicetree/base/model"),
        cpu=_cpu(_text(root / "proc/cpuinfo") or ""),
        machine=platform.machine() or None,
        cores=os.cpu_count(),
        usable_cores=usable_cores(),
        memory_mb=_megabytes(_text(root / "proc/meminfo") or ""),
        governor=_text(frequency / "scaling_governor"),
        max_mhz=_mhz(frequency / "cpuinfo_max_freq"),
        system=_system(_text(root / "etc/os-release") or ""),
        kernel=platform.release() or None,
        libc=_libc(),
        python=platform.python_version(),
    )


def strain(root: Path = ROOT, ask: Ask | None = None) -> Strain:
    cores = [_mhz(path) for path in root.glob("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq")]
    mhz = max((f for f in cores if f is not None), default=None)
    return Strain(mhz, _temperature_c(root), _throttled(root, ask or _asked))


def usable_cores() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count()


def _text(path: Path) -> str | None:
    """In ASCII, since it is printed wherever; a device tree's strings end with a zero byte."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError):
        return None
    return data.rstrip(b"\0").decode("ascii", "replace").replace("\ufffd", "?").strip() or None


def _number(path: Path) -> int | None:
    try:
        return int(_text(path) or "")
    except ValueError:
        return None


def _mhz(path: Path) -> int | None:
    khz = _number(path)
    return None if khz is None else round(khz / 1000)


def _cpu(cpuinfo: str) -> str | None:
    if named := re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE):
        return named[1].strip()
    if part := re.search(r"^CPU part\s*:\s*(0x[0-9a-f]+)$", cpuinfo, re.MULTILINE):
        return ARM_CORES.get(part[1], f"ARM part {part[1]}")
    return None


def _megabytes(meminfo: str) -> int | None:
    total = re.search(r"^MemTotal:\s*(\d+) kB", meminfo, re.MULTILINE)
    return round(int(total[1]) * 1024 / 1e6) if total else None


def _system(os_release: str) -> str | None:
    named = re.search(r'^PRETTY_NAME="?([^"\n]*)"?$', os_release, re.MULTILINE)
    return named[1] or None if named else None


def _libc() -> str | None:
    try:
        return " ".join(platform.libc_ver()).strip() or None
    except OSError:
        return None


def _temperature_c(root: Path) -> float | None:
    zones = sorted(root.glob("sys/class/thermal/thermal_zone[0-9]*"))
    zones.sort(key=lambda zone: _text(zone / "type") not in CPU_ZONES)
    for zone in zones:
        if (milli := _number(zone / "temp")) is not None:
            return milli / 1000
    return None


def _throttled(root: Path, ask: Ask) -> str | None:
    told = ask(("vcgencmd", "get_throttled")) or _text(root / "sys/devices/platform/soc/soc:firmware/get_throttled")
    bits = re.fullmatch(r"(?:throttled=)?(?:0x)?([0-9a-f]+)", (told or "").strip().lower())
    if bits is None:
        return None
    word = int(bits[1], 16)
    now = [trouble for k, trouble in enumerate(TROUBLES) if word >> k & 1]
    ever = [trouble for k, trouble in enumerate(TROUBLES) if word >> (16 + k) & 1]
    words = [f"now: {', '.join(now)}" if now else "", f"since the start: {', '.join(ever)}" if ever else ""]
    return "; ".join(filter(None, words)) or "no"


def _asked(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=VCGENCMD_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("ascii", "replace") if done.returncode == 0 else None
