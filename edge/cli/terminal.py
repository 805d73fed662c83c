"""What every command does about errors: one line for people, an exit code for scripts, a traceback for a file."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from edge.errors import EdgeError, UsageError

BUG = 1


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are ours."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help tells more)")


def guarded(command: str, work: Callable[[], int]) -> int:
    """The exit code of `work`, with errors told as the command line's contract says."""
    try:
        return work()
    except EdgeError as error:
        _say(f"{command}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # whoever read our output has gone, and with it our reader for anything else
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  the interpreter flushes it on its way out
        return 0
    except Exception as error:  # noqa: BLE001  a bug: told in one line, kept in full
        log = Path(tempfile.gettempdir()) / f"{command}-{os.getpid()}.log"
        log.write_text(traceback.format_exc())
        _say(f"{command}: a bug, {type(error).__name__}: {error}; please report it with {log}")
        return BUG


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
