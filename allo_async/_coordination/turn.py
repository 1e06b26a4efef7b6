"""The turn of a queue among all processes: a lease, which a process that dies loses within seconds."""

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Callable
from typing import Any, Literal

import attrs

from allo_async._coordination.link import Link
from allo_async._sending.key_state import Ends
from allo_async._sending.queue_locks import Identity, kind_of
from allo_async._wire.queue_end import QueueEnd
from allo_async.clock import Clock

_log = logging.getLogger(__name__)

# Seconds that a lease lasts, and after which it is renewed.
_LEASE = 4.0
_RENEWAL = 1.0

# Seconds after which those who wait look again; well before they are taken for dead.
_LOOK = 0.5

# Seconds for which it is remembered what stands last in a queue.
_MEMORY = 600.0


class LeasedTurn(asyncio.Lock):
    """The lock of a queue within this process, and on top of that a lease among all processes.

    Where the link is lost, it is this process's lock alone: appends of two processes may conflict then, and are tried
    again. A lease that is lost while it is held, as a stopped process does, costs no more than that.

    Args:
        identity: Whose queue it is.
        name: What the queue is called in the store.
        link: To the store.
        ends: What stood last in each queue; told of what other processes know.
        tell_kinds: Is told how many kinds of names are in use.
        clock: Measures when to renew.
    """

    def __init__(
        self,
        identity: Identity,
        name: str,
        *,
        link: Link,
        ends: Ends,
        tell_kinds: Callable[[int], None],
        clock: Clock,
    ) -> None:
        super().__init__()
        self._tell_kinds = tell_kinds
        self._identity = identity
        self._name = name
        self._link = link
        self._ends = ends
        self._clock = clock
        self._token = ""
        self._renewing: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[Any] | None = None

    async def acquire(self) -> Literal[True]:
        """Wait for the turn in this process, and then among all.

        Raises:
            CoordinationLostError: The link is lost, and that is an error.
        """
        await super().acquire()
        try:
            self._token = await self._take()
        except BaseException:
            super().release()
            raise
        if self._token:
            self._renewing = asyncio.create_task(self._renew(self._token))
        return True

    def release(self) -> None:
        """Give the turn to whoever waits next, in any process."""
        if self._renewing is not None:
            self._renewing.cancel()
            token, end = self._token, self._known_end()
            # A renewal that is under way must not come after that.
            self._link.tell(
                lambda store: store.give_turn_back(self._name, token, end=end, memory=_MEMORY), after=self._keeping
            )
            self._renewing = self._keeping = None
        super().release()

    async def _take(self) -> str:
        member = uuid.uuid4().hex
        try:
            while True:
                bell = self._link.bell(self._name)
                answer = await self._link.ask(
                    lambda store: store.take_turn(self._name, member, kind=kind_of(self._identity), lease=_LEASE)
                )
                if answer is None:
                    self._learn("")
                    return ""
                self._tell_kinds(answer.kinds)
                if answer.token:
                    self._learn(answer.end)
                    return answer.token
                await self._link.nap(bell, min(answer.wait or _LOOK, _LOOK))
        except BaseException:
            self._link.tell(lambda store: store.leave_turn(self._name, member))
            raise

    def _learn(self, end: str) -> None:
        self._ends.pop(self._identity, None)
        # It may not be known, or have been written by another version of this library.
        with contextlib.suppress(TypeError, ValueError):
            self._ends[self._identity] = QueueEnd(**json.loads(end))

    def _known_end(self) -> str:
        end = self._ends.get(self._identity)
        return "" if end is None else json.dumps(attrs.asdict(end))

    async def _renew(self, token: str) -> None:
        while True:
            await self._clock.sleep(_RENEWAL)
            self._keeping = self._link.tell(lambda store: store.keep_turn(self._name, token, lease=_LEASE))
            await asyncio.wait({self._keeping})
            if self._keeping.result() is False:
                _log.info("the turn of a queue was lost to another process, which took this one for dead")
                return
