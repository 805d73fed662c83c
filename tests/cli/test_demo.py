from __future__ import annotations

import json
import re
import time

import pytest
from command_line import ended, process

from edge.leads import LEADS

ROW = re.compile(r"^ +(\S+) +(-?[\d.]+|-) +([\d.]+|-) +\S+ (measured|derived|reconstructed|unavailable)$", re.MULTILINE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What the demo printed, the folder it ran in, and how long it took (s)."""
    pytest.importorskip("pydicom", reason="the demo's recording comes with pydicom")
    pytest.importorskip("matplotlib", reason="the demo draws with matplotlib")
    folder = tmp_path_factory.mktemp("demo")
    began_s = time.monotonic()
    told = ended(process("--demo", "--summary", folder / "summary", cwd=folder), 60.0)
    return told, folder, time.monotonic() - began_s


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
    rows = {lead: (float(pcc), float(rmse), origin) for lead, pcc, rmse, origin in ROW.findall(demo[0].out)}
    assert tuple(rows) == LEADS
    for lead in ("II", "V1", "V5"):
        pcc, rmse_uv, origin = rows[lead]
        assert origin == "measured"
        assert pcc > 0.999
        assert rmse_uv < 1.0
    others = [pcc for pcc, _, origin in rows.values() if origin == "reconstructed"]
    assert len(others) == 9
    assert sum(others) / 9 > 0.8


def test_the_picture_is_there_and_named(demo):
    told, folder, _ = demo
    picture = folder / "edge-demo.png"
    assert str(picture) in told.out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000


def test_the_demo_says_that_it_is_no_medical_device(demo):
    assert "Not a medical device" in demo[0].out
