"""The server's limits that are not documented for certain, as far as its replies have told them."""

import re
from math import inf

from allo_async.models import QUEUE_CAPACITY

# As in "at most 25,000 numbers", "cannot exceed 1 000 numbers", "a limit of 1000".
_NUMBER = r"(\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+|\d{1,9})(?!\d)"
_BEFORE = r"(?:at most|up to|than|exceed|(?:maximum|limit|capacity)(?: of| is)?)"
_TOLD = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (rf"{_BEFORE}\s+{_NUMBER}", rf"{_NUMBER}\s+(?:phone )?(?:numbers|contacts|entries)")
]


class ServerLimits:
    """How many rows one request may have, and how many numbers a queue holds.

    Args:
        queue_capacity: Numbers that a queue holds until the server says otherwise.

    Attributes:
        rows_per_request: The most rows of one request; infinite until a request was refused as too large.
        queue_capacity: Numbers that a queue holds: the argument, over it the number that a refusal named, and over
            both the most numbers that stood in a queue.
    """

    def __init__(self, queue_capacity: int = QUEUE_CAPACITY) -> None:
        self.rows_per_request: float = inf
        self.queue_capacity = queue_capacity

    def too_large(self, rows: int) -> None:
        """Record that a request of *rows* rows was refused as too large."""
        # A single row is too large by its content, which says nothing about the number of rows.
        self.rows_per_request = (rows + 1) // 2 if rows > 1 else inf

    def queue_refused(self, message: str) -> None:
        """Believe the number of a refusal for lack of room."""
        for pattern in _TOLD:
            told = pattern.search(message)
            capacity = int(re.sub(r"\D", "", told[1])) if told else 0
            if capacity:
                self.queue_capacity = capacity
                return

    def queue_counted(self, size: int) -> None:
        """Record that a queue has *size* numbers."""
        self.queue_capacity = max(self.queue_capacity, size)
