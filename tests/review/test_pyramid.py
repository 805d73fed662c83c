"""A bin's least and greatest are those of its samples, whatever is missing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.exports.run_record import MISSING
from edge.review.pyramid import coarser, from_samples, padded

VALUES = st.one_of(st.just(MISSING), st.sampled_from([-32767, 32767, 0, -1, 1]), st.integers(-32767, 32767))
COUNTS = arrays(np.int16, st.sampled_from([(64, 1), (64, 3), (256, 2)]), elements=VALUES)


def brute(counts: np.ndarray, factor: int) -> np.ndarray:
    out = np.full((len(counts) // factor, counts.shape[1], 2), MISSING, np.int16)
    for k in range(len(out)):
        for lead in range(counts.shape[1]):
            there = [v for v in counts[k * factor : (k + 1) * factor, lead].tolist() if v != MISSING]
            if there:
                out[k, lead] = min(there), max(there)
    return out


@given(COUNTS, st.sampled_from([1, 2, 16, 64]))
def test_least_and_greatest_are_exact_and_what_is_missing_is_in_neither(counts, factor):
    assert np.array_equal(from_samples(counts, factor), brute(counts, factor))


@given(COUNTS, st.sampled_from([1, 4, 16]), st.sampled_from([1, 2, 4]))
def test_a_coarser_bin_made_of_finer_ones_is_that_of_the_samples(counts, finer, factor):
    assert np.array_equal(coarser(from_samples(counts, finer), factor), brute(counts, finer * factor))


def test_what_is_padded_is_missing():
    assert padded(np.array([[5], [6]], np.int16), 1, 4)[:, 0].tolist() == [MISSING, 5, 6, MISSING]
