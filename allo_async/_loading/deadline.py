"""The deadline of a whole call."""

import contextlib
from collections.abc import AsyncGenerator

from allo_async.clock import Clock
from allo_async.errors import AlloError, DeadlineExceededError


@contextlib.asynccontextmanager
async def within(seconds: float | None, clock: Clock) -> AsyncGenerator[None]:
    """Bound a block to *seconds* of *clock*; `None` is no bound.

    Raises:
        DeadlineExceededError: They passed; the block was cancelled.
    """
    try:
        async with clock.timeout(seconds):
            yield
    except AlloError:
        # Some of ours are TimeoutErrors too, of an attempt and not of the call.
        raise
    except TimeoutError as error:
        raise DeadlineExceededError("the deadline of the call passed") from error
