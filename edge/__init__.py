"""edge-ecg: twelve-lead ECG from a three-lead patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Pipeline", "__version__", "reconstruct"]

if TYPE_CHECKING:
    from edge.pipeline import Pipeline
    from edge.whole import reconstruct

_LAZY = {"Pipeline": "edge.pipeline", "reconstruct": "edge.whole"}  # so that `import edge` costs nothing


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'edge' has no attribute {name!r}")
