import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need the extra edge-ecg[demo]")
from matplotlib.image import imread

from edge.blocks import Origin, TwelveLeads
from edge.dsp.baseline import remove_baseline
from edge.errors import OutputError, UsageError
from edge.leads import LEAD, LEADS
from edge.paper import draw

RATE = 500
PX_PER_MM = 8
ALL_MEASURED = (Origin.MEASURED,) * 12
PATCH = tuple(Origin.MEASURED if lead in ("II", "V1", "V5") else Origin.RECONSTRUCTED for lead in LEADS)


def twelve(mv, origin=ALL_MEASURED, sd=0.0):
    mv = np.asarray(mv, np.float32)
    return TwelveLeads(0, mv, np.full_like(mv, sd), origin)


def black(path):
    """Where the paper is black: measured traces, pulses, their labels."""
    return imread(path)[:, :, :3].max(axis=2) < 0.25


def teal(path):
    """Where the colour of reconstructed leads is, at full strength."""
    red, green, blue = np.moveaxis(imread(path)[:, :, :3], 2, 0)
    return (red < 0.2) & (green > 0.35) & (blue > 0.3)


def pulses(ink):
    """How many calibration pulses stand in the left margin: their flat tops."""
    tops = ink[25 * PX_PER_MM :, 14 * PX_PER_MM : 16 * PX_PER_MM].all(axis=1)
    return int((np.diff(tops.astype(int)) == 1).sum())


def bars(on):
    """Centres of the runs in a line of flags."""
    edges = np.diff(on.astype(int), prepend=0, append=0)
    return (np.flatnonzero(edges == 1) + np.flatnonzero(edges == -1) - 1) / 2


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    """Ten flat seconds, all measured."""
    path = tmp_path_factory.mktemp("sheet") / "flat.png"
    draw(path, twelve(np.zeros((12 * RATE, 12))), title="flat", seconds=10)
    return path


def test_a_second_is_25_mm_and_a_millivolt_10_mm_to_a_percent(tmp_path):
    mv = np.zeros((10 * RATE, 12), np.float32)
    mv[RATE // 2 :: RATE, LEAD["II"]] = 3.0  # a spike a second
    draw(tmp_path / "scale.png", twelve(mv), title="scale")
    ink = black(tmp_path / "scale.png")[: -15 * PX_PER_MM, 22 * PX_PER_MM :]  # without pulses and footnote
    line = int(np.flatnonzero(ink.mean(axis=1) > 0.8)[-1])  # the rhythm strip is the lowest
    spikes = bars(ink[line - 15 * PX_PER_MM])
    assert len(spikes) == 10
    assert np.diff(spikes) == pytest.approx(25 * PX_PER_MM, rel=0.01)
    column = int(spikes[1])
    top = np.flatnonzero(ink[line - 35 * PX_PER_MM : line, column - 1 : column + 2].any(axis=1))[0]
    assert 35 * PX_PER_MM - top == pytest.approx(30 * PX_PER_MM, rel=0.01)


def test_the_calibration_pulse_is_1_mv_for_200_ms(sheet):
    ink = black(sheet)[25 * PX_PER_MM : 70 * PX_PER_MM, : 19 * PX_PER_MM]
    top = int(np.flatnonzero(ink[:, 15 * PX_PER_MM])[0])
    foot = int(np.flatnonzero(ink[:, 11 * PX_PER_MM])[0])
    assert foot - top == pytest.approx(10 * PX_PER_MM, rel=0.01)
    assert np.diff(bars(ink[top + 5 * PX_PER_MM])) == pytest.approx([5 * PX_PER_MM], rel=0.01)


def test_ten_seconds_make_the_clinical_sheet(sheet):
    assert pulses(black(sheet)) == 4
    assert imread(sheet).shape[1] == 280 * PX_PER_MM


def test_large_complexes_do_not_run_into_the_next_row(tmp_path):
    mv = np.zeros((10 * RATE, 12), np.float32)
    mv[100::400] = 3.5
    mv[110::400] = -3.0
    mv[800:810, LEAD["II"]] = 60.0  # an artefact: cut, not drawn over the others
    draw(tmp_path / "tall.png", twelve(mv), title="tall")
    ink = black(tmp_path / "tall.png")[25 * PX_PER_MM : -15 * PX_PER_MM, 50 * PX_PER_MM : 80 * PX_PER_MM]
    rows = ink.any(axis=1)
    assert len(bars(rows)) == 4
    assert np.diff(np.flatnonzero(rows)).max() >= 3 * PX_PER_MM


def test_reconstructed_leads_have_a_colour_and_a_band_of_their_own(sheet, tmp_path):
    mv = np.zeros((10 * RATE, 12), np.float32)
    draw(tmp_path / "band.png", twelve(mv, PATCH, 0.2), title="flat")
    assert not teal(sheet).any()
    assert teal(tmp_path / "band.png").sum() > 1000
    changed = np.abs(imread(tmp_path / "band.png") - imread(sheet)).max(axis=2) > 0.02
    column = changed[:, 60 * PX_PER_MM]  # I and III are reconstructed, II and the rhythm strip are not
    assert column.sum() == pytest.approx(2 * 2 * 1.645 * 0.2 * 10 * PX_PER_MM, rel=0.1)


def test_a_blinded_sheet_is_the_same_whatever_was_measured(tmp_path):
    mv = np.zeros((10 * RATE, 12), np.float32)
    for name, origin in (("all", ALL_MEASURED), ("patch", PATCH)):
        draw(tmp_path / f"{name}.png", twelve(mv, origin, 0.2), title="Sheet 01", blinded=True)
    assert (tmp_path / "all.png").read_bytes() == (tmp_path / "patch.png").read_bytes()
    assert pulses(black(tmp_path / "all.png")) == 4


def test_an_unavailable_stretch_is_left_blank(tmp_path):
    mv = np.zeros((10 * RATE, 12), np.float32)
    mv[3 * RATE : 4 * RATE] = np.nan
    draw(tmp_path / "gap.png", twelve(mv), title="gap")
    ink = black(tmp_path / "gap.png")[25 * PX_PER_MM : -15 * PX_PER_MM]
    at = [20 + 25 * second for second in (2.9, 3.05, 3.5, 3.95, 4.1)]  # mm
    below_labels = [int(len(bars(ink[:, round(x * PX_PER_MM)])) >= 4) for x in at]
    assert below_labels == [1, 0, 0, 0, 1]


def test_the_truth_goes_beneath_and_shows_where_it_differs(tmp_path):
    mv = np.zeros((10 * RATE, 12), np.float32)
    truth = mv.copy()
    truth[600:1200] = 0.5
    draw(tmp_path / "truth.png", twelve(mv, PATCH), title="truth", truth=truth)
    image = imread(tmp_path / "truth.png")[:, :, :3]
    differs, agrees = (image[:, round((20 + 25 * second) * PX_PER_MM)] for second in (1.8, 2.45))
    grey = [
        bars((np.ptp(column, axis=1) < 0.08) & (column.max(axis=1) < 0.7) & (column.min(axis=1) > 0.3))
        for column in (differs, agrees)
    ]
    assert len(grey[0]) - len(grey[1]) == 4  # a line more in each row


def test_a_real_recording_fits_the_sheet(tmp_path):
    pydicom = pytest.importorskip("pydicom", reason="the real recording lies in pydicom's wheel")
    from pydicom.data import get_testdata_file
    from scipy.signal import resample_poly

    uv = pydicom.dcmread(get_testdata_file("waveform_ecg.dcm", download=False)).waveform_array(0)
    mv = remove_baseline(resample_poly(uv / 1000, 1, 2, axis=0).astype(np.float32), RATE)
    draw(tmp_path / "real.png", twelve(mv, PATCH, 0.05), truth=mv, title="II, V1, V5 of $1 and $2")
    image = imread(tmp_path / "real.png")
    assert image.shape[1] == 280 * PX_PER_MM  # 10 s, pulse and margins
    assert image.shape[0] < 210 * PX_PER_MM  # A4
    assert pulses(black(tmp_path / "real.png")) == 4


def test_a_picture_that_cannot_be_written_is_an_output_error_that_names_it(tmp_path):
    with pytest.raises(OutputError, match="no-such-folder"):
        draw(tmp_path / "no-such-folder" / "a.png", twelve(np.zeros((500, 12))), title="x")


def test_nothing_to_draw_is_said(tmp_path):
    with pytest.raises(UsageError, match="no samples"):
        draw(tmp_path / "a.png", twelve(np.zeros((0, 12))), title="x")


def test_importing_paper_loads_no_plotting_and_drawing_loads_no_pyplot():
    code = (
        "import sys, numpy as np; from pathlib import Path; import edge.paper as p; from edge.blocks import *;"
        "assert 'matplotlib' not in sys.modules;"
        "z = np.zeros((500, 12), np.float32);"
        "p.draw(Path(sys.argv[1]), TwelveLeads(0, z, z, (Origin.MEASURED,) * 12), title='t');"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, "/dev/null"], check=True, cwd=root, timeout=60)
