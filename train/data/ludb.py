"""LUDB 1.0.1 in its publisher's layout (Kalyakulina et al. 2020, ODC-By): 500 Hz, 10 s, 200 subjects.

Its headers scale every lead to a range of its own, which breaks Einthoven's law; the counts are microvolts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.leads import LEADS, canonical


def read(root: Path) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.float64]]]:
    """Every record under `root/data` in mV (samples x 12); LUDB is a test set, so there are no folds."""
    import wfdb

    for header in sorted((root / "data").glob("*.hea"), key=lambda path: int(path.stem)):
        record = wfdb.rdrecord(str(header.with_suffix("")), physical=False)
        order = [[canonical(name) for name in record.sig_name].index(lead) for lead in LEADS]
        yield {"name": header.stem, "subject": header.stem, "fold": None}, record.d_signal[:, order] / 1000.0
