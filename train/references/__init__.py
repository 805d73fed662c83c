"""Other people's classifiers of twelve leads: their architectures, with loaders for their published weights.

The weights are not part of this project and are never fetched by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from train.references.ecgfounder import ECGFounder
from train.references.ribeiro import Ribeiro

REFERENCES: Mapping[str, Callable[[Path], ECGFounder | Ribeiro]] = {"ecgfounder": ECGFounder, "ribeiro": Ribeiro}
