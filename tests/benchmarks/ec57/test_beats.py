"""Beat by beat. Expected counts are worked out by hand from the guide's description of `bxb`, element by element."""

import numpy as np
import pytest
from hand_made import beats, marks
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ec57 import beats as ec57
from benchmarks.ec57.annotations import Annotations, of_beats
from benchmarks.ec57.classes import ESCAPES_NORMAL
from benchmarks.ec57.confusion import averages, gross


def compared(reference, test, learning_s=0.0, **more):
    return ec57.compare(reference, test, learning_s, **more)


def elements(found):
    """The elements of the matrix that are not nought, by name."""
    return {r + c: n for r in "NSVFQOX" for c in "nsvfqox" if (n := found.count(r + c))}


def test_each_kind_of_agreement_and_of_error_has_its_element():
    # Reference and test a second apart, beat for beat:
    #   N-n N-n N-v S-s S-n V-v V-v V-n F-v F-f Q-v | N missed (No) | none there, but a test V at 13 s (Ov)
    reference = beats("NNNASVVVFFQN.")
    test = beats("NNVANVVNVFV.V")
    found = compared(reference, test, end_s=14.0)
    assert elements(found) == {
        "Nn": 2, "Nv": 1, "No": 1, "Ss": 1, "Sn": 1, "Vv": 2, "Vn": 1, "Fv": 1, "Ff": 1, "Qv": 1, "Ov": 1,
    }  # fmt: skip
    # QRS: 11 of the 12 reference beats found; 11 of the 12 test beats are beats
    assert (found.qrs_sensitivity.hits, found.qrs_sensitivity.total) == (11, 12)
    assert (found.qrs_predictivity.hits, found.qrs_predictivity.total) == (11, 12)
    # VEB: 2 of 3. Called V: Vv 2, Nv 1, Ov 1 count; Fv and Qv are neither right nor wrong
    assert (found.veb_sensitivity.hits, found.veb_sensitivity.total) == (2, 3)
    assert (found.veb_predictivity.hits, found.veb_predictivity.total) == (2, 4)
    # FPR: Nv + Ov = 2 of those and of what is rightly not called V: Nn 2, Ss 1, Sn 1, Ff 1
    assert (found.veb_false_positive_rate.hits, found.veb_false_positive_rate.total) == (2, 7)
    # SVEB: one of two; called S: Ss alone. FPR: 0 of Nn 2, Nv 1, Vv 2, Vn 1, Fv 1, Ff 1, Qv 1, Ov 1
    assert (found.sveb_sensitivity.hits, found.sveb_sensitivity.total) == (1, 2)
    assert (found.sveb_predictivity.hits, found.sveb_predictivity.total) == (1, 1)
    assert (found.sveb_false_positive_rate.hits, found.sveb_false_positive_rate.total) == (0, 10)


def test_codes_go_to_the_classes_of_the_standard():
    codes = "NLRBAaJSejnVErF/fQ?"
    found = compared(beats(codes), beats(codes))
    # N: N L R B; S: A a J S and the escapes e j n; V: V E r; F; Q: / f Q ?
    assert elements(found) == {"Nn": 4, "Ss": 7, "Vv": 3, "Ff": 1, "Qq": 4}
    literature = compared(beats(codes), beats(codes), classes=ESCAPES_NORMAL)
    assert elements(literature) == {"Nn": 6, "Ss": 5, "Vv": 3, "Ff": 1, "Qq": 4}


def test_what_is_no_beat_is_not_compared():
    reference = marks(
        (1000, "N"), (1500, "+", "(AFIB"), (1600, "|"), (1700, "!"), (2000, "N"), (2100, '"'), (2200, "x")
    )
    assert elements(compared(reference, beats("NN"))) == {"Nn": 2}


@pytest.mark.parametrize(("shift", "hits"), [(149, 3), (150, 3), (151, 0), (-150, 3), (-151, 0)])
def test_150_ms_is_within_the_window_and_151_is_not(shift, hits):
    found = compared(beats("NNN"), beats("NNN", shift=shift), end_s=5.0)
    assert found.qrs_sensitivity.hits == hits
    assert found.qrs_predictivity.total == 3


def test_of_two_candidates_the_nearer_one_is_the_beat_and_the_other_is_extra():
    # The test has V 100 ms before the beat and N 40 ms after it, then the other way round
    assert elements(compared(beats("N"), marks((900, "V"), (1040, "N")), end_s=2.0)) == {"Nn": 1, "Ov": 1}
    assert elements(compared(beats("N"), marks((960, "V"), (1100, "N")), end_s=2.0)) == {"Nv": 1, "On": 1}


def test_of_two_reference_beats_the_nearer_one_takes_the_only_detection():
    reference = marks((1000, "N"), (1200, "V"))
    assert elements(compared(reference, marks((1120, "V")))) == {"No": 1, "Vv": 1}
    assert elements(compared(reference, marks((1080, "V")))) == {"Nv": 1, "Vo": 1}


def test_the_learning_period_does_not_count():
    reference, test = beats("NNNNNN"), beats("VVVNNV")
    # From 3.5 s on: 4 s N-n, 5 s N-n, 6 s N-v
    assert elements(compared(reference, test, learning_s=3.5)) == {"Nn": 2, "Nv": 1}
    assert ec57.LEARNING_S == 300.0


def test_at_the_start_a_beat_may_be_found_just_before_it():
    # Start at 3 s. The reference's beat at 3.0 s was found at 2.9 s, which is paired all the same
    assert elements(compared(beats("NNNN"), beats("NNNN", shift=-100), learning_s=3.0)) == {"Nn": 2}


def test_at_the_start_a_late_detection_of_a_beat_before_it_is_no_error():
    # Start at 2.95 s: the beat at 2.9 s does not count, nor does its detection at 3.0 s
    reference = marks((1900, "N"), (2900, "N"), (3900, "N"))
    test = marks((2000, "N"), (3000, "N"), (4000, "N"))
    assert elements(compared(reference, test, learning_s=2.95)) == {"Nn": 1}


def test_without_a_learning_period_there_is_no_beat_before_the_start():
    assert elements(compared(marks((1000, "N")), marks((100, "N"), (1000, "N")))) == {"Nn": 1, "On": 1}


def test_after_the_end_of_the_record_nothing_counts_and_before_it_everything():
    reference = marks((1000, "N"), (2000, "N"), length=5000)
    assert elements(compared(reference, beats("NNNN"))) == {"Nn": 2, "On": 2}
    assert elements(compared(reference, beats("NNNN"), end_s=2.5)) == {"Nn": 2}


def test_without_a_known_length_the_last_reference_beat_ends_the_comparison():
    assert elements(compared(beats("NN"), beats("NNNN"))) == {"Nn": 2}


def test_beats_within_flutter_of_the_reference_do_not_count():
    # Flutter from 1.5 to 4.5 s; the test's beats at 2, 3 and 4 s are left out, the one at 6 s is extra
    reference = marks((1000, "N"), (1500, "["), (2000, "!"), (3000, "V"), (4500, "]"), (5000, "N"), (7000, "N"))
    found = compared(reference, beats("NVVVNNN"))
    assert elements(found) == {"Nn": 3, "On": 1}
    assert found.in_flutter == 3


def test_beats_within_flutter_that_only_the_test_marks_are_missed():
    test = marks((1000, "N"), (1500, "["), (2000, "N"), (3000, "N"), (3500, "]"), (4000, "N"))
    assert elements(compared(beats("NNVN"), test)) == {"Nn": 2, "No": 1, "Vo": 1}


def test_beats_missed_in_shutdown_are_told_apart():
    # The test shuts down from 1.5 to 4.5 s (~ with bits 4 and 5, then ~ without): N at 2 s, V at 3 s, S at 4 s go to x;
    # N at 6 s is missed without excuse
    test = marks((1000, "N"), (1500, "~", "", -1), (4500, "~", "", 0), (5000, "N"), (7000, "N"))
    found = compared(beats("NNVANNN"), test)
    assert elements(found) == {"Nn": 3, "Nx": 1, "Vx": 1, "Sx": 1, "No": 1}
    assert found.shutdown_s == 3.0
    assert (found.missed_in_shutdown().hits, found.missed_in_shutdown().total) == (3, 7)
    assert (found.missed_in_shutdown("V").hits, found.missed_in_shutdown("V").total) == (1, 1)
    # they are missed nevertheless
    assert (found.qrs_sensitivity.hits, found.qrs_sensitivity.total) == (3, 7)


def test_noise_in_one_signal_only_is_no_shutdown():
    test = marks((1000, "N"), (1500, "~", "", 0x10), (2500, "~", "", 0), (3000, "N"))
    assert elements(compared(beats("NNN"), test)) == {"Nn": 2, "No": 1}


def test_shutdown_that_is_marked_once_lasts_between_its_neighbours():
    # AHA's way: from 150 ms after the beat at 1 s to 150 ms before that at 4 s, that is 1.15 to 3.85 s
    test = marks((1000, "N"), (2500, "~", "", -1), (4000, "N"))
    found = compared(beats("NNNN"), test)
    assert elements(found) == {"Nn": 2, "Nx": 2}
    assert found.shutdown_s == pytest.approx(2.7)


def test_what_is_detected_where_the_reference_is_unreadable_goes_to_row_x():
    reference = marks((1000, "N"), (1500, "~", "", 0x30), (3500, "~", "", 0), (4000, "N"), (6000, "N"))
    assert elements(compared(reference, beats("NNVNVN"))) == {"Nn": 3, "Xn": 1, "Xv": 1, "Ov": 1}


def test_rr_errors_are_those_of_the_intervals_that_end_in_a_pair():
    # Intervals: 1000, 1000, 1000 against 1010, 980, 1010: errors -10, 20, -10: mean square 200
    found = compared(beats("NNNN"), marks((1000, "N"), (2010, "N"), (2990, "N"), (4000, "N")))
    assert found.rr_intervals == 3
    assert found.rr_rms_ms == pytest.approx(np.sqrt(200))
    assert found.rr_rms_matched_ms == found.rr_rms_ms


def test_a_missed_beat_enters_the_rr_error_with_the_interval_it_spoils():
    # Missed: 2 s. Steps: 2 s missed while the test's next interval is 2000 (error 1000), 3 s paired (1000 again), 4 s 0
    found = compared(beats("NNNN"), beats("N.NN"))
    assert found.rr_rms_ms == pytest.approx(np.sqrt(2e6 / 3))
    assert found.rr_rms_matched_ms == pytest.approx(np.sqrt(1e6 / 2))


def test_flutter_and_shutdown_break_the_rr_interval():
    reference = marks((1000, "N"), (1500, "["), (2500, "]"), (3000, "N"), (4000, "N"))
    assert compared(reference, beats("N.NN")).rr_intervals == 1  # that from 3 to 4 s


def test_the_test_annotations_are_brought_to_the_reference_s_rate():
    times_s = np.arange(1, 60) * 0.777
    reference = of_beats(360, np.round(times_s * 360))
    test = of_beats(250, np.round((times_s + 0.140) * 250))
    found = compared(reference, test, end_s=60.0)
    assert (found.qrs_sensitivity.percent, found.qrs_predictivity.percent) == (100, 100)
    late = of_beats(250, np.round((times_s + 0.156) * 250))
    assert compared(reference, late, end_s=60.0).qrs_sensitivity.hits == 0


def test_a_window_between_two_samples_is_rounded_down():
    # 150 ms at 250 Hz are 37.5 samples: 37 samples (148 ms) match, 38 (152 ms) do not
    reference = of_beats(250, [1000])
    assert compared(reference, of_beats(250, [1037])).qrs_sensitivity.hits == 1
    assert compared(reference, of_beats(250, [1038])).qrs_sensitivity.hits == 0


def test_half_a_sample_goes_up_when_the_rate_changes():
    moved = of_beats(500, [1, 2, 3]).at_rate(250)
    assert moved.samples.tolist() == [1, 1, 2]
    assert moved.rate == 250


def test_nothing_against_nothing_has_no_figures():
    found = compared(marks(), marks())
    assert found.qrs_sensitivity.percent is None
    assert found.rr_rms_ms is None


def test_gross_pools_counts_and_average_gives_every_record_the_same_weight():
    # 9 of 10 and 1 of 2: gross 10 of 12, average (90 + 50) / 2; VEB only in the second record: average is its own
    first = compared(beats("NNNNNNNNNN"), beats("NNNNNNNNN."))
    second = compared(beats("VN"), beats("V."))
    total = gross([first, second])
    assert (total.qrs_sensitivity.hits, total.qrs_sensitivity.total) == (10, 12)
    mean = averages([first, second])
    assert mean["qrs_sensitivity"] == pytest.approx(70)
    assert mean["veb_sensitivity"] == pytest.approx(100)
    assert mean["sveb_sensitivity"] is None


def test_annotations_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="2 samples, but 1 symbols"):
        Annotations(360, [1, 2], ["N"])
    with pytest.raises(ValueError, match="0 Hz"):
        Annotations(0, [1], ["N"])


SEQUENCE = st.lists(st.tuples(st.integers(300, 2000), st.sampled_from("NAVFQ")), min_size=1, max_size=40)


def spaced(sequence):
    times = np.cumsum([gap for gap, _ in sequence])
    return marks(*zip(times.tolist(), (code for _, code in sequence), strict=True))


@given(SEQUENCE)
@settings(max_examples=60, deadline=None)
def test_perfect_annotations_have_no_error(sequence):
    found = compared(spaced(sequence), spaced(sequence))
    assert found.matrix.sum() == np.trace(found.matrix) == len(sequence)
    assert found.qrs_sensitivity.percent == found.qrs_predictivity.percent == 100


@given(SEQUENCE, SEQUENCE)
@settings(max_examples=100, deadline=None)
def test_reference_and_test_in_each_other_s_place_change_sensitivity_and_predictivity(one, other):
    """Beats of one annotator are at least 301 ms apart here, so that no two are within reach of the same beat."""
    end_s = 100.0
    first, second = spaced([(g + 1, c) for g, c in one]), spaced([(g + 1, c) for g, c in other])
    there, back = compared(first, second, end_s=end_s), compared(second, first, end_s=end_s)
    assert there.qrs_sensitivity == back.qrs_predictivity
    assert there.qrs_predictivity == back.qrs_sensitivity


@given(SEQUENCE, SEQUENCE)
@settings(max_examples=100, deadline=None)
def test_every_beat_of_either_annotator_is_counted_once(one, other):
    reference, test = spaced(one), spaced(other)
    found = compared(reference, test, end_s=100.0)
    assert found.count("NSVFQ", "nsvfqox") == len(reference)
    assert found.count("NSVFQOX", "nsvfq") == len(test)
