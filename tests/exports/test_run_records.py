"""What is read of a recording before it is written as anything else."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta

import numpy as np
import pytest
from exports.recorded import record
from sinks.a_run import BEGAN, DERIVED, MEASURED, RATE

from edge.blocks import Origin
from edge.errors import InputError, UsageError
from edge.exports.gaps import Gap, find_gaps
from edge.exports.run_record import excerpt, open_run
from edge.exports.told import told_alerts
from edge.leads import LEADS


@pytest.mark.parametrize(("samples", "part"), [(1, (19.9, 0.4)), (777, (0.0, None)), (15000, (0.0, None))])
def test_however_it_is_cut_the_pieces_are_the_recording(recorded, samples, part):
    what = excerpt(open_run(recorded.path), *part)
    whole = np.concatenate([counts for _, counts in what.pieces(samples)])
    np.testing.assert_array_equal(whole, recorded.uv[what.first : what.last])


def test_each_lead_is_what_it_was_for_most_of_the_recording(recorded):
    leads = {lead.name: lead for lead in open_run(recorded.path).leads}
    assert tuple(leads) == LEADS
    assert [name for name in LEADS if leads[name].origin is Origin.MEASURED] == list(MEASURED)
    assert [name for name in LEADS if leads[name].origin is Origin.DERIVED] == list(DERIVED)
    assert leads["V2"].mean_sd_uv == pytest.approx(50, abs=0.1)
    assert leads["V1"].mean_sd_uv is None


def test_without_an_origin_in_the_sidecar_it_follows_from_the_montage(recorded, tmp_path):
    shutil.copytree(recorded.path.parent, tmp_path / "copy")
    sidecar = tmp_path / "copy" / "bed_7.json"
    facts = json.loads(sidecar.read_text())
    facts["montage"] = "I,II,V5"
    del facts["origin"]
    sidecar.write_text(json.dumps(facts))
    origin = {lead.name: lead.origin for lead in open_run(tmp_path / "copy" / "bed_7").leads}
    assert {origin[name] for name in ("I", "II", "V5")} == {Origin.MEASURED}
    assert {origin[name] for name in ("III", "aVR", "aVL", "aVF")} == {Origin.DERIVED}
    assert origin["V1"] is Origin.RECONSTRUCTED


def test_gaps_are_found_lead_by_lead(recorded):
    assert list(find_gaps(excerpt(open_run(recorded.path)))) == [
        Gap(5 * RATE, 7 * RATE, ("V2",)),
        Gap(20 * RATE, 23 * RATE, ()),
    ]


def test_a_gap_that_an_excerpt_cuts_ends_where_the_excerpt_does(recorded):
    assert list(find_gaps(excerpt(open_run(recorded.path), 21, 1, ["II"]))) == [Gap(21 * RATE, 22 * RATE, ())]


def test_alerts_come_with_their_onset_and_evidence_from_the_log(recorded):
    vt, gap, af = told_alerts(excerpt(open_run(recorded.path)))
    assert (vt.id, vt.onset, vt.sample, vt.evidence) == ("vt-1", 10 * RATE, 12 * RATE, {"rate_per_min": 140.0})
    assert (af.id, af.onset, af.sample) == ("af-1", 10 * RATE, 32 * RATE)
    assert gap.technical
    assert not vt.technical


def test_alerts_of_a_second_run_keep_their_own_onset(tmp_path):
    first = record(tmp_path, 40.0)
    record(tmp_path, 40.0, start_utc=BEGAN + timedelta(seconds=100))
    run = open_run(first.path)
    assert run.samples == 140 * RATE
    alerts = [alert for alert in told_alerts(excerpt(run)) if alert.id == "vt-1"]
    assert [(alert.onset, alert.sample) for alert in alerts] == [(10 * RATE, 12 * RATE), (110 * RATE, 112 * RATE)]
    assert Gap(40 * RATE, 100 * RATE, ()) in list(find_gaps(excerpt(run)))


def test_without_the_log_alerts_are_told_from_the_annotations(recorded, tmp_path):
    shutil.copytree(recorded.path.parent, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "bed_7_alerts")
    vt, *_ = told_alerts(excerpt(open_run(tmp_path / "copy" / "bed_7")))
    assert (vt.sample, vt.onset, vt.evidence) == (12 * RATE, 12 * RATE, {})


def test_a_strip_of_an_alert_is_a_recording_too(recorded):
    strip = next((recorded.path.parent / "bed_7_alerts").glob("*vt-1.hea"))
    run = open_run(strip)
    np.testing.assert_array_equal(run.counts(0, run.samples), recorded.uv[: 22 * RATE])
    assert [lead.name for lead in run.leads if lead.origin is Origin.MEASURED] == list(MEASURED)
    marks = excerpt(run).annotations("alm")
    assert [mark.aux for mark in marks if mark.sample == 10 * RATE] == ["vt onset"]


def test_another_record_is_refused_with_a_reason(tmp_path):
    (tmp_path / "other.hea").write_text("other 1 360 10 12:00:00 01/01/2026\nother.dat 16 200/mV 16 0 0 0 0 MLII\n")
    with pytest.raises(InputError, match=r"no recording of edge-run's"):
        open_run(tmp_path / "other")


def test_a_signal_file_that_was_cut_off_is_told(recorded, tmp_path):
    shutil.copytree(recorded.path.parent, tmp_path / "copy")
    data = sorted((tmp_path / "copy").glob("bed_7_*.dat"))[-1]
    data.write_bytes(data.read_bytes()[:-100])
    with pytest.raises(InputError, match="truncated"):
        list(excerpt(open_run(tmp_path / "copy" / "bed_7")).pieces())


@pytest.mark.parametrize("wrong", [(40.0, None, ()), (0.0, 0.0, ()), (0.0, None, ("V9",)), (0.0, None, ("II", "ii"))])
def test_an_excerpt_that_is_not_there_is_refused(recorded, wrong):
    with pytest.raises(UsageError):
        excerpt(open_run(recorded.path), *wrong)
