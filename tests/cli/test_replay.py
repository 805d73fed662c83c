from __future__ import annotations

import json

import numpy as np
import pytest

from edge.leads import LEAD, LEADS

SENT = ("II", "V1", "V5")
HOLE = slice(1500, 2300)  # samples that the recording lacks


@pytest.fixture(scope="module")
def wfdb():
    return pytest.importorskip("wfdb")


@pytest.fixture(scope="module")
def recorded(wfdb, tmp_path_factory, heart):
    """The folder of a run over a record with a hole in it, whose heart then stops."""
    from edge.cli.run import main

    folder = tmp_path_factory.mktemp("recorded")
    standstill = np.random.default_rng(1).normal(0, 0.005, (3000, 12))  # mV: an electrode is never quite silent
    mv = np.concatenate([heart.mv, standstill, heart.mv])[:, [LEAD[lead] for lead in SENT]]
    mv[HOLE] = np.nan
    wfdb.wrsamp(
        "source",
        500.0,
        units=["mV"] * 3,
        sig_name=list(SENT),
        p_signal=mv.astype(float),
        fmt=["16"] * 3,
        adc_gain=[1000.0] * 3,
        baseline=[0] * 3,
        write_dir=str(folder),
    )
    outputs = ("--record", folder / "rec", "--events", folder / "events", "--summary", folder / "summary")
    assert main(["--replay", f"{folder}/source", "--speed", "max", "--view", "none", *map(str, outputs)]) == 0
    return folder


@pytest.fixture(scope="module")
def twelve(wfdb, recorded):
    return wfdb.rdrecord(str(recorded / "rec" / "source"))


def test_the_record_has_twelve_leads_in_order_at_500_hz(twelve):
    assert tuple(twelve.sig_name) == LEADS
    assert twelve.fs == 500
    assert twelve.sig_len == 9000
    assert set(twelve.units) == {"mV"}
    assert min(twelve.adc_gain) >= 1000  # a count is 1 uV or finer


def test_einthovens_and_goldbergers_laws_hold_to_a_count(twelve):
    counts = twelve.p_signal * np.array(twelve.adc_gain)
    lead = dict(zip(twelve.sig_name, np.nan_to_num(counts).T, strict=True))
    assert np.abs(lead["I"] + lead["III"] - lead["II"]).max() <= 1.5  # three roundings
    assert np.abs(lead["aVR"] + lead["aVL"] + lead["aVF"]).max() <= 1.5
    assert np.abs(lead["II"]).max() > 100  # there was something to hold


def test_what_was_missing_is_missing_and_nothing_else_is(wfdb, twelve, recorded):
    measured = twelve.p_signal[:, LEAD["II"]]
    assert np.isnan(measured[HOLE]).all()
    assert np.isfinite(measured[: HOLE.start]).all()
    assert np.isfinite(measured[HOLE.stop :]).all()
    raw = wfdb.rdrecord(str(recorded / "rec" / "source_raw"))
    source = wfdb.rdrecord(str(recorded / "source"))
    assert np.array_equal(np.isnan(raw.p_signal), np.isnan(source.p_signal))
    assert np.nanmax(np.abs(raw.p_signal - source.p_signal)) < 0.0001


def test_nothing_is_reconstructed_across_the_hole(twelve):
    v3 = twelve.p_signal[:, LEAD["V3"]]
    assert np.isnan(v3[HOLE]).all()
    assert np.isfinite(v3[: HOLE.start - 1000]).all()
    assert np.isfinite(v3[HOLE.stop + 1000 : 8000]).all()


def test_the_sidecar_tells_the_gap_and_where_each_lead_comes_from(recorded):
    about = json.loads((recorded / "rec" / "source.json").read_text())
    assert [HOLE.start, HOLE.stop - HOLE.start] in about["gaps"]
    assert {about["origin"][lead] for lead in SENT} == {"measured"}
    assert about["origin"]["V3"] == "reconstructed"
    assert about["mean_sd_uv"]["V3"] > 0 == about["mean_sd_uv"]["II"]
    assert about["montage"] == "II,V1,V5"
    assert about["bundle"] == "default"


def test_beats_and_alerts_are_annotations_at_the_events_samples(wfdb, recorded):
    events = [json.loads(line) for line in (recorded / "events").read_text().splitlines()]
    beats = wfdb.rdann(str(recorded / "rec" / "source"), "qrs")
    assert beats.sample.tolist() == [e["sample"] for e in events if e["type"] == "beat"]
    assert set(beats.symbol) <= set("NSVFQ")
    told = [e for e in events if e["type"] in ("alert", "technical")]
    alarms = wfdb.rdann(str(recorded / "rec" / "source"), "alm")
    assert alarms.sample.tolist() == [e["sample"] for e in told]
    notes = [note.rstrip("\0") for note in alarms.aux_note]
    assert notes == [f"{e['kind']} {e['state']} {e['id']}" for e in told]
    assert any(note.startswith("asystole on") for note in notes)


def test_the_summary_file_is_the_last_event(recorded):
    last = (recorded / "events").read_text().splitlines()[-1]
    assert json.loads((recorded / "summary").read_text()) == json.loads(last)
    assert json.loads(last)["alerts"]["asystole"] == 1


def test_a_second_run_into_the_folder_continues_the_record(wfdb, recorded, edge_run, tmp_path):
    for _ in range(2):
        told = edge_run(
            *(
                "--replay",
                recorded / "source",
                "--duration",
                3,
                "--record",
                tmp_path,
                "--speed",
                "max",
                "--view",
                "none",
            )
        )
        assert told.code == 0
    record = wfdb.rdrecord(str(tmp_path / "source"))
    assert record.sig_len >= 2 * 1500
    assert len(json.loads((tmp_path / "source.json").read_text())["runs"]) == 2


def test_without_raw_only_the_twelve_leads_are_written(recorded, edge_run, tmp_path):
    told = edge_run(
        *("--replay", recorded / "source", "--duration", 3, "--record", tmp_path, "--no-raw"),
        *("--speed", "max", "--view", "none"),
    )
    assert told.code == 0
    assert not list(tmp_path.glob("*_raw*"))
    assert (tmp_path / "source.hea").exists()
