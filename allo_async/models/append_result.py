"""The fate of every row that an append took."""

from collections import Counter
from typing import Literal

import attrs

from allo_async.models.contact import Contact, PendingContact
from allo_async.models.queue_number import QueueNumber

# A summary is one line, whatever the server makes up.
_MOST_REASONS = 10


@attrs.frozen(kw_only=True)
class AddedNumber(QueueNumber):
    """A row that stands in the queue now.

    Attributes:
        index: The row's place in what was passed in, from 0.
        detail: The part of the row that was not sent, in words, e.g. `extension 5 is not dialed`, or `None`.
    """

    index: int
    detail: str | None = None


@attrs.frozen(kw_only=True)
class SkippedNumber:
    """A row that will not be in the queue, and why.

    Attributes:
        index: The row's place in what was passed in, from 0.
        number: The number as it was given, or `None` when the row had none.
        reason: The server's word (e.g. `INVALID_PHONE_NUMBER`, or one that this version does not know), or one of ours:
            `INVALID_PHONE_NUMBER`, `DUPLICATE_NUMBER`, `INVALID_CONTACT`, `ALREADY_QUEUED`, `SUPPRESSED`.
        source: `"server"` when the API skipped the row, `"client"` when the row was never sent.
        detail: For `INVALID_CONTACT`, what is wrong and in which field, e.g. `emails: expected a list of strings`;
            for `DUPLICATE_NUMBER`, the index of the row that it repeats; for `SUPPRESSED`, that only the last digits
            could be compared.
    """

    index: int
    number: str | None
    reason: str
    source: Literal["server", "client"]
    detail: str | None = None


@attrs.frozen(kw_only=True)
class InDoubtContact:
    """A row that was sent, and whose arrival neither a reply nor the queue shows.

    No `append` takes such a row as it is, because that may put it in twice. After a look into the queue, pass its
    *contact*.

    Attributes:
        index: The row's place in what was passed in, from 0.
        contact: The row.
        reason: Why it is in doubt, in words.
    """

    index: int
    contact: Contact
    reason: str


@attrs.frozen
class Totals:
    """How many rows met which fate."""

    added: int = 0
    skipped: int = 0
    pending: int = 0
    in_doubt: int = 0

    @property
    def rows(self) -> int:
        """All rows taken from the input."""
        return self.added + self.skipped + self.pending + self.in_doubt

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.added + other.added,
            self.skipped + other.skipped,
            self.pending + other.pending,
            self.in_doubt + other.in_doubt,
        )

    def __str__(self) -> str:
        return f"{self.added} added, {self.skipped} skipped, {self.pending} pending, {self.in_doubt} in doubt"


@attrs.define(repr=False)
class AppendResult:
    """The fate of every row: each stands in exactly one of the four lists, in input order.

    Pass an empty one to `append` as `into`, which fills it as the load goes.

    Attributes:
        added: In the queue.
        skipped: Not in the queue, and sending them again would not help.
        pending: Certainly not in the queue, and not skipped: never sent, or refused. Safe to send again.
        in_doubt: Sent, maybe by an earlier run of the load, without evidence whether they arrived; each says why.
            Sending them again may put them in twice.
        recovered: How many requests' replies were lost and came back, by a replay or by reading the queue back.

    Printing a result shows counts and reasons only, never a number or a name.
    """

    added: list[AddedNumber] = attrs.field(factory=list[AddedNumber])
    skipped: list[SkippedNumber] = attrs.field(factory=list[SkippedNumber])
    pending: list[PendingContact] = attrs.field(factory=list[PendingContact])
    in_doubt: list[InDoubtContact] = attrs.field(factory=list[InDoubtContact])
    recovered: int = attrs.field(default=0, kw_only=True)

    @property
    def totals(self) -> Totals:
        """The length of each list."""
        return Totals(len(self.added), len(self.skipped), len(self.pending), len(self.in_doubt))

    @property
    def is_settled(self) -> bool:
        """Whether no row is left pending or in doubt."""
        return not self.pending and not self.in_doubt

    def extend(self, *others: "AppendResult") -> None:
        """Add *others*, whose rows follow in the input, such as the results of a stream one after the other."""
        for other in others:
            self.added.extend(other.added)
            self.skipped.extend(other.skipped)
            self.pending.extend(other.pending)
            self.in_doubt.extend(other.in_doubt)
            self.recovered += other.recovered

    def skipped_by_reason(self) -> dict[str, int]:
        """Count the skipped rows by reason, the most frequent first."""
        return dict(Counter(row.reason for row in self.skipped).most_common())

    def summary(self) -> str:
        """Return one line with the counts and the reasons.

        Example:
            >>> AppendResult().summary()
            '0 rows: 0 added, 0 skipped, 0 pending, 0 in doubt'
        """
        totals = self.totals
        by_reason = [f"{count} {reason}" for reason, count in self.skipped_by_reason().items()]
        more = [f"{len(by_reason) - _MOST_REASONS} more reasons"] if len(by_reason) > _MOST_REASONS else []
        reasons = ", ".join(by_reason[:_MOST_REASONS] + more)
        skipped = f"{totals.skipped} skipped" + (f" ({reasons})" if reasons else "")
        told = (
            f"{totals.rows} rows: {totals.added} added, {skipped}, {totals.pending} pending, {totals.in_doubt} in doubt"
        )
        lost = f"{self.recovered} lost answer{'s' * (self.recovered != 1)} recovered"
        return f"{told}; {lost}" if self.recovered else told

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"<AppendResult {self.summary()}>"
