"""Where the processes of a key keep what they share: the port, which each kind of server or file has a store for."""

from typing import Protocol

import attrs

from allo_async._wire.hints import RateLimit

#: Seconds after which who stands in a line and does not ask again is taken for dead.
ALIVE = 4.0


class Bell(Protocol):
    """Rings when what one waits for may have become free."""

    async def wait(self) -> object:
        """Wait until it rings."""
        ...


@attrs.frozen
class TurnAnswer:
    """What who asks for the turn of a queue is told.

    Attributes:
        token: The fencing token of the lease, another one each time; `""` where someone else has the turn.
        end: What stands last in the queue, as the one before has said it; `""` where nobody knows.
        wait: Seconds for which it is held at the most, if it is not renewed.
        kinds: How many kinds of names for queues are in use.
    """

    token: str
    end: str
    wait: float
    kinds: int


class Store(Protocol):
    """Does each of these in one step, on a clock that all processes share. It belongs to one key.

    All spans are seconds. A member is a process that waits, in a line that is served in the order in which they came;
    who does not ask again within `ALIVE` has died, and loses the place.

    Attributes:
        failures: What it raises where it cannot do it, `TimeoutError` included.
    """

    @property
    def failures(self) -> tuple[type[Exception], ...]: ...

    def bell(self, name: str) -> Bell:
        """Give what rings when the pace or turn of that *name* may be free; to be taken before asking whether it is."""
        ...

    async def wait(self, pace: str, member: str, *, limit: int, ahead: int) -> float:
        """Tell how long one more request of a member would wait, without standing in line.

        Args:
            pace: Which of the key's paces.
            member: Whose request.
            limit: Requests per second, until the server has told another limit.
            ahead: How many of the member's own leave before, the first of them from its place in the line.
        """
        ...

    async def admit(self, pace: str, member: str, *, limit: int, leaves: bool) -> tuple[bool, float]:
        """Let one request leave when no second sees more than the limit, or tell how long that takes.

        Args:
            pace: Which of the key's paces.
            member: Who asks, and stands in line from then on.
            limit: Requests per second, until the server has told another limit.
            leaves: Whether it leaves when it may; if not, it keeps its place in the line.
        """
        ...

    async def heard(self, pace: str, told: RateLimit, *, age: float) -> None:
        """Follow what an answer told: the limit, and the requests of strangers, which take places in the window.

        Args:
            pace: Which of the key's paces.
            told: What it told.
            age: How long ago the answer's request left.
        """
        ...

    async def hold(self, seconds: float) -> None:
        """Let nothing leave for *seconds*; an earlier, longer hold stays in force."""
        ...

    async def leave_line(self, pace: str, member: str) -> None:
        """Take a member who has given up out of the line of a pace."""
        ...

    async def take_turn(self, queue: str, member: str, *, kind: str, lease: float) -> TurnAnswer:
        """Grant the turn of a queue as a lease, or tell how long it is held at the most.

        What stands last in the queue is handed over with it; whoever dies with the turn takes that along.

        Args:
            queue: Whose turn.
            member: Who asks.
            kind: Which kind of name the asker has for the queue.
            lease: How long it lasts.
        """
        ...

    async def keep_turn(self, queue: str, token: str, *, lease: float) -> bool:
        """Renew a lease, and tell whether it is still held; one that was forgotten is taken back where it is free."""
        ...

    async def give_turn_back(self, queue: str, token: str, *, end: str, memory: float) -> None:
        """End a lease, and say what stands last in the queue; from whose lease has ended already, nothing is taken.

        Args:
            queue: Whose turn.
            token: The lease's.
            end: What stands last; `""` where that is not known.
            memory: For how long it is worth knowing.
        """
        ...

    async def leave_turn(self, queue: str, member: str) -> None:
        """Take one who has given up out of the line, and back the lease that it was granted without hearing of it."""
        ...

    async def close(self) -> None:
        """Let go of what it is kept in."""
        ...
