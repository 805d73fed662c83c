"""The criteria of the Fourth Universal Definition, and how sure they are."""

from __future__ import annotations

import numpy as np
import pytest
from st.st_heart import Heart, origins
from st.test_levels import read

from edge.blocks import Origin
from edge.leads import LEAD, LEADS
from edge.person import Person, Sex
from edge.st import conduction, criteria, infarct, qrs_score, voltage
from edge.st.confidence import BLIND, ENROLLED, ONE_SURE, best_pair, probability, rank
from edge.st.own import OwnSt, Source
from edge.st.reading import Sign, interpret

ANYBODY = Person()
MEASURED = (Origin.MEASURED,) * 12
BLINDLY = origins("II", "V1", "V5")


def found(heart: Heart, sign: Sign, person: Person = ANYBODY, own=None, **how):
    return interpret(read(heart, **how), person, own).findings[sign]


@pytest.mark.parametrize(
    ("age", "sex", "v2_mv"),
    [
        (55, Sex.MALE, 0.2),
        (30, Sex.MALE, 0.25),
        (30, Sex.FEMALE, 0.15),
        (70, Sex.FEMALE, 0.15),
        (None, None, 0.2),
        (30, None, 0.25),
    ],
)
def test_the_threshold_in_v2_and_v3_is_that_of_age_and_sex(age, sex, v2_mv):
    thresholds = criteria.elevation_thresholds_mv(Person(age, sex))
    assert thresholds[[LEAD["V2"], LEAD["V3"]]].tolist() == [v2_mv, v2_mv]
    assert set(np.delete(thresholds, [LEAD["V2"], LEAD["V3"]])) == {0.1}


def test_a_level_at_its_threshold_is_as_likely_above_as_below():
    assert probability(0.1, 0.1, 0.03) == pytest.approx(0.5)
    assert probability(0.16, 0.1, 0.03) == pytest.approx(0.977, abs=0.01)  # two standard deviations


def test_two_contiguous_leads_are_needed():
    passes = np.full(12, 0.02)
    passes[[LEAD["V2"], LEAD["V5"], LEAD["III"]]] = 0.99
    assert best_pair(passes, MEASURED, False).confidence == pytest.approx(0.02)
    passes[LEAD["V3"]] = 0.9
    pair = best_pair(passes, MEASURED, False)
    assert (pair.confidence, {LEADS[k] for k in pair.leads}) == (0.9, {"V2", "V3"})


def test_limb_leads_are_contiguous_in_cabreras_order():
    passes = np.full(12, 0.02)
    passes[[LEAD["II"], LEAD["aVR"]]] = 0.8  # -aVR lies between I and II
    assert best_pair(passes, MEASURED, False).confidence == 0.8
    passes = np.full(12, 0.02)
    passes[[LEAD["I"], LEAD["III"]]] = 0.8
    assert best_pair(passes, MEASURED, False).confidence == 0.02


def test_what_rests_on_reconstructed_leads_ranks_below_what_was_measured():
    v2_v3, v1_v2, limb = ([LEAD[a], LEAD[b]] for a, b in (("V2", "V3"), ("V1", "V2"), ("II", "V5")))
    worth = [rank(BLINDLY, pair, False) for pair in (limb, v1_v2, v2_v3)]
    assert worth == [1.0, ONE_SURE, BLIND]
    assert rank(BLINDLY, v2_v3, True) == ENROLLED
    assert 1.0 > ONE_SURE > ENROLLED > BLIND


def test_anterior_elevation_is_found_named_and_told_lead_by_lead():
    up = found(Heart(st_mv={"V1": 0.15, "V2": 0.35, "V3": 0.4, "V4": 0.25}), Sign.ELEVATION)
    assert up.confidence > 0.95
    assert {one.lead for one in up.leads} == {"V1", "V2", "V3", "V4"}
    assert {"anteroseptal", "anterior", "septal"} <= set(up.walls)
    v3 = next(one for one in up.leads if one.lead == "V3")
    assert v3.level_mv == pytest.approx(0.4, abs=0.06)
    assert v3.origin is Origin.MEASURED
    assert 0.01 < v3.spread_mv < 0.04


def test_inferior_elevation_mirrored_in_the_lateral_wall_is_surer():
    plain = found(Heart(st_mv={"I": 0.05, "II": 0.16}), Sign.ELEVATION)
    mirrored = found(Heart(st_mv={"I": -0.10, "II": 0.12}), Sign.ELEVATION)
    assert "inferior" in mirrored.walls
    assert mirrored.reciprocal > 0.8 > plain.reciprocal


def test_the_same_elevation_reconstructed_blind_is_a_guess_and_says_so():
    heart = Heart(st_mv={"V2": 0.35, "V3": 0.4})
    measured, blind = found(heart, Sign.ELEVATION), found(heart, Sign.ELEVATION, origin=BLINDLY)
    assert measured.confidence > 0.95
    assert blind.confidence <= BLIND
    assert blind.reconstructed_only
    assert not measured.reconstructed_only


def test_no_elevation_in_a_usual_heart():
    assert found(Heart(), Sign.ELEVATION).confidence < 0.1


def test_an_elevation_that_the_patient_always_had_is_not_new():
    heart = Heart(st_mv={"V2": 0.3, "V3": 0.3})
    levels = read(heart)
    own = OwnSt(levels.st_j_mv, levels.st_j60_mv)
    assert found(heart, Sign.ELEVATION).confidence > 0.9
    known = found(heart, Sign.ELEVATION, own=own)
    assert known.confidence < 0.2
    assert all(one.change_mv == pytest.approx(0.0, abs=0.02) for one in known.leads)
    grown = found(Heart(st_mv={"V2": 0.5, "V3": 0.5}), Sign.ELEVATION, own=own)
    assert grown.confidence > 0.9


def test_a_running_baseline_is_told_and_takes_nothing_away():
    heart = Heart(st_mv={"V2": 0.3, "V3": 0.3})
    levels = read(heart)
    running = OwnSt(levels.st_j_mv, levels.st_j60_mv, Source.RUNNING)
    up = found(heart, Sign.ELEVATION, own=running)
    assert up.confidence > 0.9
    assert up.leads[0].change_mv is not None


def test_horizontal_depression_counts_and_upsloping_does_not():
    flat = found(Heart(st_mv={"V4": -0.12, "V5": -0.12}, t_mv={"V4": 0.1, "V5": 0.1}), Sign.DEPRESSION)
    assert flat.confidence > 0.9
    levels = read(Heart(st_mv={"V4": -0.12, "V5": -0.12}))
    for lead in ("V4", "V5"):
        levels.st_j80_mv[LEAD[lead]] = 0.0  # back at the line 80 ms later
    assert interpret(levels, ANYBODY).findings[Sign.DEPRESSION].confidence < 0.2


def test_t_inversion_needs_an_r_wave():
    upside_down = dict.fromkeys(("V4", "V5", "V6"), -0.35)
    assert found(Heart(t_mv=upside_down), Sign.INVERSION).confidence > 0.9
    small = dict.fromkeys(("V4", "V5", "V6"), 0.15)
    assert found(Heart(t_mv=upside_down, r_mv=small), Sign.INVERSION).confidence < 0.1


def test_inferior_q_waves_are_those_of_an_old_infarct():
    heart = Heart(q_mv={"II": 0.35, "I": -0.05}, q_sd_s=0.016)
    reading = interpret(read(heart), ANYBODY)
    assert reading.findings[Sign.Q_WAVE].confidence > 0.6
    assert reading.scores["mi_inferior"] > 0.5
    assert reading.scores["mi_inferior"] > 2 * max(reading.scores["mi_lateral"], reading.scores["mi_septal"])
    assert interpret(read(Heart()), ANYBODY).scores["mi_inferior"] < 0.1


def test_lost_r_waves_in_front_are_an_anteroseptal_infarct():
    lost = Heart(r_mv={"V1": 0.0, "V2": 0.0, "V3": 0.02})
    reading = interpret(read(lost), ANYBODY)
    assert reading.scores["mi_anteroseptal"] > 0.6
    assert reading.scores["mi"] > 0.6
    poor = infarct.poor_r_progression(read(lost))
    assert poor is not None
    assert poor > 0.9
    assert infarct.poor_r_progression(read(Heart())) < 0.1


def test_the_qrs_score_of_a_usual_heart_is_low_and_grows_with_what_is_lost():
    usual, lost = (qrs_score.points(read(h)) for h in (Heart(), Heart(r_mv=dict.fromkeys(("V1", "V2", "V3"), 0.0))))
    assert sum(usual.values()) < 2.0
    assert sum(lost.values()) > sum(usual.values()) + 2.0


def test_v1_to_v3_depression_under_an_upright_t_hints_at_the_posterior_wall():
    tall = {"V1": 0.5, "V2": 0.8, "V3": 0.8}
    hint = infarct.posterior(read(Heart(st_mv={"V1": -0.12, "V2": -0.15, "V3": -0.15}, t_mv=tall)))
    assert hint > 0.9
    assert infarct.posterior(read(Heart())) < 0.2


def test_a_wide_qrs_that_ends_to_the_left_is_a_left_block_and_lowers_st():
    r = {"I": 1.0, "II": 0.6, "V1": -0.8, "V2": -0.9, "V3": -0.5, "V5": 1.2, "V6": 1.2}
    st = {"V1": 0.25, "V2": 0.35, "V3": 0.3}
    wide = Heart(wide=2.6, r_mv=r, st_mv=st)
    levels = read(wide)
    assert levels.fiducials.qrs_ms > 130
    lead_to = conduction.judge(levels)
    assert lead_to.lbbb > 0.6
    assert lead_to.rbbb < 0.2
    up = interpret(levels, ANYBODY).findings[Sign.ELEVATION]
    assert "lbbb" in up.confounders
    assert up.confidence < 0.6


def test_a_narrow_qrs_is_no_block():
    lead_to = conduction.judge(read(Heart()))
    assert max(lead_to.lbbb, lead_to.rbbb, lead_to.paced) < 0.05


def test_a_long_pr_interval_is_a_first_degree_block():
    assert conduction.judge(read(Heart(pr_s=0.26, rr_s=1.0))).avb1 > 0.8
    assert conduction.judge(read(Heart(pr_s=0.15))).avb1 < 0.2


def test_a_pacemakers_spike_is_seen_before_qrs():
    from st.test_average_beats import averages

    from edge.st import levels

    heart = Heart()
    mv = heart.mv(11)
    for beat in heart.beats(11):
        mv[beat.sample - 24] += 1.0
    paced = levels.read(averages(mv, heart.beats(11))[1])
    assert conduction.judge(paced).paced > 0.9


def test_voltage_depends_on_sex_where_it_should():
    tall = read(Heart(r_mv={"I": 1.75, "II": 0.6}))  # R in aVL 1.4
    woman, man = (voltage.hypertrophy(tall, Person(60, sex)) for sex in (Sex.FEMALE, Sex.MALE))
    assert woman > man
    assert voltage.hypertrophy(read(Heart(r_mv={"V5": 3.2})), ANYBODY) > 0.8


def test_leads_that_are_missing_give_no_answer_rather_than_a_good_one():
    only_limb = tuple(Origin.MEASURED if k < 6 else Origin.UNAVAILABLE for k in range(12))
    average = read(Heart()).average
    from dataclasses import replace

    from edge.st import levels

    mv = average.beats_mv.copy()
    mv[:, :, 6:] = np.nan
    scores = interpret(levels.read(replace(average, beats_mv=mv, origin=only_limb)), ANYBODY).scores
    assert scores["mi_anterior"] is None
    assert scores["lbbb"] is None
    assert scores["mi_inferior"] is not None


def own_of(heart: Heart, source=Source.RUNNING) -> OwnSt:
    levels = read(heart)
    return OwnSt(levels.st_j_mv, levels.st_j60_mv, source)


def test_st_that_has_fallen_in_one_measured_lead_is_found_without_a_neighbour():
    low = Heart(st_mv={"V5": -0.18}, t_mv={"V5": 0.1})
    reading = interpret(read(low, origin=BLINDLY), ANYBODY, own_of(Heart(t_mv={"V5": 0.1})))
    fall = reading.findings[Sign.FALL]
    assert fall.confidence > 0.8
    assert fall.pair == ("V5",)
    assert fall.leads[0].origin is Origin.MEASURED
    assert fall.leads[0].change_mv == pytest.approx(-0.18, abs=0.04)
    assert reading.findings[Sign.RISE].confidence < 0.1
    assert reading.scores["ischemia"] > 0.5


def test_a_reconstructed_lead_that_has_moved_says_nothing_by_itself():
    reading = interpret(read(Heart(st_mv={"V3": 0.4}), origin=BLINDLY), ANYBODY, own_of(Heart()))
    assert reading.findings[Sign.RISE].confidence < 0.1


def test_without_a_baseline_nothing_has_moved():
    assert Sign.RISE not in interpret(read(Heart(st_mv={"V5": 0.3})), ANYBODY).findings
