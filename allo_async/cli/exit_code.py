"""The exit codes of the command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How `load` ends."""

    OK = 0
    ERROR = 1
    USAGE = 2
    PENDING = 3
    IN_DOUBT = 4
    SKIPPED = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143
