"""From a recording of twelve leads to a patient file, and the recordings that give none."""

import numpy as np
import pytest
from hearts import RATE, person

import edge
from edge.bundle import open_bundle
from edge.correction import Features, ridge
from edge.dsp.band import band_passed
from edge.dsp.baseline import remove_baseline
from edge.enrolment import enrol
from edge.errors import InputError, UsageError
from edge.leads import EIGHT, INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.population import Population

PATCH = ("II", "V1", "V5")
COLUMNS = [LEAD[lead] for lead in PATCH]


@pytest.fixture(scope="module")
def bundle():
    return open_bundle()


@pytest.fixture(scope="module")
def engine(bundle):
    return bundle.load(bundle.choose("litert"))


@pytest.fixture(scope="module")
def enrolled(bundle, engine):
    def call(mv, rate=RATE, leads=LEADS, montage=PATCH, **more):
        return enrol(mv, rate, leads, montage, bundle=bundle, engine=engine, **more)

    return call


def off(twelve, mv, part=slice(None)):
    """Root mean square error (mV) of all twelve leads."""
    return float(np.sqrt(((twelve.mv - remove_baseline(mv, RATE))[part] ** 2).mean()))


def refusal(call, *arguments, **more):
    with pytest.raises(InputError) as refused:
        call(*arguments, **more)
    assert refused.value.exit_code == 3
    assert "\n" not in str(refused.value)
    return str(refused.value)


# what it gains


def test_four_seconds_of_a_heart_take_most_of_the_error_out_of_the_rest(bundle, engine, enrolled):
    mv = person(5)
    patient = enrolled(mv[: 4 * RATE])
    error = {}
    for name, file in (("blind", None), ("enrolled", patient)):
        twelve = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=bundle, engine=engine, patient=file)
        error[name] = off(twelve, mv, slice(4 * RATE, None))
        assert twelve.enrolled is (file is not None)
    assert error["enrolled"] < 0.4 * error["blind"]


def test_what_is_told_of_the_gain_is_what_comes(bundle, engine, enrolled):
    mv = person(6, 20.0)
    patient = enrolled(mv[: 8 * RATE])
    told_before, told_after = (np.mean([pair[k] ** 2 for pair in patient.gain.values()]) ** 0.5 for k in (0, 1))
    assert told_after < 0.6 * told_before
    twelve = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=bundle, engine=engine, patient=patient)
    missing = [LEAD[lead] for lead in patient.gain]
    rest = slice(8 * RATE, len(mv) - RATE)
    error = band_passed((twelve.mv - remove_baseline(mv, RATE))[rest][:, missing].astype(float), RATE)
    came = 1000 * np.sqrt((error**2).mean())
    assert told_after / 2 < came < 2 * told_after


def test_measured_leads_stay_bit_for_bit_what_they_were(bundle, engine, enrolled):
    mv = person(7)
    patient = enrolled(mv)
    blind, corrected = (
        edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=bundle, engine=engine, patient=file)
        for file in (None, patient)
    )
    assert np.array_equal(blind.mv[:, COLUMNS], corrected.mv[:, COLUMNS])
    assert (corrected.sd[:, COLUMNS] == 0).all()
    one, two, three, avr, avl, avf = corrected.mv.astype(float)[:, :6].T
    assert np.abs(one + three - two).max() < 1e-3
    assert np.abs(avr + avl + avf).max() < 1e-3


def test_only_leads_that_were_recorded_are_corrected(enrolled):
    leads = ("II", "V1", "V2", "V5")
    patient = enrolled(person(8)[:, [LEAD[lead] for lead in leads]], leads=leads)
    touched = {lead for lead in EIGHT if patient.correction.weights[EIGHT[lead]].any()}
    assert touched == {"V2"}
    assert set(patient.gain) == {"V2"}
    assert patient.correction.sd_gain[EIGHT["V3"]] == 1.0


@pytest.mark.parametrize("montage", [("I",), ("I", "II"), ("III", "V2"), ("aVF", "V1", "V6")], ids="+".join)
def test_any_montage_can_be_enrolled(bundle, engine, enrolled, montage):
    mv = person(9)
    patient = enrolled(mv, montage=montage)
    columns = [LEAD[lead] for lead in montage]
    blind, corrected = (
        edge.reconstruct(mv[:, columns], RATE, montage, bundle=bundle, engine=engine, patient=file)
        for file in (None, patient)
    )
    assert off(corrected, mv) < 0.8 * off(blind, mv)


def test_a_recording_of_another_rate_gives_a_file_for_the_same_heart(bundle, engine, enrolled):
    mv = person(10, 8.0)
    patient = enrolled(mv[::2], 250.0)  # no wave of these hearts is faster
    twelve = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=bundle, engine=engine, patient=patient)
    blind = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=bundle, engine=engine)
    assert off(twelve, mv) < 0.5 * off(blind, mv)


def test_a_second_that_is_lost_is_left_out(enrolled):
    mv = person(11, 12.0)
    mv[3 * RATE : 4 * RATE] = np.nan
    patient = enrolled(mv)
    assert patient.seconds <= 11.0
    assert patient.seconds >= 4.0


# what is refused


def test_too_short_a_recording_is_refused_with_what_is_needed(enrolled):
    text = refusal(enrolled, person(12, 3.9))
    assert "3.9 s" in text
    assert "4 s" in text


def test_a_recording_too_noisy_is_refused_and_the_lead_named(enrolled):
    mv = person(13)
    mv[:, LEAD["V3"]] += np.random.default_rng(0).normal(0, 1.0, len(mv))
    text = refusal(enrolled, mv)
    assert "V3" in text
    assert "too noisy" in text
    assert "V4" not in text


@pytest.mark.parametrize("level_mv", [0.0, 2.0])
def test_a_lead_without_its_electrode_is_refused_and_named(enrolled, level_mv):
    mv = person(14)
    mv[:, LEAD["V2"]] = level_mv
    text = refusal(enrolled, mv)
    assert "V2" in text
    assert "electrode" in text


def test_limb_leads_that_contradict_one_another_are_refused(enrolled):
    mv = person(15)
    mv[:, [LEAD["I"], LEAD["II"]]] = mv[:, [LEAD["II"], LEAD["I"]]]
    mv[:, LEAD["III"]] *= -1
    mv[:, LEAD["I"]] *= -1
    assert "contradict" in refusal(enrolled, mv)


def test_a_heart_that_the_network_knows_already_needs_no_file(bundle, engine, enrolled):
    """All that the missing leads have beyond the network's is noise that nothing tells of."""
    mv = person(16)
    known = edge.reconstruct(mv[:, COLUMNS], RATE, PATCH, bundle=bundle, engine=engine).mv
    steps = np.random.default_rng(1).normal(0, 0.03, (len(mv), len(INDEPENDENT)))
    noise = np.apply_along_axis(lambda x: np.convolve(x, np.ones(15) / 4, "same"), 0, steps)
    noise[:, [EIGHT[lead] for lead in PATCH]] = 0
    assert "would not help" in refusal(enrolled, known + (noise @ TWELVE_FROM_EIGHT.T).astype(np.float32))


def test_a_recording_without_beats_is_refused(enrolled):
    t = np.arange(10 * RATE)[:, None] / RATE
    slow = 0.3 * np.sin(2 * np.pi * 1.1 * t + np.arange(8)) + 0.002 * np.random.default_rng(3).normal(size=(len(t), 8))
    leads = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
    text = refusal(enrolled, slow.astype(np.float32), leads=leads)
    assert "beats" in text or "noisy" in text


def test_leads_that_are_not_there_are_named(enrolled):
    leads = ("I", "II", "V1", "V2")
    assert "V5" in refusal(enrolled, person(18)[:, :4], leads=leads)
    assert "nothing beyond" in refusal(enrolled, person(18)[:, COLUMNS], leads=PATCH)
    with pytest.raises(UsageError, match="nothing is left"):
        enrolled(person(18), montage=("I", "II", "V1", "V2", "V3", "V4", "V5", "V6"))


# the fit


def test_the_fit_finds_weights_that_are_there():
    rng = np.random.default_rng(4)
    features, weights = rng.normal(size=(4000, 6)), rng.normal(size=(3, 6))
    found = ridge(features, features @ weights.T, np.full(6, 1e-9))
    assert np.allclose(found, weights, atol=1e-6)
    assert np.abs(ridge(features, features @ weights.T, np.full(6, 1e6))).max() < 1e-4


def test_the_band_lets_the_heart_through_and_neither_drift_nor_hum():
    t = np.arange(4 * RATE) / RATE
    waves = {hz: np.sin(2 * np.pi * hz * t + 0.3)[:, None] for hz in (0.1, 5.0, 20.0, 100.0)}
    kept = {hz: band_passed(x, RATE).std() / x.std() for hz, x in waves.items()}
    assert kept[0.1] < 0.15
    assert kept[5.0] == pytest.approx(1.0, abs=0.02)
    assert kept[20.0] == pytest.approx(1.0, abs=0.05)
    assert kept[100.0] < 0.05
    mixed = band_passed(waves[0.1] + 2 * waves[5.0], RATE)
    assert np.allclose(mixed, band_passed(waves[0.1], RATE) + 2 * band_passed(waves[5.0], RATE))


def test_the_strengths_of_a_manifest_go_to_their_features():
    entry = {"leads": [1, 2, 3, 4, 5, 6, 7, 8], "basis": [20, 30]}
    population = Population.of({"patient": {"ridge": entry}}, 2)
    features = Features.of(PATCH, 2)
    strengths = population.strengths(features, np.ones((10, 10)))
    by_name = dict(zip(features.names, strengths, strict=True))
    assert by_name == {
        "II": 2, "V1": 3, "V5": 7,
        "network I": 1, "network V2": 4, "network V3": 5, "network V4": 6, "network V6": 8,
        "basis1": 20, "basis2": 30,
    }  # fmt: skip
    sized = Population.of({"patient": {"ridge": entry | {"size_mv": 0.5}}}, 2)
    assert np.allclose(sized.strengths(features, np.ones((10, 10))), 4 * strengths)


@pytest.mark.parametrize(
    "part",
    [
        {"ridge": {"leads": [1] * 7}},
        {"ridge": {"leads": [1] * 8, "basis": [1]}},
        {"ridge": {"leads": [0] + [1] * 7}},
        {"ridge": {"leads": [1] * 8, "size_mv": -1}},
        {"sd": {"*": {"factor": [1] * 8}}},
        {"sd": {"*": {"factor": [1] * 8, "usual_gain": [1] * 8, "usual_mv": ["x"] * 8}}},
        {"misfit": {"basis": [[0.0]], "own": [], "other": [], "position": 0.5}},
        {"ridge": 3},
    ],
)
def test_a_manifest_that_says_nonsense_of_patients_is_refused(part):
    with pytest.raises(InputError, match="manifest's part on patients"):
        Population.of({"patient": part}, 0)
