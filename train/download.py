"""python -m train download: fetch a data set from PhysioNet, through the wfdb package.

    python -m train download ptbxl --out ~/data/ptbxl
    python -m train download mimic-iv-ecg --out ~/data/mimic --records 5000

An interrupted download goes on where it stopped: what is there and has the publisher's SHA-256 is not fetched again.
Not on PhysioNet: CODE-15 % (https://zenodo.org/records/4916206), CODE-test (https://zenodo.org/records/3765780) and
CPSC2018 in its own layout (http://2018.icbeb.org/Challenge.html; its records are in the challenges' sets too).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from edge.errors import EdgeError, InputError, OutputError, Reason, SourceUnavailable, UsageError
from train.data.progress import Progress
from train.data.sets import CC_BY, ODBL, ODC_BY

SUMS = "SHA256SUMS.txt"
PART = 100  # files a request of ours to the package, and so how much is looked at again after an interruption


@dataclass(frozen=True, slots=True)
class Published:
    """A set on PhysioNet."""

    slug: str
    megabytes: int  # of what is fetched, about: its records times their bytes
    licence: str
    wanted: tuple[str, ...]  # patterns of paths
    unwanted: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        return f"https://physionet.org/content/{self.slug}/"


PUBLISHED = {
    "ptbxl": Published("ptb-xl", 3_100, CC_BY, ("records*", "*.csv", "LICENSE*")),
    "ludb": Published("ludb", 30, ODC_BY, ("*",)),
    "cinc2011": Published("challenge-2011", 130, ODC_BY, ("set-a/*",), ("*.txt",)),  # .txt: the signals once more
    "mimic-iv-ecg": Published("mimic-iv-ecg", 97_000, ODBL, ("files/*", "*.csv", "LICENSE*")),
    "challenge": Published("challenge-2021", 12_000, CC_BY, ("training/*", "LICENSE*")),
    "nstdb": Published("nstdb", 20, ODC_BY, ("*",)),
}


def download(name: str, out: Path, records: int | None = None) -> int:
    """Fetch the set `name` into `out` (of its recordings the first `records`); returns how many files came.

    Errors: SourceUnavailable where PhysioNet cannot be reached or refuses; OutputError where the disk is too small or
    cannot be written; InputError where a file that came is not what its publisher's SHA-256 says.
    """
    chosen = PUBLISHED[name]
    _make_room(out, 0 if records else chosen.megabytes)
    _fetch(chosen, out, [SUMS], overwrite=True)
    listed = _chosen(_sums(out / SUMS), chosen, records)
    if not listed:
        raise InputError(f"{out / SUMS} lists nothing of {name}: the publisher has changed the layout")
    progress = Progress(f"download {name}", len(listed), "files")
    fetched = 0
    try:
        for part in _parts(list(listed.items())):
            needed = [path for path, digest in part if not _whole(out / path, digest)]
            for path in needed:
                (out / path).unlink(missing_ok=True)  # else the package would append to it
            if needed:
                _fetch(chosen, out, needed)
            for path in needed:
                if not _whole(out / path, listed[path]):
                    raise InputError(f"{out / path} came damaged: run the command again", Reason.HASH)
            fetched += len(needed)
            progress.step(len(part))
    except KeyboardInterrupt:
        what = f"interrupted: what came is kept in {out}; run the command again to go on"
        raise SourceUnavailable(what, Reason.NOT_FOUND) from None
    finally:
        progress.close()
    return fetched


def _make_room(out: Path, megabytes: int) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        there = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) if megabytes else 0
        free = shutil.disk_usage(out).free
    except OSError as error:
        raise OutputError(f"cannot write to {out}: {error.strerror}", Reason.UNWRITABLE) from None
    if megabytes * 10**6 - there > free:
        what = f"the set takes about {megabytes / 1000:g} GB and {out} has {free / 10**9:.1f} GB left"
        raise OutputError(f"{what}: free some, give another folder, or fetch a part with --records", Reason.FULL)


def _fetch(chosen: Published, out: Path, files: Sequence[str], *, overwrite: bool = False) -> None:
    import wfdb

    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the package tells every step
            wfdb.dl_files(chosen.slug, str(out), list(files), overwrite=overwrite)
    except IndexError:
        what = f"{chosen.page} tells no version that the wfdb package understands: try a newer wfdb"
        raise SourceUnavailable(what, Reason.PROTOCOL) from None
    except PermissionError as error:
        what = f"PhysioNet refuses {chosen.slug}, or {out} cannot be written ({error}): see {chosen.page}"
        raise SourceUnavailable(what, Reason.PERMISSION) from None
    except OSError as error:
        raise _unreachable(chosen, out, error) from None


def _unreachable(chosen: Published, out: Path, error: OSError) -> EdgeError:
    if error.errno is not None and error.filename is not None:
        return OutputError(f"cannot write {error.filename}: {error.strerror}", Reason.UNWRITABLE)
    what = f"{chosen.page} cannot be fetched ({type(error).__name__}): check the network, then run the command again"
    return SourceUnavailable(f"{what}; what is in {out} is kept", Reason.NOT_FOUND)


def _sums(path: Path) -> Iterator[tuple[str, str]]:
    """Path and SHA-256 of every file of the set."""
    with path.open() as file:
        for line in file:
            digest, _, name = line.strip().partition(" ")
            name = name.strip().removeprefix("./")
            if name and not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts:
                yield name, digest


def _chosen(sums: Iterator[tuple[str, str]], chosen: Published, records: int | None) -> dict[str, str]:
    def fits(name: str, patterns: Sequence[str]) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    listed = {name: digest for name, digest in sums if fits(name, chosen.wanted) and not fits(name, chosen.unwanted)}
    if records is None:
        return listed
    stems = [str(PurePosixPath(name).with_suffix("")) for name in listed if name.endswith(".hea")]
    left_out = set(stems[records:])
    return {name: digest for name, digest in listed.items() if str(PurePosixPath(name).with_suffix("")) not in left_out}


def _parts(entries: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    return (entries[k : k + PART] for k in range(0, len(entries), PART))


def _whole(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    lines = (f"  {name:14}{_size(it.megabytes):>7}  {it.licence:12}{it.page}" for name, it in PUBLISHED.items())
    parser.epilog = "sets, sizes and licences:\n" + "\n".join(lines)
    parser.add_argument("set", choices=PUBLISHED, metavar="SET", help="one of those below")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the set's own layout is kept in it")
    parser.add_argument("--records", type=int, metavar="N", help="the first N recordings only, and the tables")


def _size(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"


def run(args: argparse.Namespace) -> int:
    if args.records is not None and args.records < 1:
        raise UsageError(f"--records {args.records}: at least 1")
    chosen = PUBLISHED[args.set]
    much = f"the first {args.records} records" if args.records else f"about {_size(chosen.megabytes)}"
    print(f"{args.set}: {much} to {args.out}; licence {chosen.licence}, see {chosen.page}", flush=True)
    fetched = download(args.set, args.out, args.records)
    print(f"{fetched} files fetched; next: python -m train prepare {args.set} {args.out} --out cache/{args.set}")
    return 0
