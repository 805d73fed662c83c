"""What every command does about errors: one line for people, an exit code for scripts, a traceback for a file."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from edge.errors import EdgeError, OutputError, Reason, UsageError
from edge.stopping import stop_signals

BUG = 1


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are ours."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help tells more)")


def guarded(command: str, work: Callable[[], int]) -> int:
    """The exit code of `work`, with errors told as the command line's contract says."""
    _hold_standard_streams()
    try:
        with asked_to_stop():
            return work()
    except EdgeError as error:
        _say(f"{command}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # whoever read our output has gone, and with it our reader for anything else
        return 0
    except Exception as error:  # noqa: BLE001  a bug: told in one line, kept in full
        _say(f"{command}: a bug, {type(error).__name__}: {error}; please report it with {_kept(command)}")
        return BUG
    finally:
        _settle_stdout()


def show(text: str) -> None:
    """Prints what was asked for, and knows that it was printed. Errors: OutputError; BrokenPipeError."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        text = f"standard output cannot be written ({error.strerror}): choose another place"
        raise OutputError(text, Reason.UNWRITABLE) from error


@contextlib.contextmanager
def asked_to_stop() -> Iterator[None]:
    """SIGTERM, and a terminal that hangs up, are a KeyboardInterrupt inside, as Ctrl-C is."""

    def interrupt(number: int, at: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():  # Python takes signals nowhere else
        for number in stop_signals():
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hold_standard_streams() -> None:
    """A standard stream that was closed fails when written to, and no file of ours gets its number.

    A library that writes to number 2 would else write into a recording.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free, which is this one
            if number > 0:
                setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115  lives as long as the process


def _settle_stdout() -> None:
    """What standard output did not take must not fail once more when the interpreter ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ValueError:  # closed
        pass


def _kept(command: str) -> str:
    """Where the traceback went."""
    import tempfile
    import traceback

    log = Path(tempfile.gettempdir()) / f"{command}-{os.getpid()}.log"
    try:
        log.write_text(traceback.format_exc())
    except OSError as error:
        return f"what follows ({log}: {error.strerror})\n{traceback.format_exc()}"
    return str(log)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody is there to be told
        print(line, file=sys.stderr, flush=True)
