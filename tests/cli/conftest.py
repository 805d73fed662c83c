from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from command_line import Told, ran

from edge.cli.run import main
from edge.leads import LEAD, LEADS
from edge.synthetic import Synthetic, synthesise

SENT = ("II", "V1", "V5")
SECONDS = 6.0


@pytest.fixture
def edge_run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """edge-run in this process; whatever a test asks of it, no mistake of a user's may look like a bug."""

    return functools.partial(ran, main, capfd)


@pytest.fixture(scope="session")
def heart() -> Synthetic:
    """The twelve leads of a sinus rhythm and where its beats are."""
    return synthesise("sinus", SECONDS, 500.0, seed=3)


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory, heart: Synthetic) -> Path:
    """A folder of WFDB records: three, twelve, nameless, mute_lead, nothing, slow; written by the field's package."""
    wfdb = pytest.importorskip("wfdb")
    folder = tmp_path_factory.mktemp("records")

    def write(name: str, mv: np.ndarray, leads: Sequence[str], rate: float = 500.0) -> None:
        count = len(leads)
        whole = {"fmt": ["16"] * count, "adc_gain": [1000.0] * count, "baseline": [0] * count, "units": ["mV"] * count}
        wfdb.wrsamp(name, rate, sig_name=list(leads), p_signal=mv.astype(float), write_dir=str(folder), **whole)

    three = heart.mv[:, [LEAD[lead] for lead in SENT]]
    mute, nothing = three.copy(), np.full_like(three, np.nan)
    mute[:, 1] = np.nan
    write("three", three, SENT)
    write("twelve", heart.mv, LEADS)
    write("nameless", three, ("ch1", "ch2", "ch3"))
    write("mute_lead", mute, SENT)
    write("nothing", nothing, SENT)
    write("slow", three, SENT, 20.0)
    return folder
