from __future__ import annotations

import json
import re
import time

import pytest
from command_line import ended, process

from edge.leads import LEADS

FIGURE = r" +(-?[\d.]+|-)"
ROW = re.compile(
    rf"^ +(\S+){4 * FIGURE} +\S+ (measured|derived|reconstructed|unavailable)$", re.MULTILINE
)  # PCC and RMSE blind, PCC and RMSE enrolled


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What the demo printed, the folder it ran in, and how long it took (s)."""
    pytest.importorskip("pydicom", reason="the demo's recording comes with pydicom")
    pytest.importorskip("matplotlib", reason="the demo draws with matplotlib")
    folder = tmp_path_factory.mktemp("demo")
    began_s = time.monotonic()
    told = ended(process("--demo", "--summary", folder / "summary", cwd=folder), 60.0)
    return told, folder, time.monotonic() - began_s


def table(demo):
    """By lead: PCC and RMSE (uV) blind, the same enrolled, origin."""
    return {lead: (*map(float, figures), origin) for lead, *figures, origin in ROW.findall(demo[0].out)}


def test_the_demo_ends_by_itself_within_half_a_minute(demo):
    told, _, seconds = demo
    assert told.code == 0
    assert told.err == ""
    assert seconds < 30


def test_every_sample_that_went_in_came_out(demo):
    told, folder, _ = demo
    assert "5000 samples in, 5000 out, 0 lost" in told.out
    samples = json.loads((folder / "summary").read_text())["samples"]
    assert (samples["in"], samples["out"], sum(samples["lost"].values())) == (5000, 5000, 0)


def test_the_table_has_a_row_a_lead_and_measured_leads_come_through_untouched(demo):
    rows = table(demo)
    assert tuple(rows) == LEADS
    for lead in ("II", "V1", "V5"):
        blind_pcc, blind_uv, enrolled_pcc, enrolled_uv, origin = rows[lead]
        assert origin == "measured"
        assert min(blind_pcc, enrolled_pcc) > 0.999
        assert max(blind_uv, enrolled_uv) < 1.0
    others = [row[0] for row in rows.values() if row[-1] == "reconstructed"]
    assert len(others) == 9
    assert sum(others) / 9 > 0.8


def test_the_second_column_shows_what_four_seconds_of_this_heart_are_worth(demo):
    rows = table(demo)
    assert "first 4 s" in demo[0].out
    others = [row for row in rows.values() if row[-1] == "reconstructed"]
    assert sum(row[3] for row in others) < 0.8 * sum(row[1] for row in others)  # uV
    for lead in ("V2", "V3"):
        assert rows[lead][2] > rows[lead][0]


def test_the_picture_is_there_and_named(demo):
    told, folder, _ = demo
    picture = folder / "edge-demo.png"
    assert str(picture) in told.out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000


def test_the_demo_says_that_it_is_no_medical_device(demo):
    assert "Not a medical device" in demo[0].out
