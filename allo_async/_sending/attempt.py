"""One attempt, as observers see it."""

import contextlib
from collections.abc import Generator

import attrs

from allo_async._sending.observers import Observers, new_number
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.events import AttemptEnded, AttemptStarted


@attrs.define
class Attempt:
    """What is known of an attempt.

    Attributes:
        status: The HTTP status, `None` as long as there is no answer.
    """

    status: int | None = None


@contextlib.contextmanager
def observed(
    observers: Observers, clock: Clock, server: str, request: Request, *, resends: int, request_id: str
) -> Generator[Attempt]:
    """Tell *observers* of the attempt that a block makes, when it begins and however it ends."""
    number, attempt, error = new_number(), Attempt(), None
    url = server + request.target.partition("?")[0]
    observers.tell(
        AttemptStarted(attempt=number, method=request.method, url=url, resends=resends, request_id=request_id)
    )
    begun = clock.monotonic()
    try:
        yield attempt
    except BaseException as caught:
        error = caught
        raise
    finally:
        seconds = clock.monotonic() - begun
        observers.tell(AttemptEnded(attempt=number, status=attempt.status, seconds=seconds, error=error))
        # The error's traceback holds this frame.
        error = None
