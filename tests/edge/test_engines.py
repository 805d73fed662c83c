"""An engine that is loaded is either there or told why not; a stop that is asked for meanwhile is neither."""

from __future__ import annotations

import builtins
import os
import signal

import pytest

from edge import engines
from edge.bundle import open_bundle
from edge.errors import InputError, Reason
from edge.stopping import stopped_after

BUNDLE = open_bundle()
FILE = BUNDLE.path / BUNDLE.choose("litert", "float32").file


@pytest.fixture
def importing(monkeypatch):
    """Does something in the middle of importing the engine."""

    def install(act):
        real = builtins.__import__

        def imported(name, *args, **kwargs):
            if name == "edge.engines.litert":
                act()
            return real(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", imported)

    return install


def test_an_engine_that_is_not_installed_is_told_with_the_way_out(importing):
    def missing():
        raise ImportError("no such library")

    importing(missing)
    with pytest.raises(InputError, match="pip install ai-edge-litert") as told:
        engines.load("litert", FILE, BUNDLE.window, 1, BUNDLE.basis)
    assert told.value.reason is Reason.NO_ENGINE


def test_ctrl_c_while_an_engine_is_imported_is_a_stop_and_not_a_missing_engine(importing):
    importing(lambda: os.kill(os.getpid(), signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), stopped_after():
        engines.load("litert", FILE, BUNDLE.window, 1, BUNDLE.basis)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_model_for_another_window_does_not_load():
    with pytest.raises(InputError, match="does not load in litert: its shapes are"):
        engines.load("litert", FILE, BUNDLE.window + 24, 1, BUNDLE.basis)
