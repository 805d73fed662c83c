"""MIT-format annotation files, as annot(5) has them: beats, rhythm changes and notes at sample numbers."""

from __future__ import annotations

import contextlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError, OutputError
from edge.recordings.recording import unreadable
from edge.recordings.storage import open_to_write, sync, write_at

# ecgcodes.h of the WFDB library; the numbers between are not assigned.
_CODES = {
    symbol: code
    for first, symbols in ((1, "NLRaVFJASEj/Q~"), (16, "|"), (18, 'sT*D"=pB^t+u?![]en@xf()r'))
    for code, symbol in enumerate(symbols, start=first)
}
_SYMBOLS = {code: symbol for symbol, code in _CODES.items()}
_LAST_CODE = 49  # up to here users may assign their own
_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63

_MAX_INTERVAL = 1023  # ten bits; a longer or backward step takes a SKIP
_MAX_SKIP = 2**31 - 1
MAX_AUX_BYTES = 255  # one byte tells the length
_END = b"\0\0"


@dataclass(frozen=True, slots=True)
class Annotation:
    sample: int  # from the record's start
    symbol: str  # N, V, ... for beats; + rhythm; " note; ~ signal quality
    aux: str = ""  # a rhythm's name, a note's text
    subtype: int = 0
    channel: int = 0
    number: int = 0


class AnnotationWriter:
    """Appends to an annotation file, which is whole after every `flush`, whatever becomes of the process.

    What is added between two flushes is put in order of time. An existing file is continued.
    Errors: OutputError where the file cannot be written, InputError where what is there is no annotation file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pending: list[Annotation] = []
        self._last, self._end = _state(path)
        self._file: int | None = open_to_write(path)

    def add(self, sample: int, symbol: str, aux: str = "") -> None:
        """Errors: ValueError for a negative sample or a symbol that the format does not have."""
        if sample < 0:
            raise ValueError(f"an annotation at sample {sample}, before the record's start")
        if symbol not in _CODES:
            raise ValueError(f"{symbol!r} is no annotation symbol: {' '.join(_CODES)}")
        self._pending.append(Annotation(sample, symbol, aux))

    def flush(self) -> None:
        """Everything that was added is in the file when this returns."""
        if not self._pending or self._file is None:
            return
        last, parts = self._last, []
        for annotation in sorted(self._pending, key=lambda a: a.sample):
            parts.append(_encoded(annotation, annotation.sample - last))
            last = annotation.sample
        data = b"".join(parts)
        try:
            write_at(self._file, self.path, data + _END, self._end)  # over the end mark that stood there
        except OutputError:
            with contextlib.suppress(OSError):  # growing by truncation writes zeros, the end mark, and needs no space
                os.ftruncate(self._file, self._end)
                os.ftruncate(self._file, self._end + len(_END))
            raise
        self._pending.clear()
        self._last, self._end = last, self._end + len(data)

    def close(self) -> None:
        if self._file is None:
            return
        try:
            self.flush()
            sync(self._file, self.path)
        finally:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> AnnotationWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_annotations(path: Path) -> list[Annotation]:
    """The annotations in a file, in order of time. Errors: InputError."""
    return sorted(_parsed(path)[0], key=lambda annotation: annotation.sample)


def _state(path: Path) -> tuple[int, int]:
    """The sample of the last annotation of a file that is to be continued, and where its end mark stands."""
    if not path.is_file() or not path.stat().st_size:
        return 0, 0
    _, last, end = _parsed(path)
    return last, end


def _parsed(path: Path) -> tuple[list[Annotation], int, int]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    try:
        return parse_annotations(data)
    except ValueError as error:
        raise InputError(f"{path} is no annotation file ({error}): copy it again") from None


def parse_annotations(data: bytes) -> tuple[list[Annotation], int, int]:
    """The annotations in a file's content, in its order; the sample of the last; the place of the end mark.

    An annotation that was cut off at the end is left away. Errors: ValueError.
    """
    annotations: list[Annotation] = []
    at = sample = channel = number = 0
    last = end = 0  # of the last annotation that is whole
    while at + 2 <= len(data):
        (word,) = struct.unpack_from("<H", data, at)
        code, low = word >> 10, word & _MAX_INTERVAL
        at += 2
        if word == 0:
            break
        if code == _SKIP:
            if at + 4 > len(data):
                break
            high, less = struct.unpack_from("<hH", data, at)
            sample, at = sample + (high << 16 | less), at + 4
            continue
        if code > _SKIP:
            raise ValueError(f"a field without its annotation at byte {at - 2}")
        sample += low
        subtype, aux, whole = 0, b"", True
        while at + 2 <= len(data) and (code_of := data[at + 1] >> 2) > _SKIP:
            value = data[at]
            at += 2
            if code_of == _SUB:
                subtype = value - 256 * (value > 127)
            elif code_of == _CHN:
                channel = value
            elif code_of == _NUM:
                number = value - 256 * (value > 127)
            else:
                aux = data[at : at + value]
                whole = len(aux) == value
                at += value + value % 2
        if not whole:
            break
        if code > _LAST_CODE:
            raise ValueError(f"code {code} at sample {sample} means nothing")
        text = aux.decode("utf-8", "replace").rstrip("\0")
        last, end = sample, at
        if code and not text.startswith("## time resolution:"):  # a note to readers, on no sample in particular
            annotations.append(Annotation(sample, _SYMBOLS.get(code, str(code)), text, subtype, channel, number))
    return annotations, last, end


def _encoded(annotation: Annotation, step: int) -> bytes:
    out = b""
    while not 0 <= step <= _MAX_INTERVAL:
        skip = max(-_MAX_SKIP, min(_MAX_SKIP, step))
        out += struct.pack("<H", _SKIP << 10) + struct.pack("<hH", skip >> 16, skip & 0xFFFF)
        step -= skip
    out += struct.pack("<H", _CODES[annotation.symbol] << 10 | step)
    if annotation.aux:
        aux = annotation.aux.encode()[:MAX_AUX_BYTES].decode("utf-8", "ignore").encode()  # no half letter at the cut
        out += struct.pack("<H", _AUX << 10 | len(aux)) + aux + b"\0" * (len(aux) % 2)
    return out
