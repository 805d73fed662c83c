import numpy as np
import pytest

from benchmarks.growth import Growth, Limit, growth

HOURS = [k / 60 for k in range(1, 241)]  # a minute each


def noise(seed, sd, lasts=1):
    """Of which every value stays for `lasts` points."""
    drawn = np.random.default_rng(seed).normal(0, sd, -(-len(HOURS) // lasts))
    return np.repeat(drawn, lasts)[: len(HOURS)]


def test_a_line_has_its_slope_and_no_noise():
    found = growth(HOURS, [80 + 2.5 * h for h in HOURS])
    assert found.slope == pytest.approx(2.5)
    assert found.noise == pytest.approx(0, abs=1e-9)


def test_what_never_changes_does_not_grow():
    assert growth(HOURS, [14.0] * len(HOURS)) == Growth(0.0, 0.0, 0.0)


def test_the_warm_up_does_not_count():
    values = [h * 100 if h < 0.4 else 40.0 for h in HOURS]
    assert growth(HOURS, values).slope == pytest.approx(0, abs=1e-9)


def test_outliers_bend_nothing():
    values = np.array([80 + 0.5 * h for h in HOURS])
    values[50::7] += 1000
    assert growth(HOURS, values).slope == pytest.approx(0.5, abs=0.05)


def test_in_percent_it_is_of_the_median():
    found = growth(HOURS, [200 + 10 * h for h in HOURS], relative=True)
    assert found.slope == pytest.approx(100 * 10 / (200 + 10 * np.median(HOURS[24:])), rel=1e-6)


@pytest.mark.parametrize("lasts", [1, 10])
def test_the_interval_holds_the_slope_as_often_as_it_says(lasts):
    held = 0
    for seed in range(12):
        found = growth(HOURS, 80 + 0.5 * np.array(HOURS) + noise(seed, 1.0, lasts))
        held += found.low <= 0.5 <= found.high
    assert held >= 9


def test_noise_that_lasts_makes_it_less_sure():
    assert growth(HOURS, noise(1, 1.0, lasts=10)).noise > 1.5 * growth(HOURS, noise(1, 1.0)).noise


def test_the_same_points_tell_the_same():
    assert growth(HOURS, noise(3, 1.0)) == growth(HOURS, noise(3, 1.0))


def test_a_few_points_tell_nothing():
    assert growth(HOURS[:8], [1.0] * 8) == Growth(0.0, 0.0, 0.0)
    assert growth(HOURS[:7], [1.0] * 7) is None
    assert growth([], []) is None


def test_a_limit_is_broken_where_all_of_the_interval_is_beyond():
    limit = Limit("MB", 1.0, 0.5)
    assert limit.kept(Growth(1.2, 0.9, 1.5))
    assert not limit.kept(Growth(1.2, 1.01, 1.4))
    assert limit.kept(Growth(-3.0, -4.0, -2.0))


def test_a_wide_interval_does_not_tell():
    limit = Limit("MB", 1.0, 0.5)
    assert limit.told(Growth(0.0, -0.5, 0.5))
    assert not limit.told(Growth(0.0, -0.6, 0.6))
