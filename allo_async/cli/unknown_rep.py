"""Errors about reps who cannot be found in the team."""

from collections.abc import Sequence

from allo_async.errors import AssigneeNotFoundError


class UnknownRepError(AssigneeNotFoundError):
    """What a file or an option says of a rep fits not in the team, or more than one.

    Args:
        message: What is wrong, and what to do about it.
        code: Stands beside each row of that rep.
    """

    def __init__(self, message: str, *, code: str = "ASSIGNEE_NOT_FOUND") -> None:
        super().__init__(message, status=None, code=code)


class NoRepFoundError(Exception):
    """None of the reps can be found; nothing was sent.

    Args:
        lines: What is to be said, line by line.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(" ".join(lines))
        self.lines = lines
