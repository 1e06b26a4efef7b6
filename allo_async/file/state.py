"""What the processes of a key share, and what each of them may do with it; as it stands in their file."""

import attrs

from allo_async._coordination.store import TurnAnswer
from allo_async._sending.window import Window
from allo_async._wire.hints import RateLimit
from allo_async.file.line import Line

# Seconds for which a kind of name counts as used.
_KIND = 3600.0

# Of so many queues it is kept what stands last: the file is read and written whole, and who is not told can look.
_ENDS = 100


@attrs.define
class SharedWindow:
    """A pace and those who wait for it."""

    window: Window
    line: Line = attrs.field(factory=Line)

    def wait(self, member: str, *, ahead: int = 0, now: float) -> float:
        """Tell how long one more request of *member* would wait, of whom *ahead* wait."""
        return self.window.next_departure(self.line.behind(member, ahead), now=now) - now


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

    def forget(self, now: float) -> None:
        """Forget the dead, and what is not worth knowing any more."""
        self.line.forget(now)
        if self.end_until <= now:
            self.end, self.end_until = "", 0.0

    def is_of_use(self, now: float) -> bool:
        """Tell whether anybody may still need to know of it."""
        return self.until > now or bool(self.end) or bool(self.line.alive_until)


@attrs.define
class State:
    """All that the processes of a key share. What they do with it is told in `allo_async._coordination.store`.

    All moments are seconds on the machine's monotonic clock.

    Attributes:
        began_at: When that clock began, as a Unix time.
        pause: Before that moment nothing may leave.
        paces: By name.
        turns: By the queue's name.
        kinds: Which kinds of names for queues are in use, and until when that counts.
    """

    began_at: float
    pause: float = 0.0
    paces: dict[str, SharedWindow] = attrs.field(factory=dict[str, SharedWindow])
    turns: dict[str, Turn] = attrs.field(factory=dict[str, Turn])
    kinds: dict[str, float] = attrs.field(factory=dict[str, float])

    def forget(self, now: float) -> None:
        """Forget whatever is of no use any more."""
        for pace in self.paces.values():
            pace.line.forget(now)
        for turn in self.turns.values():
            turn.forget(now)
        self.turns = {name: turn for name, turn in self.turns.items() if turn.is_of_use(now)}
        self.kinds = {kind: until for kind, until in self.kinds.items() if until > now}

    def is_worth_asking(self, name: str, before: "State") -> bool:
        """Tell whether who waits for the pace or turn of that *name* may have it sooner now than *before*."""
        if name in self.paces and name in before.paces:
            return self.paces[name].line.has_lost_some_of(before.paces[name].line)
        turn, was = self.turns.get(name, Turn()), before.turns.get(name, Turn())
        return not turn.token and (bool(was.token) or turn.line.has_lost_some_of(was.line))

    def wait(self, name: str, member: str, *, limit: int, ahead: int, now: float) -> float:
        """Tell how long one more request of *member* would wait."""
        return self._pace(name, limit).wait(member, ahead=ahead, now=now)

    def admit(self, name: str, member: str, *, limit: int, leaves: bool, now: float) -> tuple[bool, float]:
        """Let one request leave, or tell how long that takes."""
        pace = self._pace(name, limit)
        wait = pace.wait(member, now=now)
        if wait <= 0 and leaves:
            pace.line.leave(member)
            pace.window.depart(now)
        else:
            pace.line.stand(member, now=now)
        return wait <= 0, wait

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

    def take_turn(self, queue: str, member: str, *, kind: str, lease: float, now: float) -> TurnAnswer:
        """Grant the turn of a queue, or tell how long it is held."""
        turn = self.turns.setdefault(queue, Turn())
        self.kinds[kind] = now + _KIND
        if turn.until > now or turn.line.before(member):
            turn.line.stand(member, now=now)
            return TurnAnswer("", "", max(turn.until - now, 0.0), len(self.kinds))
        turn.line.leave(member)
        # Whoever dies with the turn takes that along, for nobody knows it then.
        end, turn.end = turn.end, ""
        turn.token, turn.until = f"{now:.9f}", now + lease
        return TurnAnswer(turn.token, end, 0.0, len(self.kinds))

    def keep_turn(self, queue: str, token: str, *, until: float) -> bool:
        """Renew a lease."""
        turn = self.turns.setdefault(queue, Turn())
        if turn.token not in {"", token}:
            return False
        turn.token, turn.until = token, until
        return True

    def give_turn_back(self, queue: str, token: str, *, end: str, end_until: float) -> None:
        """End a lease."""
        turn = self.turns.get(queue)
        if turn is None or turn.token != token:
            return
        turn.token, turn.until = "", 0.0
        turn.end, turn.end_until = end, end_until
        known = sorted((turn for turn in self.turns.values() if turn.end), key=lambda turn: turn.end_until)
        for turn in known[:-_ENDS]:
            turn.end = ""

    def leave_turn(self, queue: str, member: str) -> None:
        """Take a member out of the line of a turn; what is granted here is always heard of."""
        if queue in self.turns:
            self.turns[queue].line.leave(member)

    def _pace(self, name: str, limit: int) -> SharedWindow:
        pace = self.paces.setdefault(name, SharedWindow(Window(limit)))
        pace.window.not_before = self.pause
        return pace
