"""What can go wrong, as exceptions that name the thing, the reason and the way out.

The exit code of each kind is part of the command line's contract; 1 is left to bugs.
"""

from __future__ import annotations

import enum
from typing import ClassVar


class Reason(enum.Enum):
    """For code to act on; people read the message."""

    USAGE = "usage"
    CONFIG = "config"
    UNREADABLE = "unreadable"  # missing, no permission
    MALFORMED = "malformed"  # there, but not what it says it is
    NO_LEADS = "no leads"
    HASH = "hash"
    NO_ENGINE = "no engine"
    NOT_FOUND = "not found"
    PERMISSION = "permission"
    BUSY = "busy"
    SILENT = "silent"  # the port opens and nothing that makes sense comes
    UNPLUGGED = "unplugged"
    PROTOCOL = "protocol"  # a version or a description we must refuse
    FULL = "full"
    UNWRITABLE = "unwritable"
    GONE = "gone"  # whoever read it went away


class EdgeError(Exception):
    """Base of everything a user can be told about."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class UsageError(EdgeError):
    """Options or configuration that make no sense."""

    exit_code = 2

    def __init__(self, message: str, reason: Reason = Reason.USAGE) -> None:
        super().__init__(message, reason)


class InputError(EdgeError):
    """A recording, bundle or patient file that cannot be used."""

    exit_code = 3

    def __init__(self, message: str, reason: Reason = Reason.MALFORMED) -> None:
        super().__init__(message, reason)


class SourceUnavailable(EdgeError):
    """A source that cannot be opened."""

    exit_code = 4


class SourceLost(EdgeError):
    """A source that went away and did not come back, or that speaks what we must refuse."""

    exit_code = 5


class OutputError(EdgeError):
    """Something that cannot be written."""

    exit_code = 6
