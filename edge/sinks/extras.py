"""Libraries of an extra: there, or named with the way to get them."""

from __future__ import annotations

import importlib

from edge.errors import Reason, UsageError


def needed(module: str, extra: str, option: str) -> None:
    """Raises UsageError where `module`, which `option` needs, is not installed."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        text = f"{option} needs {module.split('.')[0]} ({error}): pip install 'edge-ecg[{extra}]'"
        raise UsageError(text, Reason.NOT_FOUND) from None
