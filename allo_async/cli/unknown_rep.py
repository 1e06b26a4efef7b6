"""Errors about reps that are not in the team."""

from collections.abc import Sequence

from allo_async.errors import AssigneeNotFoundError


class UnknownRepError(AssigneeNotFoundError):
    """A rep named by a file or an option is not in the team, or is more than one.

    Args:
        message: The fault, and its remedy.
        code: Stands beside each row of that rep.
    """

    def __init__(self, message: str, *, code: str = "ASSIGNEE_NOT_FOUND") -> None:
        super().__init__(message, status=None, code=code)


class NoRepFoundError(Exception):
    """None of the reps can be found; nothing was sent.

    Args:
        lines: The message, line by line.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(" ".join(lines))
        self.lines = lines
