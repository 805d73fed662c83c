"""An engine for what does not ask what the network says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.bundle import Bundle


class Silent:
    """Engine: a network of the bundle's shape that says nothing, at no cost."""

    name = "silent"

    def __init__(self, bundle: Bundle) -> None:
        self._outputs = tuple(np.zeros((channels, bundle.window), np.float32) for channels in (8, 8, bundle.basis))

    def infer(self, x: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], ...]:
        return self._outputs
