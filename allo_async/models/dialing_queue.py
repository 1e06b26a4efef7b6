"""A dialing queue as a whole: what it is set to, and how full it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

#: How many numbers a queue holds, in all, unless the server says otherwise [spec]; also the most rows
#: of one request.
QUEUE_CAPACITY = 1000


@attrs.frozen(kw_only=True)
class QueueSettings:
    """A queue's identity and settings, without its numbers.

    Attributes:
        id: `pdl_…`.
        name: The name that the rep sees.
        creator_id: The user that made it, `usr-…`.
        assignee_id: The user that calls its numbers.
        voicemail_handling: `SKIP` goes on to the next number if a voicemail box answers, `NO_SKIP` stays.
        do_not_disturb: `ENABLED` silences incoming calls meanwhile, `DISABLED` does not.
        created_at: When it was made; naive, as the API gives no offset.
        updated_at: When it last changed; naive as well.
        extra: Fields that this version does not know, and values that it could not read.
    """

    id: str
    name: str | None = None
    creator_id: str | None = None
    assignee_id: str | None = None
    voicemail_handling: str | None = None
    do_not_disturb: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    extra: Mapping[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.frozen
class QueueState:
    """How full a queue is, at the moment of asking.

    Attributes:
        size: How many numbers stand in it, those called already included.
        settings: The queue's settings; `None` for a user without a queue.
        capacity: How many numbers it holds, as far as is known: 1,000, or `AlloClient`'s `queue_capacity`, or what a
            refusal of the server named, or the most numbers that were seen in a queue.
    """

    size: int = 0
    settings: QueueSettings | None = None
    capacity: int = QUEUE_CAPACITY

    @property
    def room(self) -> int:
        """How many more numbers it holds."""
        return max(0, self.capacity - self.size)
