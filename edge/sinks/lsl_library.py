"""pylsl, with the library that it is for, as quiet as the rest of us."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from edge.errors import Reason, UsageError

# Where liblsl looks for its settings, besides LSLAPICFG: https://labstreaminglayer.readthedocs.io/info/lslapicfg.html
SETTINGS = (Path("lsl_api.cfg"), Path("~/lsl_api/lsl_api.cfg"), Path("/etc/lsl_api/lsl_api.cfg"))
QUIET = "[log]\nlevel = -1\n"  # warnings and errors; it tells of its version else, in the midst of our view


def liblsl() -> Any:
    """The module pylsl. Raises UsageError where it, or liblsl, is missing."""
    try:
        import pylsl
        import pylsl.util
    except ImportError as error:
        text = f"--lsl needs pylsl ({error}): pip install 'edge-ecg[lsl]'"
        raise UsageError(text, Reason.NOT_FOUND) from None
    except (RuntimeError, OSError):  # its wheel for this machine has no liblsl in it, as for a Raspberry Pi
        text = "--lsl needs liblsl, which pylsl does not bring for this machine: install it from"
        text += " https://github.com/sccn/liblsl/releases, and name its file as PYLSL_LIB where it is not found"
        raise UsageError(text, Reason.NOT_FOUND) from None
    if "LSLAPICFG" not in os.environ and not any(path.expanduser().exists() for path in SETTINGS):
        with contextlib.suppress(AttributeError, NotImplementedError):  # an older one says a line or two
            pylsl.util.set_config_content(QUIET)
    return pylsl
