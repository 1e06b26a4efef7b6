"""A load's requests and skipped rows, before it begins."""

from collections import Counter
from collections.abc import Mapping

import attrs

from allo_async.models.team import READS_PER_SECOND, WRITES_PER_SECOND


@attrs.frozen
class PlannedRequest:
    """One request that a load would make.

    Attributes:
        method: `GET` looks at a queue, `POST` appends.
        rows: How many rows it carries.
        refused: Whether the server will refuse it, because the queue cannot hold it.
    """

    method: str
    rows: int = 0
    refused: bool = False


@attrs.frozen(kw_only=True)
class Plan:
    """The effect of a load of these rows on a server where nothing else happens.

    Attributes:
        rows: All rows of the input.
        skipped: Rows that would not be sent, by reason.
        room: How many more numbers the queue holds; of several queues, all of theirs.
        pending: How many rows would be left pending, because there is no room.
        requests: The requests at the most, in order; of several queues, one after the other. The reads of a queue's
            tail leave together with its first append, and not at all if its reply is earlier.
    """

    rows: int
    skipped: Mapping[str, int]
    room: int
    pending: int
    requests: tuple[PlannedRequest, ...]

    @property
    def sent(self) -> int:
        """Rows that would be sent and taken."""
        return sum(request.rows for request in self.requests if not request.refused)

    @property
    def chunks(self) -> int:
        """Appends that would be taken."""
        return sum(request.method == "POST" and not request.refused for request in self.requests)

    @property
    def least_seconds(self) -> float:
        """Seconds that the load takes at the least under the key's limits; the first second's requests cost nothing."""
        made = Counter(request.method for request in self.requests)
        return float(max((made["POST"] - 1) // WRITES_PER_SECOND, (made["GET"] - 1) // READS_PER_SECOND, 0))

    def summary(self) -> str:
        """Return one line with the counts."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.skipped.items())
        return (
            f"{self.rows} rows: {self.sent} to send in {self.chunks} chunks, {sum(self.skipped.values())} skipped"
            + (f" ({reasons})" if reasons else "")
            + f", {self.pending} pending; room for {self.room}, {len(self.requests)} requests, "
            f"at least {self.least_seconds:g} s"
        )

    def __str__(self) -> str:
        return self.summary()
