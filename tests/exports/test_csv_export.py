"""Read back by the csv module as text, and by edge-ecg's own reader."""

from __future__ import annotations

import csv

import numpy as np
from sinks.a_run import BEGAN, RATE

from edge.exports.csv_file import write_csv
from edge.exports.run_record import excerpt, open_run
from edge.leads import LEADS
from edge.recordings import open_recording


def test_every_sample_is_there_to_the_count_and_a_missing_one_is_an_empty_cell(recorded, tmp_path):
    write_csv(excerpt(open_run(recorded.path)), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    assert rows[0] == ["time", *(f"{lead} (mV)" for lead in LEADS)]
    uv = np.array([[round(1000 * float(cell)) if cell else -32768 for cell in row[1:]] for row in rows[1:]])
    np.testing.assert_array_equal(uv, recorded.uv)
    assert [float(row[0]) for row in rows[1:]] == [n / RATE for n in range(len(uv))]


def test_edge_ecg_reads_it_as_it_was(recorded, tmp_path):
    write_csv(excerpt(open_run(recorded.path), 10, 15, ["V5", "II"]), tmp_path / "a.csv")
    read = open_recording(tmp_path / "a.csv")
    assert (read.leads, read.rate) == (("V5", "II"), RATE)
    assert (read.start_utc - BEGAN).total_seconds() == 10
    expected = recorded.mv[10 * RATE : 25 * RATE][:, [LEADS.index("V5"), LEADS.index("II")]]
    np.testing.assert_allclose(read.mv, expected, atol=1e-6, equal_nan=True)


def test_it_says_which_leads_were_measured_and_that_it_is_no_medical_device(recorded, tmp_path):
    write_csv(excerpt(open_run(recorded.path), 0, 1, ["V2", "II", "III"]), tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text()
    assert "# origin,reconstructed,measured,derived\n" in text
    assert "Not a medical device" in text
