"""What a bundle is taught of patients in general holds for people it was not taught with."""

import dataclasses

import numpy as np
import pytest
from hearts import RATE, person

import edge
from edge.bundle import open_bundle
from edge.dsp.baseline import remove_baseline
from edge.enrolment import enrol
from edge.leads import LEAD, LEADS
from edge.population import Population
from edge.population_study import patient_part

PATCH = ("II", "V1", "V5")
COLUMNS = [LEAD[lead] for lead in PATCH]
MISSING = [k for k in range(12) if k not in COLUMNS]


@pytest.fixture(scope="module")
def plain():
    bundle = open_bundle()
    manifest = {key: value for key, value in bundle.manifest.items() if key != "patient"}
    return dataclasses.replace(bundle, manifest=manifest)


@pytest.fixture(scope="module")
def engine(plain):
    return plain.load(plain.choose("litert"))


@pytest.fixture(scope="module")
def taught(plain, engine):
    part = patient_part(
        plain,
        engine,
        [person(seed) for seed in range(200, 214)],
        [person(seed) for seed in range(230, 238)],
        [PATCH],
        {"ridge": {"leads": [1e-4] * 8, "basis": [1e-4] * plain.basis}},
    )
    return dataclasses.replace(plain, manifest={**plain.manifest, "patient": part})


def test_the_manifests_part_reads_back(taught):
    population = Population.of(taught.manifest, taught.basis)
    assert set(population.rules) == {"II+V1+V5", "*"}
    assert population.ridge is not None
    assert population.misfit is not None
    measured = [["I", "II", "V1", "V2", "V3", "V4", "V5", "V6"].index(lead) for lead in PATCH]
    assert (population.sd(PATCH, 4.0).factor[measured] == 1).all()


def test_intervals_hold_what_they_say_on_people_that_were_not_taught_with(taught, engine):
    inside = []
    for seed in range(250, 255):
        mv = person(seed)
        patient = enrol(mv[: 4 * RATE], RATE, LEADS, PATCH, bundle=taught, engine=engine)
        assert patient.likeness is not None
        out = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=taught, engine=engine, patient=patient)
        error = np.abs(out.mv - remove_baseline(mv, RATE))[4 * RATE :, MISSING]
        inside.append((error <= 1.645 * out.sd[4 * RATE :, MISSING]).mean())
    assert 0.84 < np.mean(inside) < 0.97


def test_more_seconds_of_a_patient_count_for_more_beside_what_is_usual(taught):
    population = Population.of(taught.manifest, taught.basis)
    short, long = population.sd(PATCH, 4.0), population.sd(PATCH, 40.0)
    assert short.shrink > 5 * long.shrink
    far = 10 * float(short.usual_mv[3])
    assert long.of(3, 1.0, far)[1] > short.of(3, 1.0, far)[1]


def test_a_bundle_that_was_taught_nothing_enrols_and_says_that_it_cannot_watch(plain, engine):
    patient = enrol(person(260), RATE, LEADS, PATCH, bundle=plain, engine=engine)
    assert patient.likeness is None
    assert patient.about()["watched"] is False
