"""A Debian for aarch64 in a folder, and how its Python runs here: by qemu's user emulation, no board, no chroot.

debootstrap fetches the packages, `dpkg-deb -x` unpacks them, none is ever installed; pip puts aarch64 wheels beside
them. Some 500 MB. Debian 12 is what Raspberry Pi OS 12 is made of, down to its Python 3.11.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.wheels import PIP, for_aarch64, why
from edge.errors import EdgeError, Reason, SourceUnavailable

CHECKOUT = Path(__file__).parents[1]
SUITE, PYTHON = "bookworm", "3.11"
PACKAGES = "python3,libstdc++6,libgomp1"  # what the wheels link to beyond the smallest Debian
QEMU = "qemu-aarch64-static"
TOOLS = {QEMU: "qemu-user-static", "debootstrap": "debootstrap", "dpkg-deb": "dpkg"}  # program: Debian package
LIBRARIES = ("usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu")
ALIKE = ("numpy", "ai-edge-litert", "onnxruntime")  # what computes: the same release on both sides
PATIENCE_S = 1800  # an emulated import of onnxruntime can take a minute on a busy machine

# What Linux says of each core; onnxruntime reads it, and crashes on an x86's. Features as on a Raspberry Pi.
_ARMV8 = "fp asimd evtstrm crc32 cpuid"
CORES = {
    "cortex-a53": ("0xd03", _ARMV8),  # Pi 3, Zero 2 W
    "cortex-a72": ("0xd08", _ARMV8),  # Pi 4
    "cortex-a76": ("0xd0b", _ARMV8 + " aes pmull sha1 sha2 atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"),  # Pi 5
}


@dataclass(frozen=True, slots=True)
class Root:
    """Where it lies."""

    work: Path

    @property
    def root(self) -> Path:
        return self.work / "root"

    @property
    def site(self) -> Path:
        return self.work / "site"

    def python(self, cpu: str, *words: str) -> str:
        """What `python words` prints on the core `cpu`, in the checkout's folder. Raises EdgeError where it fails."""
        part, features = CORES[cpu]
        _pretend(self.root, part, features)
        libraries = ":".join(str(self.root / folder) for folder in LIBRARIES)
        program = str(self.root / f"usr/bin/python{PYTHON}")
        command = [QEMU, "-cpu", cpu, "-L", str(self.root), "-E", f"LD_LIBRARY_PATH={libraries}", program, *words]
        paths = f"{self.site}:{CHECKOUT}"
        return ran(command, {"PYTHONHOME": str(self.root / "usr"), "PYTHONPATH": paths}, f"on {cpu}")


def require_tools() -> None:
    """Raises SourceUnavailable that names what is missing, and how to get it."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        packages = " ".join(TOOLS[tool] for tool in missing)
        text = f"not installed: {', '.join(missing)}; sudo apt install {packages}"
        raise SourceUnavailable(text, Reason.NOT_FOUND)


def build(work: Path, requirements: Sequence[str], mirror: str | None = None) -> Root:
    """The root in the folder `work`, made where it is not there yet, with the `requirements`.

    What computes comes in the version that is installed here, so that the machine is all that differs.
    Raises SourceUnavailable where it cannot be made.
    """
    require_tools()
    made = Root(work.resolve())
    made.work.mkdir(parents=True, exist_ok=True)
    if not (made.work / "root.done").exists():
        _debian(made.root, mirror)
        (made.work / "root.done").touch()
    pinned = "\n".join(_as_here(text) for text in requirements)
    done = made.work / "site.done"
    if not done.exists() or done.read_text() != pinned:
        shutil.rmtree(made.site, ignore_errors=True)
        _step([*PIP, "install", "--target", str(made.site), *for_aarch64(PYTHON), *pinned.split("\n")])
        done.write_text(pinned)
    return made


def ran(command: Sequence[str], environment: Mapping[str, str], where: str) -> str:
    """What `command` printed, run in the checkout's folder. Raises EdgeError with its last word where it fails."""
    variables = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        options = {"capture_output": True, "text": True, "check": False}
        done = subprocess.run(command, cwd=CHECKOUT, env=variables, timeout=PATIENCE_S, **options)  # type: ignore[call-overload]
    except subprocess.TimeoutExpired as error:
        raise EdgeError(f"{where}: no end after {PATIENCE_S} s", Reason.SILENT) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise EdgeError(f"{where}: ended with {done.returncode}: {last}", Reason.UNREADABLE)
    return str(done.stdout)


def _debian(root: Path, mirror: str | None) -> None:
    shutil.rmtree(root, ignore_errors=True)
    if os.geteuid() != 0:
        text = "debootstrap asks for root: run this as root, or under fakeroot (sudo apt install fakeroot)"
        raise SourceUnavailable(text, Reason.PERMISSION)
    what = ["--foreign", "--arch=arm64", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root)]
    _step(["debootstrap", *what, *([mirror] if mirror else [])])
    for package in sorted((root / "var/cache/apt/archives").glob("*.deb")):
        _step(["dpkg-deb", "-x", str(package), str(root)])


def _step(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["it says nothing"]
        reason = why(done.stderr) if "pip" in command else lines[-1]
        name = "pip" if "pip" in command else command[0]
        raise SourceUnavailable(f"{name} failed for aarch64: {reason}", Reason.UNREADABLE)


def _as_here(text: str) -> str:
    name = Requirement(text).name
    try:
        return f"{name}=={version(name)}" if name in ALIKE else text
    except PackageNotFoundError:
        return text


def _pretend(root: Path, part: str, features: str) -> None:
    """The files by which Linux describes four cores of the kind `part`; qemu shows the host's without them."""
    about = (
        f"Features\t: {features}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: {part}\nCPU revision\t: 0"
    )
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/cpuinfo").write_text("".join(f"processor\t: {k}\n{about}\n\n" for k in range(4)))
    cores = root / "sys/devices/system/cpu"
    cores.mkdir(parents=True, exist_ok=True)
    for name in ("possible", "present", "online"):
        (cores / name).write_text("0-3\n")
