"""What the processes of a key share, and what each of them may do with it; as it stands in their file."""

import attrs

from allo_async._coordination.store import TurnAnswer
from allo_async._sending.window import Window
from allo_async._wire.hints import RateLimit

# Seconds for which a kind of name counts as used.
_KIND = 3600.0


@attrs.define
class Line:
    """Who waits, first come first served.

    Attributes:
        alive_until: When each is taken for dead, in the order in which they came.
    """

    alive_until: dict[str, float] = attrs.field(factory=dict[str, float])

    def before(self, member: str) -> int:
        """Tell how many stand before *member*; who does not stand there comes last."""
        return list(self.alive_until).index(member) if member in self.alive_until else len(self.alive_until)

    def stand(self, member: str, *, until: float, slack: float) -> None:
        """Give *member* a place, or keep it there; only by more than *slack* is a time moved, for each change rings."""
        if self.alive_until.get(member, until - slack) <= until - slack:
            self.alive_until[member] = until

    def leave(self, member: str) -> None:
        """Take *member* out."""
        self.alive_until.pop(member, None)

    def send_home_the_dead(self, now: float) -> None:
        """Take out who has not asked again in time."""
        for member in [member for member, until in self.alive_until.items() if until <= now]:
            del self.alive_until[member]


@attrs.define
class SharedWindow:
    """A pace and those who wait for it."""

    window: Window
    line: Line = attrs.field(factory=Line)


@attrs.define
class Turn:
    """The turn of a queue.

    Attributes:
        token: The lease's; `""` where nobody has it.
        until: When it ends.
        end: What stands last in the queue; `""` where nobody knows.
        end_until: Until when that is worth knowing.
        line: Those who wait for it.
    """

    token: str = ""
    until: float = 0.0
    end: str = ""
    end_until: float = 0.0
    line: Line = attrs.field(factory=Line)

    def free(self) -> None:
        """End the lease."""
        self.token, self.until = "", 0.0

    def is_of_use(self, now: float) -> bool:
        """Tell whether anybody may still need to know of it."""
        return max(self.until, self.end_until, *self.line.alive_until.values()) > now


@attrs.define
class State:
    """All that the processes of a key share. What they do with it is told in `allo_async._coordination.store`.

    All moments are seconds on the machine's monotonic clock.

    Attributes:
        version: Grows with each change.
        written_at: When it was changed last.
        pause: Before that moment nothing may leave.
        paces: By name.
        turns: By the queue's name.
        kinds: Which kinds of names for queues are in use, and until when that counts.
    """

    version: int = 0
    written_at: float = 0.0
    pause: float = 0.0
    paces: dict[str, SharedWindow] = attrs.field(factory=dict[str, SharedWindow])
    turns: dict[str, Turn] = attrs.field(factory=dict[str, Turn])
    kinds: dict[str, float] = attrs.field(factory=dict[str, float])

    def admit(self, name: str, member: str, *, limit: int, ahead: int, alive: float, now: float) -> tuple[bool, float]:
        """Let one request leave, or tell how long that takes."""
        pace = self._pace(name, limit)
        pace.line.send_home_the_dead(now)
        wait = pace.window.next_departure(pace.line.before(member) + ahead, now=now) - now
        if not member:
            return False, wait
        if wait > 0:
            pace.line.stand(member, until=now + alive, slack=alive / 2)
            return False, wait
        pace.line.leave(member)
        pace.window.depart(now)
        return True, 0.0

    def heard(self, name: str, told: RateLimit, *, since: float, now: float) -> None:
        """Follow what an answer told; its request left at *since*."""
        self._pace(name, told.limit).window.heard(told, since=since, now=now)

    def hold(self, until: float) -> None:
        """Let nothing leave before a moment."""
        self.pause = max(self.pause, until)

    def leave_line(self, name: str, member: str) -> None:
        """Take a member out of the line of a pace."""
        if name in self.paces:
            self.paces[name].line.leave(member)

    def take_turn(self, queue: str, member: str, *, kind: str, lease: float, alive: float, now: float) -> TurnAnswer:
        """Grant the turn of a queue, or tell how long it is held."""
        turn = self.turns.setdefault(queue, Turn())
        turn.line.send_home_the_dead(now)
        kinds = self._use(kind, now)
        if turn.until > now or turn.line.before(member):
            turn.line.stand(member, until=now + alive, slack=alive / 2)
            return TurnAnswer("", "", max(turn.until - now, 0.0), kinds)
        turn.line.leave(member)
        end = turn.end if turn.end_until > now else ""
        turn.token, turn.until = f"{now:.9f}", now + lease
        # Whoever dies with the turn takes that along, for nobody knows it then.
        turn.end, turn.end_until = "", 0.0
        return TurnAnswer(turn.token, end, 0.0, kinds)

    def keep_turn(self, queue: str, token: str, *, until: float) -> bool:
        """Renew a lease."""
        turn = self.turns.setdefault(queue, Turn())
        if turn.token not in {"", token}:
            return False
        turn.token, turn.until = token, until
        return True

    def give_turn_back(self, queue: str, token: str, *, end: str, end_until: float, now: float) -> None:
        """End a lease."""
        turn = self.turns.get(queue)
        if turn is None or turn.token != token:
            return
        turn.free()
        if end:
            turn.end, turn.end_until = end, end_until
        self.turns = {name: turn for name, turn in self.turns.items() if turn.is_of_use(now)}

    def leave_turn(self, queue: str, member: str) -> None:
        """Take a member out of the line of a turn; what is granted here is always heard of."""
        if queue in self.turns:
            self.turns[queue].line.leave(member)

    def _pace(self, name: str, limit: int) -> SharedWindow:
        pace = self.paces.setdefault(name, SharedWindow(Window(limit)))
        pace.window.not_before = self.pause
        return pace

    def _use(self, kind: str, now: float) -> int:
        self.kinds = {used: until for used, until in self.kinds.items() if until > now}
        if self.kinds.get(kind, 0.0) < now + _KIND / 2:
            self.kinds[kind] = now + _KIND
        return len(self.kinds)
