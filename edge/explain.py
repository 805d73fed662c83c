"""What a run would do, in words: the stages, their delays, the network."""

from __future__ import annotations

from edge.bundle import RATE, Bundle
from edge.bundle_file import Variant
from edge.choice import Choice
from edge.config import RunSettings
from edge.patient import Patient
from edge.person import Person
from edge.pipeline import Pipeline, PipelineSettings
from edge.rules import NO_LEAD


def explain(
    s: RunSettings,
    bundle: Bundle,
    variant: Variant,
    patient: Patient | None = None,
    choice: Choice | None = None,
) -> str:
    """For `edge-run --explain`; for a source of 500 Hz, since nothing is opened. choice: edge-bench's, if it counts."""
    leads = tuple(name for name in s.channels if name != NO_LEAD) or (
        patient.montage if patient else ("II", "V1", "V5")
    )
    settings = PipelineSettings(hop_s=s.hop, mains_hz=s.mains, alerts=s.alerts, person=s.person)
    engine = bundle.load(variant, s.threads)
    pipeline = Pipeline(leads, RATE, bundle=bundle, engine=engine, settings=settings, patient=patient)
    network = bundle.manifest["network"]
    chosen = f": edge-bench chose it for this board on {choice.day}" if choice else ""
    source = s.port or s.ble or s.replay or "the demo"
    lines = [
        f"source        {source}, leads {', '.join(pipeline.montage.names)}",
        f"network       {bundle.name}: {network['architecture']}, {network['weights']} weights, "
        f"{network['macs'] / 1e6:.1f} million MACs a window of {bundle.window / RATE:g} s, every {s.hop:g} s",
        f"engine        {variant.engine}, {variant.precision}, {s.threads or 1} thread(s), "
        f"{variant.bytes / 1000:.0f} kB{chosen}",
        f"patient       {_of_patient(patient)}",
        f"ischaemia     ST, Q, R and T of average beats, every 5 s, by the thresholds {_of_person(s.person)}",
        f"filter        high-pass 0.05 Hz, first order{f', notch at {s.mains:g} Hz' if s.mains else ''}",
        "delay of each stage, at most, ms (of beats typically: after slow ones a missed beat is looked for longer):",
        *(f"  {name:<12}{ms:8.0f}" for name, ms in pipeline.delays().items()),
        f"  {'in all':<12}{pipeline.delay_ms:8.0f}   sample to twelve leads",
        "a source of another rate than 500 Hz adds 12 to 24 of its samples; a hole in the samples up to 200 ms",
    ]
    return "\n".join(lines)


def _of_person(person: Person) -> str:
    if person == Person():
        return "of a man of 40 and more: [patient] in edge.toml says age and sex"
    age = "unknown age" if person.age_years is None else f"{person.age_years:g} years"
    return f"of a {person.sex or 'person of unknown sex'}, {age}"


def _of_patient(patient: Patient | None) -> str:
    if patient is None:
        return "none: the network alone (edge-enrol makes a patient file)"
    watched = (
        "steps aside for another heart" if patient.likeness else "applies to any heart: nothing here tells them apart"
    )
    return f"a correction learnt from {patient.seconds:g} s on {patient.created[:10]}, which {watched}"
