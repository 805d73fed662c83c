"""python -m train prepare: read a published data set and cache it as a corpus.

    python -m train prepare ptbxl ~/data/ptb-xl --out cache/ptbxl
    python -m train prepare code15 ~/data/code15 --out cache/code15 --seconds 7
    python -m train prepare edf ~/data/my-clinic --out cache/mine

A corpus is a folder: microvolts at 500 Hz (uv.npy, memory-mapped), a row a record (table.json), and every rejected
record with its reason (rejected.txt). It appears when it is complete; an interrupted run leaves none. Sets without
folds of their own are split by subject into ten; see the modules of train/data for what each publisher tells.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

from edge.errors import OutputError, Reason, UsageError
from train.data.pieces import hash_fold
from train.data.preprocess import RATE
from train.data.progress import Progress
from train.data.reading import read
from train.data.record import TRAINING_ONLY, Rejected, Row
from train.data.sets import SETS
from train.data.writer import REJECTED, CorpusWriter

SHOWN_REASONS = 8  # kinds, on the terminal; the file has every record
MOST_WORKERS = 256
SECONDS = (2.0, 600.0)  # shortest (one window) and longest piece


def prepare(
    name: str,
    root: Path,
    out: Path,
    seconds: float | None = None,
    *,
    zscore: bool = False,
    by_record: bool = False,
    workers: int = 0,
) -> CorpusWriter:
    """Read the set `name` (see `train.data.sets`) in `root` into the corpus `out`.

    `seconds`: length of the pieces (None: the set's own). `zscore`: every lead with mean 0 and deviation 1, which loses
    the millivolts. `by_record`: records of unknown patients are split into folds one by one, though two may be of one
    patient. `workers`: processes to read in (0: this one); the corpus is the same. Errors: InputError (a set that is
    another, or no usable record), OutputError, UsageError.
    """
    chosen = SETS[name]
    seconds = seconds or chosen.seconds
    source = chosen.read(root)
    about = {"set": name, "title": chosen.title, "licence": chosen.licence, "rate": RATE, "seconds": seconds}
    progress = Progress(f"prepare {name}", source.total, "records")
    try:
        with CorpusWriter(out, about, zscore=zscore) as writer:
            for found in read(source, seconds, workers):
                for piece in found:
                    if isinstance(piece, Rejected):
                        writer.reject(piece.name, piece.reason)
                    else:
                        writer.add(_placed(piece[0], name, by_record), piece[1])
                progress.step(remark=f", {len(writer.rejected)} rejected")
    except OSError as error:  # what goes wrong in reading is a rejected record
        raise OutputError(f"cannot write {out}: {error.strerror}: nothing was kept", Reason.UNWRITABLE) from None
    except KeyboardInterrupt:  # whoever goes on with the corpus in a script must not take this for success
        raise OutputError(f"interrupted: nothing was kept of {out}", Reason.UNWRITABLE) from None
    finally:
        progress.close()
    return writer


def _placed(row: Row, source: str, by_record: bool) -> Row:
    """The row with its source and, where the publisher has none, its fold."""
    if "fold" not in row or (by_record and row["fold"] == TRAINING_ONLY):
        row = row | {"fold": hash_fold(source, row["subject"])}
    return row | {"source": source}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    lines = "\n".join(f"  {name:14}{entry.title}; {entry.licence}" for name, entry in SETS.items())
    parser.epilog = f"sets and licences:\n{lines}"
    parser.add_argument("set", choices=SETS, metavar="SET", help="one of those below")
    parser.add_argument("root", type=Path, metavar="ROOT", help="the data set's folder, as its publisher ships it")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="the corpus; replaced if it is one")
    parser.add_argument("--seconds", type=float, help="length of the pieces (default: 10; 7 for code15 and code-test)")
    parser.add_argument("--zscore", action="store_true", help="z-score every lead; loses millivolts and ST levels")
    parser.add_argument(
        "--by-record",
        action="store_true",
        help="folds for records of unknown patients too (else fold 0, training only); a patient may be in two folds",
    )
    parser.add_argument("--workers", type=int, default=0, help="processes to read in (default 0: this one)")


def run(args: argparse.Namespace) -> int:
    if args.seconds is not None and not SECONDS[0] <= args.seconds <= SECONDS[1]:
        raise UsageError(f"--seconds {args.seconds:g}: {SECONDS[0]:g} to {SECONDS[1]:g} s")
    if not 0 <= args.workers <= MOST_WORKERS:
        raise UsageError(f"--workers {args.workers}: 0 to {MOST_WORKERS}")
    how = {"zscore": args.zscore, "by_record": args.by_record, "workers": args.workers}
    writer = prepare(args.set, args.root, args.out, args.seconds, **how)
    print(summary(args.set, args.out, writer))
    return 0


def summary(name: str, out: Path, writer: CorpusWriter) -> str:
    """What became of the records, in a few lines."""
    lines = [f"{writer.count} records of {name} in {out}, {len(writer.rejected)} rejected"]
    kinds = Counter(re.sub(r"\d[\d.]*", "N", entry.reason) for entry in writer.rejected)
    for kind, count in kinds.most_common(SHOWN_REASONS):
        example = next(entry for entry in writer.rejected if re.sub(r"\d[\d.]*", "N", entry.reason) == kind)
        lines.append(f"  {count:6} as {example}")
    if len(kinds) > SHOWN_REASONS:
        lines.append(f"  and {len(kinds) - SHOWN_REASONS} kinds more")
    if writer.rejected:
        lines.append(f"  all of them: {out / REJECTED}")
    return "\n".join(lines)
