"""One queue of a spread, while it runs."""

from collections.abc import Iterable

import attrs

from allo_async._loading.appender import Appender
from allo_async._wire.assignee import Assignee
from allo_async.errors import AlloError, JournalError
from allo_async.models import QueueShare, Totals


@attrs.define
class Share:
    """One queue's part in a spread.

    Attributes:
        assignee: Whose queue it is.
        appender: Delivers to it.
        closed: Whether it is settled only, and gets nothing any more.
        room: How many more numbers it holds.
        added: How many numbers of the load it has.
        recovered: How many lost replies of an earlier run came back.
        error: What ended its part early.
    """

    assignee: Assignee
    appender: Appender
    closed: bool = False
    room: int = 0
    added: int = 0
    recovered: int = 0
    error: AlloError | None = None

    @property
    def open(self) -> bool:
        """Whether rows may be dealt to it."""
        return self.error is None and self.room > 0

    def told(self, totals: Totals) -> QueueShare:
        """Return its part in the result, with the fates of its rows."""
        return QueueShare(user_id=self.assignee.user_id, email=self.assignee.email, totals=totals, error=self.error)


def raise_journal_error(shares: Iterable[Share]) -> None:
    """Raise the error of the journal that ended a share's part, if one did.

    A queue costs the others nothing; without the journal, nothing more may be sent to any.

    Raises:
        JournalError: It cannot be used.
    """
    for share in shares:
        if isinstance(share.error, JournalError):
            raise share.error
