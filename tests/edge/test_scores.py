"""What rhythm, criteria and classifier say, as one score a condition."""

import pytest

from edge.rhythm.scores import CONDITIONS
from edge.scores import combined

NOTHING = dict.fromkeys(CONDITIONS)


def test_what_nobody_speaks_of_has_no_score():
    assert combined(NOTHING, {}, {}, 60) == NOTHING


def test_two_that_speak_meet_at_their_mean_logit():
    score = combined(NOTHING, {"mi": 0.8}, {"mi": 0.2}, 60)["mi"]
    assert score == pytest.approx(0.5)
    assert combined(NOTHING, {"mi": 0.9}, {"mi": 0.9}, 60)["mi"] == pytest.approx(0.9)
    assert combined(NOTHING, {"lbbb": 1.0}, {"lbbb": 0.0}, 60)["lbbb"] == pytest.approx(0.5), "nobody is sure for ever"


def test_one_that_speaks_alone_is_believed():
    assert combined(NOTHING, {"mi": None}, {"mi": 0.3}, 60)["mi"] == pytest.approx(0.3)
    assert combined(NOTHING, {"mi": 0.7}, {}, 60)["mi"] == pytest.approx(0.7)


def test_the_rate_is_the_rhythms_alone():
    assert combined(NOTHING | {"brady": 0.9}, {}, {"brady": 0.1}, 10)["brady"] == 0.9


def test_of_what_comes_and_goes_the_classifier_speaks_in_the_first_half_minute_only():
    rhythm, classifier = NOTHING | {"af": 0.9}, {"af": 0.1}
    assert combined(rhythm, {}, classifier, 10)["af"] == pytest.approx(0.5)
    assert combined(rhythm, {}, classifier, 40)["af"] == 0.9


def test_nothing_is_normal_about_a_rhythm_that_is_not():
    calm, wild = NOTHING | {"af": 0.0}, NOTHING | {"af": 0.9}
    assert combined(calm, {"normal": 0.8}, {}, 60)["normal"] == pytest.approx(0.8)
    assert combined(wild, {"normal": 0.8}, {}, 60)["normal"] == pytest.approx(0.08)


def test_of_hypertrophy_and_of_nothing_at_all_the_classifier_speaks_alone():
    found = combined(NOTHING | {"af": 0.9}, {"lvh": 0.9, "normal": 0.1}, {"lvh": 0.2, "normal": 0.7}, 60)
    assert (found["lvh"], found["normal"]) == (0.2, 0.7)
