"""The state that all users of one key share. All arithmetic of limits, pauses and locks stands here."""

import math
from collections.abc import Iterator

import attrs

from allo_async._coordination.window import WaitingMembers, Window
from allo_async._wire.hints import LARGEST_LIMIT, RateLimit

# Seconds: far below what the window has to spare.
_LEAST_WAIT = 1e-6

#: Seconds for which a kind of name counts as used.
KIND = 3600.0

#: Seconds for which the last holder of a lock is remembered: a tail is not trusted for longer.
LAST_HOLDER = 60.0

# Seconds for which the state is worth keeping if no process uses the key.
_LIFETIME = 3600.0


@attrs.frozen
class Admission:
    """The answer to a request that wants to leave.

    Attributes:
        granted: Whether it may leave now; then it is counted.
        moment: When it was counted, on the store's clock.
        wait: Seconds until it may leave.
        paused: Seconds left of a pause that the server asked for.
    """

    granted: bool
    moment: float
    wait: float
    paused: float


@attrs.frozen
class LockAnswer:
    """The answer to a request for the lock of a queue.

    Attributes:
        granted: Whether the lock is the asking member's now.
        taken_over: Whether another member may have held it since the asker's last time.
        wait: Seconds until the present holder loses it unless it renews.
        kinds: How many kinds of names for queues are in use.
    """

    granted: bool
    taken_over: bool
    wait: float
    kinds: int


@attrs.define
class SharedWindow:
    """A window and the members that wait for it.

    Attributes:
        changes: Grows whenever a waiting member should ask again.
    """

    window: Window
    members: WaitingMembers = attrs.field(factory=WaitingMembers)
    changes: int = 0


@attrs.define
class QueueLease:
    """The lock of a queue.

    Attributes:
        holder: The member that has it, a new one at each turn and so the fencing token; `""` for nobody.
        until: When the holder loses it unless it renews.
        last: The member that had it last.
        last_until: Until when that is remembered.
        members: The members that wait for it.
        changes: Grows whenever a waiting member should ask again.
    """

    holder: str = ""
    until: float = 0.0
    last: str = ""
    last_until: float = 0.0
    members: WaitingMembers = attrs.field(factory=WaitingMembers)
    changes: int = 0

    def free(self, now: float) -> None:
        """Take the lock from its holder."""
        self.holder, self.until, self.last_until = "", 0.0, now + LAST_HOLDER
        self.changes += 1

    def forget(self, now: float) -> bool:
        """Forget the dead, and return whether anything is left that a member may need."""
        self.changes += self.members.forget(now)
        return self.until > now or self.last_until > now or bool(self.members.alive_until)


@attrs.define
class State:
    """The contents of the store. All moments are seconds on the store's clock.

    Attributes:
        at: When it was changed last.
        machine: Which start of which machine the clock belongs to, where the store's clock is a machine's.
        pause: Before that moment no request may leave.
        windows: By the limit's name.
        locks: By the queue's name.
        kinds: Until when each kind of name for a queue counts as used.
    """

    at: float = 0.0
    machine: str = ""
    pause: float = 0.0
    windows: dict[str, SharedWindow] = attrs.field(factory=dict[str, SharedWindow])
    locks: dict[str, QueueLease] = attrs.field(factory=dict[str, QueueLease])
    kinds: dict[str, float] = attrs.field(factory=dict[str, float])

    def come_to(self, now: float) -> None:
        """Forget what is of no use *now*. Where the clock was set back, spans stay as long as they were."""
        if now < self.at:
            self._shift(now - self.at)
        for window in self.windows.values():
            window.changes += window.members.forget(now)
        self.locks = {name: lock for name, lock in self.locks.items() if lock.forget(now)}
        self.kinds = {kind: until for kind, until in self.kinds.items() if until > now}

    def admit(self, name: str, member: str, *, limit: int, now: float) -> Admission:
        """Grant one request of *member*, or put *member* into the line.

        Args:
            name: Which limit it counts against.
            member: Whose request it is.
            limit: Requests per second, until the server names another limit.
            now: The moment.
        """
        shared = self._window(name, limit)
        wait = self.wait(name, member, limit=limit, ahead=0, now=now)
        if wait <= 0:
            shared.members.leave(member)
            shared.window.depart(now)
        else:
            shared.members.stand(member, now=now)
        return Admission(wait <= 0, now, wait, self.paused(now))

    def wait(self, name: str, member: str, *, limit: int, ahead: int, now: float) -> float:
        """Return how long one more request of *member* would wait, of whose own *ahead* leave before."""
        shared = self._window(name, limit)
        behind = shared.members.behind(member, ahead)
        wait = shared.window.next_departure(behind, now=now, not_before=self.pause) - now
        # A clock that is read as a float may not move by less, and then nobody would ever leave.
        return wait if wait > _LEAST_WAIT else 0.0

    def give_back(self, name: str, moment: float) -> None:
        """Stop counting a request that was granted at *moment* and did not leave."""
        shared = self.windows.get(name)
        if shared is not None:
            shared.changes += shared.window.give_back(moment)

    def renew(self, name: str, moment: float, *, now: float) -> bool:
        """Count a request that was granted at *moment* as leaving *now*; return whether it may.

        Within one window of *moment* it may: no span of a second sees more requests than before.
        """
        shared = self.windows.get(name)
        if shared is None or self.paused(now) > 0 or not moment > now - 1.0 or not shared.window.give_back(moment):
            return False
        shared.window.depart(now)
        return True

    def leave_line(self, name: str, member: str) -> None:
        """Take *member*, which has given up, out of the line of a limit."""
        if name in self.windows:
            self.windows[name].changes += self.windows[name].members.leave(member)

    def depart(self, name: str, *, limit: int, now: float) -> None:
        """Count a request that was granted elsewhere."""
        self._window(name, limit).window.depart(now)

    def update(self, name: str, told: RateLimit, *, since: float, now: float) -> None:
        """Follow a reply's limit. Its request left at *since*."""
        if told.limit <= LARGEST_LIMIT:
            self._window(name, told.limit).window.update(told, since=since, now=now)

    def hold(self, until: float) -> None:
        """Hold up all requests until a moment, and wake the waiting members."""
        if until > self.pause:
            self.pause = until
            for shared in self.windows.values():
                shared.changes += 1

    def paused(self, now: float) -> float:
        """Return the seconds left of the pause."""
        return max(0.0, self.pause - now)

    def believe_at_most(self, seconds: float, *, now: float) -> None:
        """Shorten a pause that another version or client has put here, and that is longer than ours may be."""
        self.pause = min(self.pause, now + seconds)

    def take_lock(self, name: str, member: str, *, kind: str, lease: float, last: str, now: float) -> LockAnswer:
        """Grant *member* the lock of a queue for *lease* seconds, or put it into the line.

        Args:
            name: Which queue.
            member: The member that asks; it takes a new name at each turn.
            kind: Which kind of name the asker has for the queue.
            lease: How long the lock lasts unless it is renewed.
            last: The asker's own member at its last turn, `""` for none.
            now: The moment.
        """
        lock = self.locks.setdefault(name, QueueLease())
        self.kinds[kind] = now + KIND
        taken_over = lock.last != last
        held_by_another = lock.until > now and lock.holder != member
        if held_by_another or lock.members.before(member):
            lock.members.stand(member, now=now)
            return LockAnswer(granted=False, taken_over=False, wait=max(lock.until - now, 0.0), kinds=len(self.kinds))
        lock.members.leave(member)
        lock.holder, lock.until, lock.last = member, now + lease, member
        return LockAnswer(granted=True, taken_over=taken_over, wait=0.0, kinds=len(self.kinds))

    def keep_lock(self, name: str, member: str, *, lease: float, now: float) -> bool:
        """Renew a lock, and return whether it is still held. A lock that the store forgot is taken anew."""
        lock = self.locks.setdefault(name, QueueLease())
        if lock.holder not in {"", member}:
            return False
        lock.holder, lock.until, lock.last = member, now + lease, member
        return True

    def leave_lock(self, name: str, member: str, *, now: float) -> None:
        """Release the lock, where it is *member*'s, and take it out of the line."""
        lock = self.locks.get(name)
        if lock is None:
            return
        lock.changes += lock.members.leave(member)
        if lock.holder == member:
            lock.free(now)

    def free(self, member: str, *, now: float) -> None:
        """Take from *member*, which is dead, whatever it holds."""
        for lock in self.locks.values():
            if lock.holder == member:
                lock.free(now)

    def changes(self) -> dict[str, int]:
        """Return by name how often waiting members were called to ask again."""
        return {name: shared.changes for name, shared in self._waited_for()}

    def lifetime(self, now: float) -> int:
        """Return after how many seconds nothing of this matters any more."""
        return math.ceil(max(_LIFETIME, self.paused(now)))

    def is_idle(self, now: float) -> bool:
        """Return whether no member would miss this state."""
        return (
            self.pause <= now
            and not any(lock.holder for lock in self.locks.values())
            and all(shared.window.departures[-1:] < [now - 2.0] for shared in self.windows.values())
        )

    def forked(self) -> None:
        """Forget what belongs to the members of a parent process; limits and pauses hold for the child, too."""
        self.locks = {}
        for shared in self.windows.values():
            shared.members = WaitingMembers()

    def _waited_for(self) -> Iterator[tuple[str, SharedWindow | QueueLease]]:
        yield from self.windows.items()
        yield from self.locks.items()

    def _window(self, name: str, limit: int) -> SharedWindow:
        shared = self.windows.get(name)
        if shared is None:
            shared = self.windows[name] = SharedWindow(Window(limit))
        return shared

    def _shift(self, seconds: float) -> None:
        self.at += seconds
        self.pause += seconds
        self.kinds = {kind: until + seconds for kind, until in self.kinds.items()}
        for shared in self.windows.values():
            shared.window.shift(seconds)
            shared.members.shift(seconds)
        for lock in self.locks.values():
            lock.until += seconds
            lock.last_until += seconds
            lock.members.shift(seconds)


def called(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """Return the names whose waiting members should ask again: those that changed, and those that are gone."""
    return [name for name, changes in before.items() if after.get(name) != changes]
