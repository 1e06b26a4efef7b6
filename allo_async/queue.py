"""A rep's dialing queue, as callers work with it."""

from collections.abc import AsyncIterable, Callable, Iterable

from allo_async._loading.deliver import Courier
from allo_async._loading.merge import merge
from allo_async._loading.prepare import Preparer
from allo_async._loading.stream import LARGEST_CHUNK, AppendStream
from allo_async._sending.lane import Lane
from allo_async._wire.assignee import Assignee
from allo_async.clock import Clock
from allo_async.errors import AlloError
from allo_async.models import AppendResult, ContactLike


class DialingQueue:
    """The current dialing queue of a teammate or of the key's owner; made by `AlloClient.queue`.

    Making one sends nothing: the server creates the queue at the first append when there is none.
    """

    def __init__(self, assignee: Assignee, lane: Callable[[], Lane], *, clock: Clock) -> None:
        self._assignee = assignee
        self._lane = lane
        self._clock = clock

    def __repr__(self) -> str:
        return f"<DialingQueue of {self._assignee}>"

    async def append(
        self,
        numbers: Iterable[ContactLike] | AsyncIterable[ContactLike],
        *,
        region: str | None = None,
        chunk_size: int = LARGEST_CHUNK,
        keep_duplicates: bool = False,
        deadline: float | None = None,
    ) -> AppendResult:
        """Append *numbers* to the end of the queue, in order, and tell what became of every row.

        Args:
            numbers: Rows from any sync or async iterable: a string, a mapping with the API's field names, or a
                `Contact`. A row that cannot be used is skipped as `INVALID_CONTACT`; it costs no other row.
            region: How to read a number written without its country code, as an ISO 3166 code such as `FR`. Without
                it, such a number is sent as written, for the server to read.
            chunk_size: Rows to send at once, 1 to 1,000.
            keep_duplicates: Send a number that came up before in this call, instead of skipping it as
                `DUPLICATE_NUMBER`.
            deadline: Seconds for the whole call.

        Returns:
            Every row in exactly one of four lists. A row that the server's answer does not mention is in doubt.

        Raises:
            QueueFullError: The queue cannot hold the chunk; `.result.pending` has what to send elsewhere.
            AssigneeNotFoundError: There is no such teammate.
            DeadlineExceededError: The deadline passed.
            AlloError: Anything else that ended the call. Its `.result` accounts for every row of *numbers*, except for
                those that an async iterable had not given yet.
            InvalidRegionError: There is no such region; nothing was taken.

        Example:
            ```python
            rows = ["+1 (212) 555-0010", {"number": "06 12 34 56 78", "name": "Marie"}]
            result = await queue.append(rows, region="FR")
            print(result.summary())
            ```
        """
        stream = self.append_stream(
            numbers, region=region, chunk_size=chunk_size, keep_duplicates=keep_duplicates, deadline=deadline
        )
        results: list[AppendResult] = []
        try:
            async with stream:
                async for result in stream:
                    results.append(result)  # noqa: PERF401 - a comprehension would lose them all to an error
        except AlloError as error:
            error.result = merge([*results, error.result, await stream.take_rest()])
            raise
        return merge(results)

    def append_stream(
        self,
        numbers: Iterable[ContactLike] | AsyncIterable[ContactLike],
        *,
        region: str | None = None,
        chunk_size: int = LARGEST_CHUNK,
        keep_duplicates: bool = False,
        deadline: float | None = None,
    ) -> AppendStream:
        """Append *numbers* as `append` does, but give the result of each chunk as it comes.

        An error that the iteration raises has in `.result` the fates of the chunk that it ended. Rows that were not
        taken from *numbers* by then are in no result.

        Example:
            ```python
            async with queue.append_stream(rows) as stream:
                async for batch in stream:
                    print(batch.summary())
            print(stream.totals)
            ```
        """
        return AppendStream(
            numbers,
            Preparer(region=region, keep_duplicates=keep_duplicates),
            lambda give_up_at: Courier(self._lane(), self._assignee, give_up_at=give_up_at),
            clock=self._clock,
            chunk_size=chunk_size,
            deadline=deadline,
        )
