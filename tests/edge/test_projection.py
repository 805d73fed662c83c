import functools
import itertools

import numpy as np
import pytest
from however_cut import bits

from edge.leads import ELECTRODE, INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT, electrode_weights
from edge.montage import Montage
from edge.projection import Projection

UV = 0.001  # mV
FLOAT_UV = 0.0005  # mV: a few float32 roundings of leads up to 4 mV


def subsets():
    """Every one, two and three of the twelve, and 300 larger sets, the whole twelve among them."""
    for count in (1, 2, 3):
        yield from itertools.combinations(LEADS, count)
    rng = np.random.default_rng(12)
    for _ in range(299):
        count = int(rng.integers(4, 12))
        yield tuple(LEADS[k] for k in sorted(rng.choice(12, count, replace=False)))
    yield LEADS


SUBSETS = list(subsets())


def some_correlation(rng):
    factors = rng.normal(0, 1, (8, 4))
    covariance = factors @ factors.T + np.diag(rng.uniform(0.3, 1, 8))
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)


def guess(rng, samples):
    """What a network might say: eight leads, variances from a microvolt to several millivolts squared."""
    return rng.normal(0, 1.5, (samples, 8)), 10.0 ** rng.uniform(-6, 1, (samples, 8))


def measured(montage, eight):
    """What the montage's channels see of eight true leads: the leads' own float32 values where they are leads."""
    twelve = (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)
    channels = (eight @ montage.rows.T).astype(np.float32)
    for k, name in enumerate(montage.names):
        if name in LEADS:
            channels[:, k] = twelve[:, LEAD[name]]
    return channels


def nearest(eight, variance, rows, values):
    """The constrained weighted least squares by its KKT system, solved in the sense of least squares."""
    count = len(rows)
    system = np.block([[np.diag(1 / variance), rows.T], [rows, np.zeros((count, count))]])
    return np.linalg.lstsq(system, np.concatenate([eight / variance, values]), rcond=1e-14)[0][:8]


@functools.cache
def apply(leads, samples=6):
    rng = np.random.default_rng([LEAD[name] for name in leads])
    montage = Montage.of_leads(leads)
    truth = rng.normal(0, 1, (samples, 8))
    signal = measured(montage, truth)
    eight, variance = guess(rng, samples)
    valid = (True,) * len(leads)
    twelve, sd = Projection(montage).apply(eight, variance, some_correlation(rng), signal.astype(np.float64), valid)
    return truth, signal, twelve, sd


def follows(leads):
    """The leads that Einthoven and Goldberger give from `leads`: of the six limb leads any two give all."""
    limb = LEADS[:6]
    return set(leads) | (set(limb) if len(set(leads) & set(limb)) >= 2 else set())


def test_einthoven_and_goldberger_hold_to_1_uv_for_every_subset():
    for leads in SUBSETS:
        _, _, twelve, _ = apply(leads)
        one, two, three, avr, avl, avf = twelve.astype(np.float64)[:, :6].T
        assert np.abs(one + three - two).max() < UV, leads
        assert np.abs(avr + avl + avf).max() < UV, leads
        assert np.abs(avr + (one + two) / 2).max() < UV, leads


def test_measured_leads_come_out_bit_for_bit_for_every_subset():
    for leads in SUBSETS:
        _, signal, twelve, sd = apply(leads)
        columns = [LEAD[name] for name in leads]
        assert bits(twelve[:, columns]) == bits(signal), leads
        assert (sd[:, columns] == 0).all(), leads


def test_what_follows_from_the_measured_leads_is_exact_and_certain_and_nothing_else_is():
    for leads in SUBSETS:
        truth, _, twelve, sd = apply(leads)
        known = [LEAD[name] for name in LEADS if name in follows(leads)]
        assert np.abs(twelve - truth @ TWELVE_FROM_EIGHT.T)[:, known].max() < UV, leads
        for lead in range(12):
            assert (sd[:, lead] == 0).all() == (lead in known), (leads, LEADS[lead])
            assert (sd[:, lead] >= 0).all()


def test_the_order_in_which_leads_come_makes_no_difference():
    for leads in [("V5", "II", "V1"), ("aVF", "I", "V3", "III")]:
        rng = np.random.default_rng(3)
        truth, (eight, variance) = rng.normal(0, 1, (5, 8)), guess(rng, 5)
        correlation = some_correlation(rng)
        results = []
        for order in itertools.permutations(leads):
            montage = Montage.of_leads(order)
            signal = measured(montage, truth).astype(np.float64)
            results.append(Projection(montage).apply(eight, variance, correlation, signal, (True,) * len(order)))
        for twelve, sd in results[1:]:
            assert np.abs(twelve - results[0][0]).max() < UV
            assert np.abs(sd - results[0][1]).max() < UV


def test_of_all_leads_that_agree_with_the_measurement_the_nearest_to_the_networks_is_taken():
    rng = np.random.default_rng(8)
    for leads in SUBSETS[::5]:
        montage = Montage.of_leads(leads)
        signal = measured(montage, rng.normal(0, 1, (2, 8))).astype(np.float64)
        eight = rng.normal(0, 1, (2, 8))
        variance = 10.0 ** rng.uniform(-3, 1, (2, 8))
        twelve, _ = Projection(montage).apply(eight, variance, np.eye(8), signal, (True,) * len(leads))
        for sample in range(2):
            best = nearest(eight[sample], variance[sample], montage.rows, signal[sample])
            assert np.abs(twelve[sample] - TWELVE_FROM_EIGHT @ best).max() < FLOAT_UV, leads


def test_a_lead_the_network_is_less_sure_of_gives_way_more():
    montage = Montage.of_leads(("aVR",))  # aVR = -(I + II)/2, both unknown
    variance = np.full((1, 8), 0.01)
    variance[0, 0] = 0.04
    twelve, _ = Projection(montage).apply(np.zeros((1, 8)), variance, np.eye(8), np.array([[-1.0]]), (True,))
    assert twelve[0, LEAD["I"]] == pytest.approx(4 * twelve[0, LEAD["II"]])
    assert twelve[0, LEAD["I"]] + twelve[0, LEAD["II"]] == pytest.approx(2.0)


def test_only_valid_channels_count():
    montage = Montage.of_leads(("I", "II", "V2"))
    rng = np.random.default_rng(9)
    (eight, variance), correlation = guess(rng, 4), some_correlation(rng)
    signal = rng.normal(0, 1, (4, 3))
    noise = signal.copy()
    noise[:, 1] = 1e6
    some = (True, False, True)
    twelve, sd = Projection(montage).apply(eight, variance, correlation, noise, some)
    fewer = Projection(Montage.of_leads(("I", "V2")))
    expected, spread = fewer.apply(eight, variance, correlation, signal[:, [0, 2]], (True, True))
    assert bits(twelve) == bits(expected)
    assert bits(sd) == bits(spread)


def test_without_any_valid_channel_the_networks_leads_and_spread_stand():
    rng = np.random.default_rng(10)
    eight, variance = guess(rng, 4)
    twelve, sd = Projection(Montage.of_leads(("II",))).apply(
        eight, variance, np.eye(8), np.full((4, 1), 99.0), (False,)
    )
    assert np.abs(twelve - eight @ TWELVE_FROM_EIGHT.T).max() < FLOAT_UV
    assert np.allclose(sd[:, [LEAD[name] for name in INDEPENDENT]], np.sqrt(variance), rtol=1e-4)
    assert np.allclose(sd[:, LEAD["III"]], np.sqrt(variance[:, 0] + variance[:, 1]), rtol=1e-4)


BIPOLAR = np.zeros((3, 9))
BIPOLAR[0, [ELECTRODE["V5"], ELECTRODE["V1"]]] = 1, -1  # on the chest only: no standard lead
BIPOLAR[1] = electrode_weights("II")
BIPOLAR[2, [ELECTRODE["LA"], ELECTRODE["RA"]]] = 0.5, -0.5  # half of lead I


def test_a_bipolar_chest_lead_constrains_the_twelve_without_being_one_of_them():
    rng = np.random.default_rng(11)
    montage = Montage.of_electrodes(BIPOLAR[:2])
    assert montage.names == ("CH1", "II")
    truth, (eight, variance) = rng.normal(0, 1, (6, 8)), guess(rng, 6)
    signal, correlation = measured(montage, truth).astype(np.float64), some_correlation(rng)
    twelve, sd = Projection(montage).apply(eight, variance, correlation, signal, (True, True))
    difference = twelve[:, LEAD["V5"]].astype(np.float64) - twelve[:, LEAD["V1"]]
    assert np.abs(difference - signal[:, 0]).max() < UV
    assert bits(twelve[:, LEAD["II"]]) == bits(signal[:, 1].astype(np.float32))
    assert (sd[:, [LEAD["V1"], LEAD["V5"]]] > 0).all()


def test_a_lead_that_follows_from_channels_that_are_none_is_derived():
    rng = np.random.default_rng(11)
    montage = Montage.of_electrodes(BIPOLAR)
    assert montage.names == ("CH1", "II", "CH3")
    truth, (eight, variance) = rng.normal(0, 1, (6, 8)), guess(rng, 6)
    signal = measured(montage, truth).astype(np.float64)
    twelve, sd = Projection(montage).apply(eight, variance, some_correlation(rng), signal, (True,) * 3)
    limb = [LEAD[name] for name in LEADS[:6]]
    assert np.abs(twelve - truth @ TWELVE_FROM_EIGHT.T)[:, limb].max() < UV
    assert (sd[:, limb] == 0).all()
    derived = Projection(montage).constraint((True,) * 3).derived
    assert [LEADS[k] for k in np.flatnonzero(derived)] == ["I", "III", "aVR", "aVL", "aVF"]


@pytest.mark.parametrize(
    "montage",
    [
        *(Montage.of_leads(leads) for leads in (("II", "V1", "V5"), ("I",), ("aVR", "V2"), ("III", "aVL", "V6"))),
        Montage.of_electrodes(BIPOLAR[:2]),
    ],
    ids=lambda montage: "+".join(montage.names),
)
def test_the_spread_is_that_of_the_errors_in_a_simulation(montage):
    rng = np.random.default_rng(13)
    n = 40_000
    correlation = some_correlation(rng)
    variance = 10.0 ** rng.uniform(-3, -1, 8)
    error = rng.normal(0, 1, (n, 8)) @ np.linalg.cholesky(correlation).T * np.sqrt(variance)
    truth = rng.normal(0, 1, (n, 8))
    signal = measured(montage, truth).astype(np.float64)
    valid = (True,) * len(montage.names)
    twelve, sd = Projection(montage).apply(truth + error, np.broadcast_to(variance, (n, 8)), correlation, signal, valid)
    found = (twelve - truth @ TWELVE_FROM_EIGHT.T).std(axis=0)
    assert np.allclose(found, sd[0], rtol=0.02, atol=1e-5)
    assert np.allclose(sd, sd[0])
