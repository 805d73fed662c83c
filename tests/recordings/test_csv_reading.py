from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError
from edge.recordings import Recording, open_recording


def opened(folder: Path, text: str) -> Recording:
    (folder / "r.csv").write_text(text, "utf-8")
    return open_recording(folder / "r.csv")


def test_a_table_with_a_rate_in_its_head(tmp_path):
    r = opened(tmp_path, "# rate: 500 Hz\n# start: 2026-03-01T12:00:00+01:00\nII,V1\n0.1,-0.2\n0.3,\n0.5,nan\n")
    assert (r.rate, r.leads) == (500.0, ("II", "V1"))
    assert r.start_utc == datetime(2026, 3, 1, 11, tzinfo=UTC)
    np.testing.assert_array_equal(r.mv, np.float32([[0.1, -0.2], [0.3, np.nan], [0.5, np.nan]]))


@pytest.mark.parametrize("head", ["time", "t", "Time (s)", "time_s", "seconds"])
def test_a_time_column_in_seconds_gives_the_rate(tmp_path, head):
    rows = "\n".join(f"{k / 360:.6f},{k}" for k in range(720))
    r = opened(tmp_path, f"{head},II\n{rows}\n")
    assert r.rate == 360.0
    np.testing.assert_array_equal(r.mv[:, 0], np.arange(720))


@pytest.mark.parametrize("rate", [130, 250, 360, 500, 700])
def test_a_time_column_in_whole_milliseconds_gives_the_rate_all_the_same(tmp_path, rate):
    rows = "\n".join(f"{round(k * 1000 / rate)},{k}" for k in range(10 * rate))
    r = opened(tmp_path, f"time_ms,II\n{rows}\n")
    assert r.rate == rate
    assert len(r.mv) == 10 * rate


def test_a_jump_of_the_time_is_a_gap(tmp_path):
    rows = "\n".join(f"{k * 4},{k}" for k in range(1000) if not 300 <= k < 450 and k != 700)
    r = opened(tmp_path, f"ms,II\n{rows}\n")
    assert (r.rate, len(r.mv)) == (250.0, 1000)
    gone = np.isnan(r.mv[:, 0])
    assert np.flatnonzero(gone).tolist() == [*range(300, 450), 700]
    np.testing.assert_array_equal(r.mv[~gone, 0], np.flatnonzero(~gone))


def test_units_of_the_file_and_of_a_column(tmp_path):
    r = opened(tmp_path, "# rate: 250\n# unit: uV\nII,V1 (mV),V5 [V],SpO2 (%)\n1000,1,0.001,98\n500,0.5,0.0005,97\n")
    assert r.leads == ("II", "V1", "V5")
    np.testing.assert_allclose(r.mv, [[1, 1, 1], [0.5, 0.5, 0.5]])


def test_semicolons_tabs_and_decimal_commas(tmp_path):
    r = opened(tmp_path, "# rate: 250\nindex;II;V1\n0;0,5;-1,25\n1;1,5;\n")
    np.testing.assert_array_equal(r.mv, np.float32([[0.5, -1.25], [1.5, np.nan]]))
    r = opened(tmp_path, "# rate: 250\nII\tV1\n0.5\t1\n")
    assert r.mv.shape == (1, 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("II,V1\n1,2\n", "neither a time column nor"),
        ("# rate: fast\nII\n1\n", "no rate in Hz"),
        ("# rate: 250\n# unit: furlong\nII\n1\n", "no voltage"),
        ("# rate: 250\n1,2\n3,4\n", "line 2: numbers where the names"),
        ("# rate: 250\nII,V1\n1,2\n1,2,3\n", "line 4: 3 cells for 2 names"),
        ("# rate: 250\nII,V1\n1,2\n1,x\n", "line 4: 'x' is no number"),
        ("# rate: 250\nII,V1\n", "no numbers below"),
        ("# rate: 250\n", "no line that names its columns"),
        ("time,II\n0,1\n0.1,1\n0.1,1\n", "stands still or goes backwards"),
        ("time,II\n0,1\nnan,1\n0.1,1\n", "stands still or goes backwards"),
        ("time,SpO2 (%)\n0,1\n1,1\n", "no ECG channel"),
        ("# rate: 1\ntime,II\n0,1\n0.001,1\n1e15,1\n", "too long"),
    ],
)
def test_a_table_that_makes_no_sense_says_where(tmp_path, text, says):
    with pytest.raises(InputError) as caught:
        opened(tmp_path, text)
    assert says in str(caught.value)
    assert "r.csv" in str(caught.value)
