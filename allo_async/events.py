"""The events of a client, which its observers receive as they happen.

An observer is a function of one event, called in the event loop: it must be quick, and must not block. If an observer
raises, the client logs that, and no call is affected.

```python
def on_event(event: Event) -> None:
    match event:
        case RetryScheduled(wait=wait, error=error):
            print(f"again in {wait:.1f} s: {error}")
        case LoadEnded(totals=totals):
            print(totals)

allo = AlloClient(observers=[on_event])
```

No event holds a phone number, a name or the API key, except that the text of an `error` has the server's own words.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Literal

import attrs

from allo_async.models import Totals

#: The cause of a wait: the key's limit, other appends to the queue, the moment of a retry, room in a full queue.
WaitReason = Literal["pace", "turn", "backoff", "room"]

#: The load and the batch that the running code belongs to.
CURRENT_LOAD: ContextVar[int | None] = ContextVar("allo_async load", default=None)
CURRENT_BATCH: ContextVar[int | None] = ContextVar("allo_async batch", default=None)


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        load: The append or spread that the event belongs to, by a number of its own; `None` for other calls.
            The events of several appends that leave as one request belong to the first of them.
        batch: The batch of that load, the rows of one request, by a number as well; `None` outside of any.
    """

    load: int | None = attrs.field(factory=CURRENT_LOAD.get)
    batch: int | None = attrs.field(factory=CURRENT_BATCH.get)


@attrs.frozen(kw_only=True)
class LoadStarted(Event):
    """An append, a stream or a spread has begun.

    Attributes:
        kind: `"append"` for a stream too.
        queues: The queues' owners: user ids, the domains of e-mail addresses, or the key owner.
    """

    kind: Literal["append", "spread"]
    queues: tuple[str, ...]


@attrs.frozen(kw_only=True)
class LoadEnded(Event):
    """An append, a stream or a spread has ended, in whichever way.

    Attributes:
        totals: The fates of all rows that were taken.
        requests: How many attempts to append there were.
        seconds: How long it took.
        error: The exception that ended it early, a cancellation included.
    """

    totals: Totals
    requests: int
    seconds: float
    error: BaseException | None = None


@attrs.frozen(kw_only=True)
class BatchStarted(Event):
    """The rows of one request have the queue's lock, and are about to be sent.

    Attributes:
        queue: The queue's owner.
        rows: How many rows it has.
    """

    queue: str
    rows: int


@attrs.frozen(kw_only=True)
class BatchSettled(Event):
    """The server's reply to a batch is known.

    Attributes:
        queue: The queue's owner.
        added: How many rows are in the queue.
        skipped: How many the server left out.
        in_doubt: How many the reply did not mention.
        recovered: Whether the reply was lost, and came back by a replay or by reading the queue back.
        attempts: How many attempts it took.
        seconds: How long it took, waiting included.
    """

    queue: str
    added: int
    skipped: int
    in_doubt: int
    recovered: bool
    attempts: int
    seconds: float


@attrs.frozen(kw_only=True)
class BatchFailed(Event):
    """A batch was given up, or refused; refused rows may be sent again in smaller batches.

    Attributes:
        queue: The queue's owner.
        rows: How many rows it has.
        in_doubt: Whether they may be in the queue.
        attempts: How many attempts there were.
        seconds: How long it took, waiting included.
        error: The exception that ended it, a cancellation included.
    """

    queue: str
    rows: int
    in_doubt: bool
    attempts: int
    seconds: float
    error: BaseException


@attrs.frozen(kw_only=True)
class AttemptStarted(Event):
    """A request is about to leave.

    Attributes:
        attempt: A number that is its own in this process.
        method: The HTTP method.
        url: The URL without the query, which may name a person.
        resends: How many attempts of the same request there were before.
        request_id: The `X-Request-Id` that is sent.
    """

    attempt: int
    method: str
    url: str
    resends: int
    request_id: str


@attrs.frozen(kw_only=True)
class AttemptEnded(Event):
    """An attempt has a reply, or will have none.

    Attributes:
        attempt: The number of the attempt.
        status: The HTTP status, `None` for no reply.
        seconds: How long it took.
        error: The exception if the attempt failed, a cancellation included.
    """

    attempt: int
    status: int | None
    seconds: float
    error: BaseException | None = None


@attrs.frozen(kw_only=True)
class RetryScheduled(Event):
    """A request failed and will be sent again.

    Attributes:
        method: The HTTP method.
        attempts: How many there were.
        wait: Seconds until the next; the rate limit may add to that.
        error: The exception of the last attempt.
    """

    method: str
    attempts: int
    wait: float
    error: BaseException


@attrs.frozen(kw_only=True)
class ConflictBackedOff(RetryScheduled):
    """A request will be sent again, because another append to the queue came in between."""


@attrs.frozen(kw_only=True)
class RateLimited(Event):
    """The server refused a request for the key's limit; nothing leaves on this key for a while.

    Attributes:
        retry_after: For how many seconds.
    """

    retry_after: float


@attrs.frozen(kw_only=True)
class QueueFull(Event):
    """The server refused a batch because the queue cannot hold it.

    Attributes:
        queue: The queue's owner.
        room: How many rows it has room for.
    """

    queue: str
    room: int


@attrs.frozen(kw_only=True)
class Waiting(Event):
    """A wait has lasted a fifth of a second so far; a `Waited` of the same reason follows.

    Attributes:
        reason: As for `Waited`.
    """

    reason: WaitReason


@attrs.frozen(kw_only=True)
class Waited(Event):
    """A wait of a thousandth of a second or more is over.

    Attributes:
        reason: `"pace"`: the key's limit; `"turn"`: other appends to the queue; `"backoff"`: before a retry; `"room"`:
            in a full queue.
        seconds: How long.
    """

    reason: WaitReason
    seconds: float


@attrs.frozen(kw_only=True)
class CoordinationLost(Event):
    """The key's file or Redis does not answer; see `FileCoordination`, `RedisCoordination`.

    Attributes:
        reason: Why, in words.
    """

    reason: str


@attrs.frozen(kw_only=True)
class CoordinationRegained(Event):
    """The key's file or Redis answers again."""


#: A function that receives each event.
Observer = Callable[[Event], None]
