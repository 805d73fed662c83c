import numpy as np
import pytest

from edge.errors import UsageError
from edge.leads import (
    EIGHT_FROM_ELECTRODES,
    ELECTRODE,
    ELECTRODES,
    LEAD,
    LEADS,
    TWELVE_FROM_EIGHT,
    canonical,
    determined,
    electrode_weights,
    mask_name,
    row,
)
from edge.montage import Montage


def twelve_from_electrodes(potentials):
    """The textbook: each lead from electrode potentials against any reference (n x 9)."""
    p = {name: potentials[:, k] for name, k in ELECTRODE.items()}
    terminal = (p["RA"] + p["LA"] + p["LL"]) / 3
    limb = [p["LA"] - p["RA"], p["LL"] - p["RA"], p["LL"] - p["LA"]]
    augmented = [1.5 * (p[name] - terminal) for name in ("RA", "LA", "LL")]
    return np.stack([*limb, *augmented, *(p[f"V{k}"] - terminal for k in range(1, 7))], axis=1)


def test_the_leads_are_the_textbooks_whatever_the_reference():
    potentials = np.random.default_rng(1).normal(0, 1, (20, 9)) + 55
    twelve = twelve_from_electrodes(potentials)
    by_weights = np.stack([potentials @ electrode_weights(lead) for lead in LEADS], axis=1)
    assert np.allclose(by_weights, twelve)
    eight = twelve[:, [0, 1, 6, 7, 8, 9, 10, 11]]
    assert np.allclose(eight @ TWELVE_FROM_EIGHT.T, twelve)
    against_terminal = potentials - potentials[:, :3].mean(axis=1, keepdims=True)
    assert np.allclose(eight @ EIGHT_FROM_ELECTRODES.T, against_terminal)


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        *((" ii ", "II"), ("MLII", "II"), ("mliii", "III"), ("avr", "aVR"), ("AVL", "aVL"), ("v6", "V6")),
        *(("ECG II", "II"), ("EKG Lead V1 (mV)", "V1"), ("MDC_ECG_LEAD_AVF", "aVF"), ("DI", "I"), ("ch1", None)),
        *(("V7", None), ("", None), ("IIII", None), ("II V1", None)),
    ],
)
def test_lead_names_are_known_however_they_are_spelt(spelt, name):
    assert canonical(spelt) == name


@pytest.mark.parametrize("leads", [["V9"], ["II", "V1", "mlii"], []])
def test_no_lead_an_unknown_one_or_one_twice_is_refused(leads):
    with pytest.raises(UsageError) as refused:
        Montage.of_leads(leads)
    assert refused.value.exit_code == 2
    assert "II" in str(refused.value)


def test_electrode_weights_are_recognised_as_the_standard_leads_they_are():
    weights = np.stack([electrode_weights(lead) for lead in LEADS])
    montage = Montage.of_electrodes(weights)
    assert montage.names == montage.standard == LEADS
    assert np.allclose(montage.rows, Montage.of_leads(LEADS).rows)


def test_a_channel_that_is_no_standard_lead_is_named_by_its_number():
    weights = np.stack([electrode_weights("V2"), 2 * electrode_weights("I"), -electrode_weights("II")])
    assert Montage.of_electrodes(weights).names == ("V2", "CH2", "CH3")
    assert Montage.of_electrodes(weights).standard == ("V2",)


def test_the_same_lead_from_two_channels_is_one_lead_and_one_channel():
    montage = Montage.of_electrodes(np.stack([electrode_weights("II"), electrode_weights("II")]))
    assert montage.names == ("II", "CH2")


def test_any_two_limb_leads_determine_the_six_and_a_chest_lead_only_itself():
    for a in LEADS[:6]:
        for b in LEADS[:6]:
            known = determined(np.stack([row(a), row(b)]))
            assert {LEADS[k] for k in np.flatnonzero(known)} == ({a} if a == b else set(LEADS[:6]))
    assert np.flatnonzero(determined(np.stack([row("V3")]))).tolist() == [LEAD["V3"]]
    assert not determined(np.zeros((0, 8))).any()
    assert determined(np.stack([row(lead) for lead in LEADS])).all()


def test_the_network_is_given_the_measured_leads_that_are_there():
    montage = Montage.of_leads(("V5", "II", "I"))
    assert montage.given(np.array([True, True, True])) == ("I", "II", "V5"), "III is left to the projection"
    assert montage.given(np.array([True, False, False])) == ("V5",)
    assert montage.given(np.array([False, False, False])) == ()


def test_from_channels_that_are_no_leads_the_network_is_given_what_follows_from_them():
    chest = np.zeros((1, len(ELECTRODES)))
    chest[0, [ELECTRODE["V5"], ELECTRODE["V1"]]] = 1, -1
    montage = Montage.of_electrodes(np.concatenate([chest, [electrode_weights("V1")]]))
    assert montage.given(np.array([True, True])) == ("V1", "V5")
    assert montage.given(np.array([True, False])) == ()
    assert montage.given(np.array([False, True])) == ("V1",)


def test_a_masks_name_lists_the_leads_in_their_order():
    assert mask_name(("V5", "II", "V1")) == "II+V1+V5"
