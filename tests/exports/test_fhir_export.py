"""Judged by HL7's published schema and by fhir.resources, and read back sample by sample."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from sinks.a_run import MEASURED, RATE

from edge.exports.fhir_file import write_fhir
from edge.exports.run_record import excerpt, open_run
from edge.leads import LEADS

SCHEMA = Path(__file__).with_name("fhir_r4.schema.json")
LEAD_OF = {131329: "I", 131330: "II", 131389: "III", 131390: "aVR", 131391: "aVL", 131392: "aVF"}  # 11073-10101
LEAD_OF |= {131330 + n: f"V{n}" for n in range(1, 7)}


@pytest.fixture(scope="module")
def bundle(recorded, tmp_path_factory):
    path = tmp_path_factory.mktemp("fhir") / "a.fhir.json"
    write_fhir(excerpt(open_run(recorded.path)), path)
    return json.loads(path.read_text())


def signals(bundle):
    return [e["resource"] for e in bundle["entry"] if "coding" in e["resource"]["code"]]


def test_it_validates_against_the_published_schema(bundle):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    validator = jsonschema.Draft6Validator(json.loads(SCHEMA.read_text()))
    assert validator.is_valid(bundle)
    for spoil in ({"status": "bogus"}, {"valueSampledData": {"data": "1 2"}, "unheard": 1}):
        wrong = copy.deepcopy(bundle)
        wrong["entry"][0]["resource"] |= spoil
        assert not validator.is_valid(wrong)


def test_fhir_resources_reads_every_sample_to_the_count(bundle, recorded):
    models = pytest.importorskip("fhir.resources.R4B.bundle", reason="fhir.resources is not installed")
    uv = np.full(recorded.uv.shape, -32768)
    begin = None
    for entry in models.Bundle.model_validate(bundle).entry:
        observation = entry.resource
        begin = begin or observation.effectivePeriod.start
        if not observation.code.coding:
            continue
        first = round((observation.effectivePeriod.start - begin).total_seconds() * RATE)
        for component in observation.component:
            data = component.valueSampledData
            if data is None:
                assert component.dataAbsentReason
                continue
            assert (data.period, data.dimensions, data.origin.code) == (2, 1, "uV")
            numbers = [-32768 if text == "E" else int(text) * int(data.factor) for text in data.data.split()]
            column = LEADS.index(LEAD_OF[int(component.code.coding[0].code)])
            uv[first : first + len(numbers), column] = numbers
    np.testing.assert_array_equal(uv, recorded.uv)


def test_a_gap_ends_an_observation_and_reconstructed_leads_are_derived_from_the_measured(bundle):
    found = signals(bundle)
    assert len(found) == 6  # measured, derived, reconstructed: before the gap and after it
    for before, rest in ((found[0], found[1:3]), (found[3], found[4:])):
        assert {c["code"]["text"].split(",")[0] for c in before["component"]} == set(MEASURED)
        assert "method" not in before
        for other in rest:
            assert other["derivedFrom"] == [{"reference": f"urn:uuid:{before['id']}"}]
    assert found[2]["method"]["text"].startswith("estimated by a network")
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    for entry in bundle["entry"]:
        assert entry["resource"]["note"][0]["text"].startswith("Not a medical device")
        assert entry["resource"]["status"] == "preliminary"
        assert all(one["reference"] in urls for one in entry["resource"].get("derivedFrom", []))


def test_a_lead_of_which_nothing_is_there_says_so(recorded, tmp_path):
    write_fhir(excerpt(open_run(recorded.path), 5, 2, ["II", "V2"]), tmp_path / "a.json")
    (_, v2) = signals(json.loads((tmp_path / "a.json").read_text()))
    assert v2["component"][0]["dataAbsentReason"]["coding"][0]["code"] == "not-performed"


def test_an_alert_is_an_observation_with_its_evidence(bundle):
    alerts = [e["resource"] for e in bundle["entry"] if "valueString" in e["resource"]]
    assert [a["valueString"] for a in alerts] == ["vt, high priority", "gap, low priority", "af, medium priority"]
    assert alerts[0]["component"][0]["valueQuantity"]["value"] == 140
