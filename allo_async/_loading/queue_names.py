"""Whose queue a name means: needed only where names of several kinds are in use, because two may mean one queue."""

import contextlib
from collections.abc import AsyncGenerator

from allo_async._loading.tail import ENDS, FRESH, forget_tails, look_limits, read_state
from allo_async._sending.call_limits import UNLIMITED, CallLimits
from allo_async._sending.in_flight import InFlightRequest
from allo_async._sending.session import LoopSession
from allo_async._wire.data import read_list
from allo_async._wire.requests import users_request
from allo_async.errors import AlloError, ApiError
from allo_async.models import Assignee, User


async def tell_apart(session: LoopSession, assignee: Assignee, limits: CallLimits) -> None:
    """Find out whose queue it is, and wait for the appends that may go to the same queue under another name.

    It is called where `QueueLocks.perhaps_the_same` knows of any.
    """
    locks = session.locks
    await _ask_team(session, assignee, limits)
    if not locks.perhaps_the_same(assignee):
        return
    await identify(session, assignee, limits)
    with session.observers.timed_wait("turn"):
        for lock in locks.perhaps_the_same(assignee):
            # The holder finds out whose queue that is before it releases the lock.
            async with lock:
                pass
    await identify(session, assignee, limits)


async def identify(session: LoopSession, assignee: Assignee, limits: CallLimits) -> None:
    """Ask the server for the queue's owner, unless that is known; before the queue exists, the server does not know."""
    locks = session.locks
    if locks.is_known(assignee):
        return
    # Several callers that ask at the same time ask once.
    async with locks.question(assignee):
        if not locks.is_known(assignee):
            state = await read_state(session, assignee, limits)
            if state.settings is not None:
                locks.learn(assignee, state.settings.assignee_id)


@contextlib.asynccontextmanager
async def changing(session: LoopSession, *assignees: Assignee) -> AsyncGenerator[None]:
    """Hold the locks of queues under all of their names while a block changes them, and forget their tails."""
    for assignee in assignees:
        session.locks.use(assignee)
        # The reply to the change itself says better why the server refuses to name the owner.
        with contextlib.suppress(ApiError):
            if session.locks.perhaps_the_same(assignee):
                await tell_apart(session, assignee, UNLIMITED)
    while True:
        names = {session.locks.identity(assignee): assignee for assignee in assignees}
        async with contextlib.AsyncExitStack() as stack:
            # One order for all, so that two callers that move queues to each other do not wait for each other.
            for name in sorted(names):
                await stack.enter_async_context(session.locks.of(names[name]))
            if names.keys() == set(map(session.locks.identity, assignees)):
                forget_tails(session, *assignees)
                try:
                    yield
                finally:
                    forget_tails(session, *assignees)
                return


async def _ask_team(session: LoopSession, assignee: Assignee, limits: CallLimits) -> None:
    """Learn the ids of all e-mail addresses at once, where the key may read the team."""
    locks = session.locks
    async with locks.team:
        now = session.observers.now()
        if now - locks.team_asked_at < FRESH or not locks.perhaps_the_same(assignee):
            return
        locks.team_asked_at = now
        request = InFlightRequest(users_request(role=None, status=None), read_list(User))
        try:
            users = await session.sender.send(request, look_limits(session, limits))
        except ENDS:
            raise
        except AlloError:
            # The server is asked about each queue instead, once it exists.
            return
    for user in users:
        if user.email:
            locks.learn(Assignee(email=user.email), user.id)
