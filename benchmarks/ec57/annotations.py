"""What is compared: the annotations of one annotator for one record, as arrays or from a WFDB annotation file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.ec57.classes import PACED
from edge.errors import InputError, Reason

Samples = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """In order of time; annotations at one sample keep the order they are given in.

    Errors: ValueError where the sequences differ in length or the rate is none.
    """

    rate: float  # Hz, of `samples`
    samples: Samples  # (n,) counted from the record's start
    symbols: Sequence[str]  # (n,) WFDB's codes: N, V, +, ~, [, ] ...
    aux: Sequence[str] = ()  # (n,) what goes with a code, as "(AFIB" with +; none: empty
    subtypes: Sequence[int] = ()  # (n,) of ~: which signals are unreadable; none: zeros
    length: int | None = None  # samples of the record, where it is known

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise ValueError(f"a rate of {self.rate} Hz: give the rate that the samples are counted at")
        samples = np.asarray(self.samples, np.int64)
        order = np.argsort(samples, kind="stable")
        put = object.__setattr__  # the frozen dataclass, while it is made
        put(self, "samples", samples[order])
        for name, empty in (("symbols", None), ("aux", ""), ("subtypes", 0)):
            given = list(getattr(self, name)) or ([empty] * len(samples) if empty is not None else [])
            if len(given) != len(samples):
                raise ValueError(f"{len(samples)} samples, but {len(given)} {name}: one for each annotation")
            put(self, name, tuple(given[k] for k in order))

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[tuple[int, str, str, int]]:
        return iter(zip(self.samples.tolist(), self.symbols, self.aux, self.subtypes, strict=True))

    @property
    def paced(self) -> bool:
        """Whether there are paced beats: EC57 leaves such records (102, 104, 107, 217 of mitdb) out."""
        return not PACED.isdisjoint(self.symbols)

    def at_rate(self, rate: float) -> Annotations:
        """The same in samples of `rate` Hz, to the nearest sample (a half upwards)."""
        if rate == self.rate:
            return self
        samples = np.floor(self.samples * (rate / self.rate) + 0.5).astype(np.int64)
        length = None if self.length is None else round(self.length * rate / self.rate)
        return replace(self, rate=rate, samples=samples, length=length)


def of_beats(rate: float, samples: npt.ArrayLike, symbol: str = "N") -> Annotations:
    """A detector's beats that are all of one kind."""
    found = np.asarray(samples, np.int64)
    return Annotations(rate, found, [symbol] * len(found))


def read(path: Path | str, annotator: str, rate: float | None = None) -> Annotations:
    """The annotation file PATH.ANNOTATOR of a WFDB record (`path` without suffix), with the record's length where
    there is a header.

    `rate`: Hz, used where neither the file nor a header tells.  Errors: InputError.
    """
    import wfdb

    record = str(path)
    if not Path(f"{record}.{annotator}").is_file():
        raise InputError(f"no annotations {record}.{annotator}: name the folder and the annotator", Reason.UNREADABLE)
    try:
        marks = wfdb.rdann(record, annotator)
        header = wfdb.rdheader(record) if Path(f"{record}.hea").is_file() else None
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise InputError(f"{record}.{annotator} cannot be read as WFDB annotations ({error})") from error
    known = marks.fs or (header.fs if header else None) or rate
    if known is None:
        raise InputError(f"{record}.{annotator} does not tell its sampling rate: put the record's header beside it")
    length = round(header.sig_len * known / header.fs) if header and header.sig_len else None
    aux = [text.rstrip("\x00").strip() for text in marks.aux_note]
    return Annotations(float(known), marks.sample, marks.symbol, aux, [int(s) for s in marks.subtype], length)
