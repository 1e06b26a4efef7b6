"""The contents of a journal, as callers read them."""

from datetime import datetime

import attrs

from allo_async.models.append_result import Totals


@attrs.frozen(kw_only=True)
class JournaledLoad:
    """A load, as its journal has it.

    Attributes:
        load_id: The caller's name for it.
        begun_at: When it was begun, in UTC.
        ended_at: When its input had been taken to the end, `None` before.
        totals: The fates of the rows that were taken so far.
        queues: The reps whose queues it went to: user ids, e-mail addresses, or `(key owner)`.
    """

    load_id: str
    begun_at: datetime
    ended_at: datetime | None
    totals: Totals
    queues: tuple[str, ...]


@attrs.frozen(kw_only=True)
class JournaledRow:
    """A row, as its journal has it.

    Attributes:
        index: Its place in the input of its load, from 0.
        digest: The row's identity: a digest of the row as it was passed in.
        number: The number as it stands in the queue, or as the caller passed it.
        fate: `added`, `skipped`, `pending` or `in_doubt`.
        reason: Why it was skipped, or is in doubt.
        position: Its place in the queue.
        queue: Whose queue: a user id, an e-mail address, or `(key owner)`.
    """

    index: int
    digest: bytes
    number: str | None
    fate: str
    reason: str | None
    position: int | None
    queue: str | None
