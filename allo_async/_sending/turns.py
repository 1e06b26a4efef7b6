"""Turns: one append to a queue at a time, since two at once conflict and lose their order."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from allo_async._wire.assignee import Assignee

#: What all ways of naming one queue have in common.
Identity = tuple[str, str]


class Turns:
    """One fair lock a queue, for as long as anyone holds or awaits it.

    One queue has three names: a user id, an e-mail address, and none for the key owner's own. As long as one kind of
    name is in use, names are told apart as they are; from then on, the server is asked whose queue a name is.

    Args:
        turn: Makes the lock of a queue.
    """

    def __init__(self, turn: Callable[[Identity], asyncio.Lock] = lambda _: asyncio.Lock()) -> None:
        self._turn = turn
        self._turns: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        self._questions: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        self._users: dict[Identity, Identity] = {}
        self._kinds: set[str] = set()

    def of(self, assignee: Assignee) -> asyncio.Lock:
        """Give the lock of *assignee*'s queue, to be held for a whole chunk, its retries included."""
        identity = self.identity(assignee)
        turn = self._turns.get(identity)
        if turn is None:
            turn = self._turns[identity] = self._turn(identity)
        return turn

    def identity(self, assignee: Assignee) -> Identity:
        """Tell whose queue it is, as far as that is known."""
        return self._users.get(assignee.identity, assignee.identity)

    def is_known(self, assignee: Assignee) -> bool:
        """Note that this name is in use, and tell whether it is known well enough whose queue it is."""
        self._kinds.add("user_id" if assignee.user_id else "email" if assignee.email else "none")
        return len(self._kinds) == 1 or assignee.user_id is not None or assignee.identity in self._users

    def learn(self, assignee: Assignee, user_id: str | None) -> None:
        """Note that the queue of *assignee* is that of *user_id*; `None` where the server does not tell."""
        self._users[assignee.identity] = assignee.identity if user_id is None else ("user_id", user_id)

    def question(self, assignee: Assignee) -> asyncio.Lock:
        """Give the lock of those who ask whose queue it is, so that it is asked once."""
        lock = self._questions.get(assignee.identity)
        if lock is None:
            lock = self._questions[assignee.identity] = asyncio.Lock()
        return lock
