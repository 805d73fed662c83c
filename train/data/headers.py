"""What publishers write into the comments of WFDB headers."""

from __future__ import annotations

from pathlib import Path

from edge.recordings.opening import open_recording
from edge.recordings.wfdb_file import read_header
from train.data.record import Record, Row


def comments(header: Path) -> dict[str, str]:
    """The comments of the form `key: value` of a WFDB header, keys in lower case. Raises InputError."""
    pairs = (line.partition(":") for line in read_header(header).comments)
    return {key.strip(" <>").lower(): value.strip() for key, colon, value in pairs if colon}


def wfdb_record(header: Path, row: Row) -> Record:
    """The recording whose header is `header` under the table row `row`.

    Dates that are in no calendar, `.mat` signal files and units in any case are read as they are. Raises InputError.
    """
    recording = open_recording(header)
    return Record(row, recording.rate, recording.leads, recording.mv)
