"""The sandbox itself: the API on a loopback port, with a team to play with and a ledger to ask."""

import itertools
import random
from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from allo_async.sandbox import reads, writes
from allo_async.sandbox.append import Append, Counts
from allo_async.sandbox.clock import Clock, SystemClock
from allo_async.sandbox.connection import Server
from allo_async.sandbox.delivery import deliver
from allo_async.sandbox.endpoints import endpoints
from allo_async.sandbox.faults import Fault
from allo_async.sandbox.gate import Gate, Moods
from allo_async.sandbox.idempotency import IdempotencyStore
from allo_async.sandbox.ledger import Ledger, RecordedRequest
from allo_async.sandbox.limits import UNLIMITED, RateLimits
from allo_async.sandbox.reception import APPEND, receive
from allo_async.sandbox.reps import Rep
from allo_async.sandbox.script import Script
from allo_async.sandbox.state import (
    ALL_SCOPES,
    Identifiers,
    Role,
    SandboxEntry,
    SandboxUser,
    Status,
    Team,
)

_TEAM: tuple[tuple[str, str, Role], ...] = (
    ("Olivia Stone", "olivia@acme.example", "ADMIN"),
    ("Marie Laurent", "marie@acme.example", "MEMBER"),
    ("Tom Baker", "tom@acme.example", "MEMBER"),
    ("Ana García", "ana@acme.example", "MEMBER"),
)


class Sandbox:
    """A server that behaves as the Allo API is documented to, in memory, on loopback.

    Args:
        host: The address to listen on.
        port: 0 for a free one.
        region: How the server reads a number without a country code, as an ISO 3166 code.
        read_per_second: GET requests a key may make in any second, `None` for any number.
        write_per_second: Other requests a key may make in any second, `None` for any number.
        capacity: Numbers a queue holds.
        capacity_counts: The entries that count against the capacity: `"all"`, only those `"uncalled"`, or all that were
            `"ever"` put in; `total_count` always counts all entries.
        skips_queued: Whether a number that stands in the queue already is skipped, as `ALREADY_IN_QUEUE`.
        partial_overflow: Whether an append that does not fit is refused only after the rows that fit were added.
        latency: Seconds that a request takes.
        append_seconds_per_row: Seconds on top that an append takes for each row; appends to one queue that overlap
            conflict.
        max_rows_per_request: More rows in one append are refused with 413, `None` for any number.
        honour_idempotency: Whether `Idempotency-Key` is obeyed and echoed.
        conflict_rate: How likely an append is refused with 409 by itself, 0 to 1.
        rate_limit_rate: How likely it is refused with 429 by itself, 0 to 1.
        seed: Of everything random.
        clock: The server's source of time; tests pass their own.

    Attributes:
        ledger: Every request, and its effect.

    Example:
        ```python
        async with Sandbox() as sandbox:
            async with AlloClient(sandbox.api_key, base_url=sandbox.url) as allo:
                await allo.queue(email="marie@acme.example").append(["+12125550010"])
            sandbox.numbers("marie@acme.example")  # ["+12125550010"]
        ```
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "US",
        read_per_second: int | None = 20,
        write_per_second: int | None = 5,
        capacity: int = 1000,
        capacity_counts: Counts = "all",
        skips_queued: bool = False,
        partial_overflow: bool = False,
        latency: float = 0.0,
        append_seconds_per_row: float = 0.0,
        max_rows_per_request: int | None = None,
        honour_idempotency: bool = True,
        conflict_rate: float = 0.0,
        rate_limit_rate: float = 0.0,
        seed: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._host, self._port = host, port
        self._team = Team(Identifiers(random.Random(seed)), self._now)
        self._script = Script()
        self.ledger = Ledger()
        for name, email, role in _TEAM:
            self.add_user(email, name=name, role=role)
        self._api_key = self.add_key()
        reads_allowed = UNLIMITED if read_per_second is None else read_per_second
        writes_allowed = UNLIMITED if write_per_second is None else write_per_second
        append = Append(
            clock=self._clock,
            region=region,
            capacity=capacity,
            counts=capacity_counts,
            skips_queued=skips_queued,
            partial_overflow=partial_overflow,
            max_rows=max_rows_per_request,
            latency=latency,
            seconds_per_row=append_seconds_per_row,
        )
        self._gate = Gate(
            team=self._team,
            clock=self._clock,
            limits=RateLimits(self._clock, reads_allowed, writes_allowed),
            idempotency=IdempotencyStore(self._clock) if honour_idempotency else None,
            moods=Moods(conflict_rate=conflict_rate, rate_limit_rate=rate_limit_rate, dice=random.Random(seed)),
            endpoints=endpoints(
                append,
                writes.Clear(region),
                reads.Me(read_per_second=reads_allowed, write_per_second=writes_allowed),
            ),
            latency=latency,
        )
        self._runner: web.ServerRunner | None = None
        self._reps: list[Rep] = []
        self._filled = 0
        self._ordinals = itertools.count(1)

    async def __aenter__(self) -> Self:
        # Nobody waits for an answer that was promised to be late.
        self._runner = web.ServerRunner(Server(self._handle, self._team.identifiers.request), shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for rep in self._reps:
            await rep.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The URL of the sandbox, for `base_url=`; known once it was entered."""
        if self._runner is None:
            raise RuntimeError("enter the sandbox first: async with Sandbox() as sandbox")
        if self._runner.addresses:
            self._port = self._runner.addresses[0][1]
        return f"http://{self._host}:{self._port}"

    @property
    def api_key(self) -> str:
        """The first key: every scope, owned by the first user."""
        return self._api_key

    @property
    def users(self) -> tuple[SandboxUser, ...]:
        """The team, in the order in which they joined; the first is an admin and owns the first key."""
        return tuple(self._team.users)

    def add_user(self, email: str, *, name: str = "", role: Role = "MEMBER", status: Status = "ACTIVE") -> SandboxUser:
        """Add a user to the team; by default the user's name comes from the address."""
        user = SandboxUser(
            id=self._team.identifiers.user(),
            name=name or email.partition("@")[0].replace(".", " ").title(),
            email=email,
            role=role,
            status=status,
        )
        self._team.users.append(user)
        return user

    def add_key(
        self, owner: SandboxUser | None = None, *, scopes: Sequence[str] = ALL_SCOPES, trial: bool = False
    ) -> str:
        """Make an API key, by default one of the first user's with every scope."""
        owner_id = (owner or self._team.users[0]).id
        return self._team.add_key(owner_id, tuple(scopes), trial=trial, revoked=False).secret

    def revoke_key(self, key: str) -> None:
        """Refuse *key* from now on."""
        self._team.keys[key].revoked = True

    def queue(self, user: str | None = None) -> tuple[SandboxEntry, ...]:
        """Return the entries of a user's queue, in order.

        Args:
            user: An e-mail address or a user id; `None` for the first user.

        Raises:
            KeyError: There is no such user.
        """
        queue = self._team.queues.get(self._found(user).id)
        return () if queue is None else tuple(queue.entries)

    def numbers(self, user: str | None = None) -> list[str]:
        """Return the numbers in a user's queue in E.164, in order."""
        return [entry.number_to for entry in self.queue(user)]

    def fill(self, user: str | None, count: int) -> None:
        """Put *count* made-up numbers into a user's queue, as if others had; each number only once ever."""
        found = self._found(user)
        queue = self._team.queue_of(found.id, found.id)
        start, self._filled = self._filled, self._filled + count
        queue.extend(((f"+1646{2_000_000 + place}", {}) for place in range(start, start + count)), self._now())

    def start_calling(self, user: str | None = None, *, per_second: float = 1.0, keeps: bool = False) -> None:
        """Call the numbers of a user's current queue from its front, until the sandbox closes.

        Args:
            user: An e-mail address or a user id; `None` for the first user.
            per_second: Calls a second.
            keeps: Whether a called number stays in the queue, with `call_start_date`, `call_id`, `routing_result` and
                `call_status`; else it is taken off.
        """
        rep = Rep(self._team, self._clock, self._found(user).id, per_second, keeps)
        self._reps.append(rep)
        rep.start()

    def script(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        at: int | Container[int] | None = None,
        times: int | None = None,
        when: Callable[[RecordedRequest], bool] | None = None,
    ) -> None:
        """Strike appends that arrive from now on with *fault*: all of them, unless the arguments say less.

        Args:
            fault: One of `allo_async.sandbox.faults`.
            method: Strike requests of this HTTP method instead.
            at: The one it strikes, or a range of them, counted from 1.
            times: How many of those at most.
            when: Picks them by the ledger's record at their arrival.
        """
        self._script.add(fault, method=method, at=at, times=times, when=when)

    def _found(self, user: str | None) -> SandboxUser:
        if user is None:
            return self._team.users[0]
        found = self._team.find(user_id=user) or self._team.find(email=user)
        if found is None:
            raise KeyError(user)
        return found

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S")

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        received = await receive(request, self._clock, self._team.identifiers.request)
        record = received.record
        if (record.method, record.path) == APPEND:
            record.ordinal = next(self._ordinals)
        fault = self._script.strike(record)
        self.ledger.record(record)
        answer = await self._gate.answer(received, fault)
        return await deliver(request, record, answer, self._gate.headers(record, answer), self._clock)
