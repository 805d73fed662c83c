"""NAME_st.jsonl beside a recording: the ST level of every lead, a line a minute, for the trend of a day."""

from __future__ import annotations

import json
import os
from pathlib import Path

from edge.errors import OutputError
from edge.events import Event
from edge.recordings.storage import open_to_write, output_error, write_at


class StLines:
    """Appends readings; what an earlier run wrote stays. The file is made with the first one.

    A line that was cut off, which a full disk or a power failure can do, is ended, and readers pass over it.
    Errors: OutputError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._end = 0

    def append(self, sample: int, told: Event) -> None:
        """`told` at `sample` of the record, which may not be that of this run's timeline."""
        if self._file < 0:
            self._open()
        line = {"sample": sample, "utc": told.get("utc"), "leads": told["leads"]}
        data = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        write_at(self._file, self._path, memoryview(data), self._end)
        self._end += len(data)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        self._file = open_to_write(self._path)
        try:
            self._end = os.fstat(self._file).st_size
            if self._end and os.pread(self._file, 1, self._end - 1) != b"\n":
                write_at(self._file, self._path, memoryview(b"\n"), self._end)
                self._end += 1
        except OSError as error:
            self.close()
            raise output_error(self._path, error) from None
        except OutputError:
            self.close()
            raise
