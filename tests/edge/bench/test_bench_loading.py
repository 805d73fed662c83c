import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from benches import Hands, Slow, variant

from edge.bench.inputs import PATCH, inputs
from edge.bench.loading import load_all
from edge.bench.turns import Clocks
from edge.bundle import open_bundle
from edge.errors import InputError, Reason
from edge.leads import LEAD, LEADS

X = np.zeros((24, 100), np.float32)


@pytest.fixture(scope="module")
def bundle():
    """With two variants of each engine."""
    names = ("litert-float32", "litert-int8", "onnx-float32", "onnx-int8")
    return replace(open_bundle(), variants=tuple(variant(name) for name in names))


def refusing(*refused, reason=Reason.MALFORMED):
    """Loads everything but these."""

    def load(wanted, threads):
        if wanted.name in refused or wanted.engine in refused:
            raise InputError(f"{wanted.engine} will not do", reason)
        return Slow(wanted.name, Hands(), 0.0)

    return load


def test_every_variant_is_loaded_with_each_number_of_threads(bundle):
    loaded = load_all(bundle, (1, 2), X, load=refusing())
    assert [(c.variant.name, c.threads) for c in loaded.candidates] == [
        (v.name, threads) for v in bundle.variants for threads in (1, 2)
    ]
    assert loaded.left_out == []


def test_loading_and_the_first_window_are_timed_apart_and_the_engines_import_is_in_neither(bundle):
    clock, loads = Hands(), []

    def load(wanted, threads):
        first = wanted.engine not in {v.engine for v in loads}
        loads.append(wanted)
        clock.s += 60.0 if first else 0.5
        return Slow(wanted.name, clock, 0.25)

    for c in load_all(bundle, (1,), X, load=load, clocks=Clocks(clock, clock)).candidates:
        assert (c.load_ms, c.first_ms) == (500, 250)


def test_an_engine_that_is_missing_is_told_once_for_all_its_variants(bundle):
    loaded = load_all(bundle, (1, 2), X, load=refusing("onnx", reason=Reason.NO_ENGINE))
    assert {c.variant.engine for c in loaded.candidates} == {"litert"}
    (out,) = loaded.left_out
    assert out.variants == ("onnx-float32", "onnx-int8")
    assert out.reason is Reason.NO_ENGINE


def test_a_variant_that_does_not_load_is_left_out_and_the_others_of_its_engine_are_not(bundle):
    loaded = load_all(bundle, (1,), X, load=refusing("litert-float32"))
    assert [c.variant.name for c in loaded.candidates] == ["litert-int8", "onnx-float32", "onnx-int8"]
    assert [out.variants for out in loaded.left_out] == [("litert-float32",)]


def test_where_nothing_runs_the_reason_is_told(bundle):
    with pytest.raises(InputError, match=r"nothing of the bundle default runs here: litert will not do") as refused:
        load_all(bundle, (1,), X, load=refusing("litert", "onnx", reason=Reason.NO_ENGINE))
    assert refused.value.reason is Reason.NO_ENGINE


def test_a_stop_within_an_engines_import_is_no_missing_engine(bundle):
    before = signal.getsignal(signal.SIGINT)

    def load(wanted, threads):
        os.kill(os.getpid(), signal.SIGINT)
        raise InputError("what an import makes of it", Reason.NO_ENGINE)

    with pytest.raises(KeyboardInterrupt):
        load_all(bundle, (1,), X, load=load)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_windows_are_those_of_a_live_patch():
    windows = inputs(open_bundle())
    assert len(windows) == 19  # 2 s each, one a second, of 20 s
    for x in windows:
        assert x.shape == (24, 1000)
        assert x.dtype == np.float32
        for lead in LEADS:
            signal_, mask = x[LEAD[lead]], x[12 + LEAD[lead]]
            assert (mask == (lead in PATCH)).all()
            assert np.ptp(signal_) > 0.5 if lead in PATCH else not signal_.any()  # mV: a heart's, not zeros
    assert not np.array_equal(windows[0], windows[1])
