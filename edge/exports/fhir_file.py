"""FHIR R4: a Bundle of Observations with SampledData, written one after the other.

A stretch without a gap, of a minute at most, is an Observation of the measured leads, one of the derived and one of
the reconstructed, which says by what method and is `derivedFrom` the measured one; each lead is a component, its code
that of ISO/IEEE 11073-10101. A lead of which nothing is there has a `dataAbsentReason`, a single sample an "E" (R4,
SampledData). An alert is an Observation that is derived from those in which it was told. All are preliminary: nobody
has looked at them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from edge.blocks import Origin
from edge.exports.gaps import present
from edge.exports.lead_codes import ELECTRIC_POTENTIAL, NUMBER, identity
from edge.exports.run_record import MISSING, Counts, Excerpt, Lead
from edge.exports.told import Told, told_alerts
from edge.exports.words import ESTIMATES, HIGH_PASS_HZ, NO_DEVICE, PROGRAM

STRETCH_S = 60.0  # of signal in an Observation: 1.4 MB of text at 500 Hz, which servers take
SHORTEST_GAP_S = 1.0  # a shorter one, as a lossy link has, is "E" for each sample instead of an end
MDC = "urn:oid:2.16.840.1.113883.6.24"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
METHOD = {
    Origin.DERIVED: "follows exactly from the measured leads (Einthoven, Goldberger)",
    Origin.RECONSTRUCTED: "estimated by a network from the measured leads",
}
SOURCES = (Origin.MEASURED, Origin.DERIVED, Origin.RECONSTRUCTED)

Resource = dict[str, Any]


def write_fhir(excerpt: Excerpt, path: Path) -> None:
    """Errors: OSError."""
    head = {
        "resourceType": "Bundle",
        "id": str(identity(excerpt, "bundle")),
        "type": "collection",
        "timestamp": _instant(excerpt.utc(excerpt.last)),
    }
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head)[:-1] + ', "entry": [')
        between = "\n"
        for observation in _observations(excerpt):
            entry = {"fullUrl": f"urn:uuid:{observation['id']}", "resource": observation}
            file.write(between + json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
            between = ",\n"
        file.write("\n]}\n")


def _observations(excerpt: Excerpt) -> Iterator[Resource]:
    alerts = iter(told_alerts(excerpt))
    waiting = next(alerts, None)
    for start, counts in excerpt.pieces(round(STRETCH_S * excerpt.rate)):
        ids: list[str] = []
        for first, last in _stretches(counts, round(SHORTEST_GAP_S * excerpt.rate)):
            for observation in _signal(excerpt, start + first, counts[first:last]):
                ids.append(observation["id"])
                yield observation
        while waiting is not None and waiting.sample < start + len(counts):
            yield _alert(excerpt, waiting, ids)
            waiting = next(alerts, None)


def _stretches(counts: Counts, shortest_gap: int) -> list[tuple[int, int]]:
    """Where there is signal, with shorter gaps than that left within."""
    joined: list[tuple[int, int]] = []
    for first, last in present(counts):
        if joined and first - joined[-1][1] < shortest_gap:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return joined


def _signal(excerpt: Excerpt, start: int, counts: Counts) -> Iterator[Resource]:
    measured: list[str] = []
    for origin in SOURCES:
        leads = [(k, lead) for k, lead in enumerate(excerpt.leads) if lead.origin is origin]
        if not leads:
            continue
        resource = _observation(excerpt, f"{origin}|{start}", "procedure")
        resource["code"] = {"coding": [_mdc(0, "MDC_ECG_ELEC_POTL")], "text": f"ECG, {origin} leads"}
        resource["effectivePeriod"] = {
            "start": _instant(excerpt.utc(start)),
            "end": _instant(excerpt.utc(start + len(counts))),
        }
        if origin is Origin.MEASURED:
            measured = [resource["id"]]
        else:
            resource["method"] = {"text": METHOD[origin]}
            if measured:
                resource["derivedFrom"] = _references(measured)
        resource["component"] = [_component(lead, counts[:, k], excerpt.rate) for k, lead in leads]
        yield resource


def _component(lead: Lead, counts: Counts, rate: float) -> Resource:
    name = f"MDC_ECG_ELEC_POTL_{lead.name.upper()}"
    component: Resource = {"code": {"coding": [_mdc(NUMBER[lead.name], name)], "text": f"{lead.name}, {lead.words}"}}
    if (counts == MISSING).all():
        component["dataAbsentReason"] = {"coding": [{"system": ABSENT, "code": "not-performed"}]}
        return component
    numbers = counts.tolist()
    component["valueSampledData"] = {
        "origin": {"value": 0, "unit": "microvolt", "system": UCUM, "code": "uV"},
        "period": _whole(1000 / rate),  # ms
        "factor": 1,
        "dimensions": 1,
        "data": " ".join(["E" if number == MISSING else str(number) for number in numbers]),
    }
    return component


def _alert(excerpt: Excerpt, alert: Told, signal: list[str]) -> Resource:
    resource = _observation(excerpt, f"alert|{alert.sample}|{alert.id}", "exam" if alert.technical else "procedure")
    resource["code"] = {"text": f"{'technical alarm' if alert.technical else 'alert'}: {alert.words}"}
    resource["effectivePeriod"] = {
        "start": _instant(excerpt.utc(min(alert.onset, alert.sample))),
        "end": _instant(excerpt.utc(alert.sample)),
    }
    resource["valueString"] = f"{alert.words}, {alert.priority} priority"
    if signal:
        resource["derivedFrom"] = _references(signal)
    if alert.evidence:
        resource["component"] = [
            {"code": {"text": key}, "valueQuantity": {"value": _whole(float(value))}}
            for key, value in alert.evidence.items()
        ]
    return resource


def _observation(excerpt: Excerpt, what: str, category: str) -> Resource:
    facts = excerpt.record.facts
    return {
        "resourceType": "Observation",
        "id": str(identity(excerpt, what)),
        "status": "preliminary",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {},
        "device": {"display": f"{PROGRAM}, {facts.get('device') or excerpt.record.name}"},
        "note": [{"text": f"{NO_DEVICE} {ESTIMATES} High-pass {HIGH_PASS_HZ} Hz."}],
    }


def _mdc(number: int, name: str) -> Resource:
    return {"system": MDC, "code": str(ELECTRIC_POTENTIAL + number), "display": name}


def _references(ids: list[str]) -> list[Resource]:
    return [{"reference": f"urn:uuid:{one}"} for one in ids]


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value
