"""What only an archive needs, imported only where it is asked for."""

from __future__ import annotations

import importlib
from types import ModuleType

from edge.errors import UsageError


def needed(module: str) -> ModuleType:
    """The module of the extra `batch`. Raises UsageError, in words, where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise UsageError(f"an archive needs {package}: pip install 'edge-ecg[batch]'") from error
