"""Run by run and episode by episode. Expected counts are worked out by hand from the guide's `rxr` and `epicmp`."""

import pytest
from hand_made import beats, marks

from benchmarks.ec57 import episodes, measurements, rhythms, runs
from benchmarks.ec57.proportions import Proportion


def run_counts(reference, test, kind=runs.VENTRICULAR, learning_s=0.0):
    found = runs.compare(reference, test, learning_s, kind=kind)
    return {name: (p.hits, p.total) for name, p in found.proportions().items() if p.total}, found


def test_runs_are_couplets_short_and_long_ones():
    # 2, 3, 5, 6 and 8 ventricular beats (fusion beats belong), all found
    codes = "NVVNVFVNVVVVVNVVVVVVNVVVVVVVVN"
    counts, found = run_counts(beats(codes), beats(codes))
    assert counts == {
        "couplet_sensitivity": (1, 1), "couplet_predictivity": (1, 1),
        "short_run_sensitivity": (2, 2), "short_run_predictivity": (2, 2),
        "long_run_sensitivity": (2, 2), "long_run_predictivity": (2, 2),
    }  # fmt: skip
    assert [int(found.by_reference[k, k]) for k in range(7)] == [0, 0, 1, 1, 0, 1, 2]


def test_a_run_is_found_if_the_test_has_one_of_at_least_its_class():
    # Reference 3 V: the test calls the last N, a couplet (missed); reference 2 V: the test has 3 (found)
    # The test's couplet lies in a run of 3: true. In the test's run of 3 the reference has a couplet only: false
    counts, found = run_counts(beats("NVVVNNVVNN"), beats("NVVNNNVVVN"))
    assert counts == {
        "couplet_sensitivity": (1, 1), "couplet_predictivity": (1, 1),
        "short_run_sensitivity": (0, 1), "short_run_predictivity": (0, 1),
    }  # fmt: skip
    assert found.by_reference[3, 2] == 1
    assert found.by_reference[2, 2] == 1  # within the window of the reference's couplet the test's run has two beats
    assert found.by_test[2, 2] == 1  # and the other way round
    assert found.by_test[2, 3] == 1


def test_a_run_that_is_broken_in_two_counts_by_its_longer_part():
    _, found = run_counts(beats("NVVVVVVN"), beats("NVVNVVVN"))
    assert found.by_reference[6, 3] == 1
    assert found.by_test[2, 2] == found.by_test[3, 3] == 1


def test_unclassifiable_beats_and_unreadable_signals_break_a_run():
    test = marks(
        (1000, "N"), (2000, "V"), (3000, "V"), (3500, "~", "", -1), (3600, "~", "", 0), (4000, "V"), (5000, "N")
    )
    _, found = run_counts(beats("NVVVN"), test)
    assert found.by_reference[3, 2] == 1
    _, found = run_counts(beats("NVVVN"), beats("NVQVN"))
    assert found.by_reference[3, 1] == 1


def test_flutter_is_a_long_run():
    reference = marks((1000, "N"), (2000, "["), (7000, "]"), (8000, "N"))
    counts, _ = run_counts(reference, beats("NVVVVVVN"))
    # The test has six V from 2 to 7 s, a long run; where they are the reference has flutter
    assert counts == {"long_run_sensitivity": (1, 1), "long_run_predictivity": (1, 1)}
    counts, _ = run_counts(reference, beats("NVVVVVN"))
    assert counts["long_run_sensitivity"] == (0, 1)


def test_a_run_of_beats_that_goes_over_into_flutter_is_a_long_one():
    reference = marks((1000, "N"), (2000, "V"), (3000, "["), (6000, "]"), (7000, "N"))
    counts, found = run_counts(reference, reference)
    assert counts == {"long_run_sensitivity": (1, 1), "long_run_predictivity": (1, 1)}
    assert found.by_reference.sum() == 1


def test_flutter_at_the_start_of_the_test_period_begins_there():
    reference = marks((1000, "["), (6000, "]"), (7000, "N"))
    counts, _ = run_counts(reference, reference, learning_s=3.0)
    assert counts == {"long_run_sensitivity": (1, 1), "long_run_predictivity": (1, 1)}


def test_beats_of_a_run_in_the_learning_period_do_not_count():
    counts, _ = run_counts(beats("NVVVVN"), beats("NVVVVN"), learning_s=3.5)
    assert counts == {"couplet_sensitivity": (1, 1), "couplet_predictivity": (1, 1)}


def test_supraventricular_runs_are_of_s_and_within_atrial_fibrillation_of_normal_beats():
    codes = "NAAN"
    counts, _ = run_counts(beats(codes), beats(codes), runs.SUPRAVENTRICULAR)
    assert counts == {"couplet_sensitivity": (1, 1), "couplet_predictivity": (1, 1)}
    # AF from 1.5 s on, three beats, one of them ventricular, and back to sinus rhythm at 4.5 s: a run of the greatest
    # length, up to the ventricular beat; then one beat
    af = marks((1000, "N"), (1500, "+", "(AFIB"), (2000, "N"), (3000, "V"), (4000, "N"), (4500, "+", "(N"), (5000, "N"))
    counts, _ = run_counts(af, beats("NNVNN"), runs.SUPRAVENTRICULAR)
    assert counts == {"long_run_sensitivity": (0, 1)}
    counts, _ = run_counts(af, af, runs.SUPRAVENTRICULAR)
    assert counts["long_run_sensitivity"] == (1, 1)


def test_episodes_count_by_any_overlap_and_durations_by_how_much():
    # Reference 400-500 and 700-800 s, test 450-600 (overlaps 50 s), 900-930 (false)
    found = episodes.compare([(400, 500), (700, 800)], [(450, 600), (900, 930)], 1000)
    assert found.sensitivity == Proportion(1, 2)
    assert found.predictivity == Proportion(1, 2)
    assert found.percents()["duration_sensitivity"] == pytest.approx(100 * 50 / 200)
    assert found.percents()["duration_predictivity"] == pytest.approx(100 * 50 / 180)
    # 700 s compared, 200 s of them with the event: one false alarm in 500 s is 7.2 an hour
    assert found.without_event_s == pytest.approx(500)
    assert found.false_alarms == 1
    assert found.false_alarms_per_hour == pytest.approx(7.2)


def test_one_episode_of_the_test_may_find_several_and_the_other_way_round():
    several, one = [(400, 420), (440, 460), (480, 500)], [(400, 500)]
    assert episodes.compare(several, one, 1000).sensitivity == Proportion(3, 3)
    assert episodes.compare(several, one, 1000).predictivity == Proportion(1, 1)
    assert episodes.compare(one, several, 1000).percents()["duration_sensitivity"] == pytest.approx(60)


def test_touching_is_no_overlap():
    found = episodes.compare([(400, 500)], [(500, 600)], 1000)
    assert found.sensitivity == found.predictivity == Proportion(0, 1)


def test_the_learning_period_cuts_episodes():
    found = episodes.compare([(100, 200), (250, 350)], [(250, 300)], 1000)
    assert found.sensitivity == Proportion(0, 1)
    assert found.reference_s == 50
    assert found.predictivity.total == 0


def test_what_the_test_says_during_atrial_flutter_is_neither_right_nor_wrong():
    reference = marks(
        (0, "+", "(N"), (400_000, "+", "(AFL"), (500_000, "+", "(AFIB"), (600_000, "+", "(N"), length=1_000_000
    )
    rhythm = rhythms.RHYTHMS["af"]
    af, flutter = rhythms.of(reference, rhythm, 1000), rhythms.excluded(reference, rhythm, 1000)
    assert (af, flutter) == ([(500, 600)], [(400, 500)])
    # 420-480: not counted; 450-550: true, with its 50 s outside of the flutter
    assert episodes.compare(af, [(420, 480)], 1000, excluded=flutter).predictivity.total == 0
    found = episodes.compare(af, [(450, 550)], 1000, excluded=flutter)
    assert found.predictivity == Proportion(1, 1)
    assert found.test_s == found.overlap_s == 50
    assert rhythms.of(reference, rhythms.RHYTHMS["af+afl"], 1000) == [(400, 500), (500, 600)]


def test_short_episodes_may_be_left_out_of_the_count_but_not_of_the_durations():
    found = episodes.compare([(400, 410), (500, 600)], [(400, 410)], 1000, minimum_s=30)
    assert found.sensitivity == Proportion(0, 1)
    assert found.predictivity.total == 0
    assert found.overlap_s == 10


def test_episodes_are_read_from_rhythms_and_from_marks_of_flutter():
    found = marks(
        (1000, "+", "(VT"), (3000, "+", "(VFL"), (4000, "["), (6000, "]"), (7000, "+", "(N"), (9000, "+", "(VT")
    )
    assert rhythms.of(found, rhythms.RHYTHMS["vt"], 12) == [(1, 3), (9, 12)]
    assert rhythms.of(found, rhythms.RHYTHMS["vf"], 12) == [(3, 7), (4, 6)]
    # joined when compared: one episode
    assert episodes.compare([(3, 7), (4, 6)], [(5, 6)], 12, learning_s=0).sensitivity == Proportion(1, 1)
    # test marks fibrillation and does not end it: it lasts to the end of the record
    assert rhythms.of(marks((4000, "[")), rhythms.RHYTHMS["vf"], 12) == [(4, 12)]


def test_episodes_of_records_add_up():
    one = episodes.compare([(400, 500)], [(400, 500)], 1000)
    none = episodes.compare([(400, 700)], [], 1000)
    total = episodes.gross([one, none])
    assert total.sensitivity == Proportion(1, 2)
    assert total.percents()["duration_sensitivity"] == pytest.approx(25)
    assert episodes.averages([one, none])["episode_sensitivity"] == pytest.approx(50)
    assert episodes.averages([one, none])["episode_predictivity"] == pytest.approx(100)


def test_an_exact_interval_is_that_of_the_binomial():
    # 20 of 20: the lower end is (0.025)^(1/20) = 0.8316; none of 20: the upper end is one minus that
    assert Proportion(20, 20).interval_percent() == pytest.approx((83.16, 100), abs=0.005)
    assert Proportion(0, 20).interval_percent() == pytest.approx((0, 16.84), abs=0.005)
    # Clopper and Pearson for 5 of 10, as tabled: 18.71 to 81.29
    assert Proportion(5, 10).interval_percent() == pytest.approx((18.71, 81.29), abs=0.005)
    assert Proportion(0, 0).interval_percent() is None


def test_measurements_are_compared_with_the_nearest_in_time():
    # Test 62 at 304 s (nearest 60 at 300), 65 at 306 s (nearest 70 at 310), 71 at 305 s (as near: the later, 70)
    found = measurements.compare([300, 310], [60, 70], [304, 305, 306], [62, 71, 65])
    assert found.measurements == 3
    assert found.rms == pytest.approx(((4 + 1 + 25) / 3) ** 0.5)
    assert found.mean_reference == pytest.approx(200 / 3)
    assert found.rms_percent == pytest.approx(100 * 10**0.5 / (200 / 3))
    assert measurements.compare([300], [60], [200], [60]) is None


def test_measurements_are_read_by_number():
    times, values = measurements.of(marks((1000, "=", "60", 0), (2000, "=", "30", 1), (3000, "=", "no", 0)))
    assert (times.tolist(), values.tolist()) == ([1], [60])
