"""The locks of queues: one append to a queue at a time, because two at once conflict and lose their order."""

import asyncio
from collections.abc import Callable
from math import inf
from weakref import WeakValueDictionary

from allo_async._wire.assignee import Assignee

#: What all ways of naming one queue have in common.
Identity = tuple[str, str]


def kind_of(identity: Identity) -> str:
    """Return whether it names a queue by a user id, by an e-mail address, or not at all, as the key owner's own."""
    kind, name = identity
    return kind if name else "none"


class QueueLocks:
    """One fair lock a queue, for as long as anyone holds or awaits it.

    One queue has three names: a user id, an e-mail address, and none for the key owner's own. As long as one kind of
    name is in use, names are told apart as they are; from then on, the server is asked whose queue a name is.

    Args:
        make_lock: Makes the lock of a queue.

    Attributes:
        team: Held by whoever asks the server for the team's ids.
        team_asked_at: The client's monotonic time when that was done last.
    """

    def __init__(self, make_lock: Callable[[Identity], asyncio.Lock] = lambda _: asyncio.Lock()) -> None:
        self._make_lock = make_lock
        self._locks: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        self._questions: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        self._users: dict[Identity, Identity] = {}
        self._kinds: set[str] = set()
        self._several_kinds = False
        self.team = asyncio.Lock()
        self.team_asked_at = -inf

    def of(self, assignee: Assignee) -> asyncio.Lock:
        """Return the lock of *assignee*'s queue, to be held for a whole request, its retries included."""
        identity = self.identity(assignee)
        lock = self._locks.get(identity)
        if lock is None:
            lock = self._locks[identity] = self._make_lock(identity)
        return lock

    def identity(self, assignee: Assignee) -> Identity:
        """Return whose queue it is, as far as that is known."""
        return self._users.get(assignee.identity, assignee.identity)

    def is_known(self, assignee: Assignee) -> bool:
        """Return whether it is known well enough whose queue it is."""
        return self._one_kind or self._is_settled(assignee.identity)

    def is_settled(self, assignee: Assignee) -> bool:
        """Return whether this name will not turn out to be another's."""
        return self._is_settled(assignee.identity)

    def use(self, assignee: Assignee) -> None:
        """Record that this name is in use."""
        self._kinds.add(kind_of(assignee.identity))

    def perhaps_the_same(self, assignee: Assignee) -> list[asyncio.Lock]:
        """Return the held locks whose queue may turn out to be that of *assignee*, under another name."""
        if self._one_kind:
            return []
        own = self.identity(assignee)
        return [
            lock
            for identity, lock in self._locks.items()
            if lock.locked() and identity != own and self._may_be_same(identity, own)
        ]

    def _may_be_same(self, identity: Identity, own: Identity) -> bool:
        if self._is_settled(identity) and self._is_settled(own):
            # The lock of a name that was settled meanwhile is still held under that name.
            return self._users.get(identity, identity) == own
        return kind_of(identity) != kind_of(own)

    @property
    def _one_kind(self) -> bool:
        return len(self._kinds) <= 1 and not self._several_kinds

    def _is_settled(self, identity: Identity) -> bool:
        """Return whether it will not turn out to be another's."""
        return kind_of(identity) == "user_id" or identity in self._users

    def others_use(self, kinds: int) -> None:
        """Record how many kinds of names are in use by all loops and processes together."""
        self._several_kinds = kinds > 1

    def learn(self, assignee: Assignee, user_id: str | None) -> None:
        """Record that the queue of *assignee* is that of *user_id*; `None` if the server does not tell."""
        self._users[assignee.identity] = assignee.identity if user_id is None else ("user_id", user_id)

    def question(self, assignee: Assignee) -> asyncio.Lock:
        """Return the lock of the question whose queue it is, so that it is asked once."""
        lock = self._questions.get(assignee.identity)
        if lock is None:
            lock = self._questions[assignee.identity] = asyncio.Lock()
        return lock
