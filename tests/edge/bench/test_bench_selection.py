import pytest
from benches import timed

from edge.bench.selection import PRECISIONS, select


def chosen(*timings):
    best = select(timings)
    return best and (best.variant, best.threads)


def test_the_lowest_p95_is_chosen():
    assert chosen(timed("litert-float32", 9.0), timed("litert-int8", 4.0)) == ("litert-int8", 1)


def test_within_ten_percent_of_the_fastest_the_higher_precision_is_chosen():
    assert chosen(timed("litert-int8", 10.0), timed("litert-float32", 10.9)) == ("litert-float32", 1)
    assert chosen(timed("litert-int8", 10.0), timed("litert-float32", 11.1)) == ("litert-int8", 1)


def test_of_the_same_precision_fewer_threads_are_chosen():
    assert chosen(timed("litert-float32", 10.0, 4), timed("litert-float32", 10.5, 2)) == ("litert-float32", 2)


def test_precision_counts_more_than_threads():
    assert chosen(timed("litert-int8", 10.0, 1), timed("litert-float16", 10.0, 4)) == ("litert-float16", 4)


def test_what_is_still_alike_goes_by_the_bundles_order_and_not_by_noise():
    for litert, onnx in ((10.0, 10.1), (10.1, 10.0)):
        assert chosen(timed("litert-float32", litert), timed("onnx-float32", onnx)) == ("litert-float32", 1)


def test_precision_goes_from_float32_down_to_int8_and_what_is_unknown_comes_last():
    assert PRECISIONS == ("float32", "float16", "int8-dynamic", "int8")
    falling = [timed(f"litert-{precision}", 10.0) for precision in (*PRECISIONS, "int4")]
    for k in range(len(falling)):
        assert chosen(*reversed(falling[k:])) == (falling[k].variant, 1)


@pytest.mark.parametrize("timings", [(), (timed("litert-float32", None),)])
def test_nothing_is_chosen_where_nothing_was_timed(timings):
    assert chosen(*timings) is None


def test_what_had_no_turn_is_not_chosen():
    assert chosen(timed("litert-float32", None), timed("litert-int8", 5.0)) == ("litert-int8", 1)
