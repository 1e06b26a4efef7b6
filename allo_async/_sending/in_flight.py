"""One request until it is settled, and what is known of it whatever ends it."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import attrs

from allo_async._sending.verdict import (
    OLDEST_KEY,
    IdempotencySupport,
    RequestState,
    Stage,
    Timestamp,
    Verdict,
    ending_of,
    judge,
)
from allo_async._wire.replies import Reply
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import (
    AlloError,
    ApiError,
    AppendConflictError,
    AuthenticationError,
    RateLimitedError,
    ServerError,
)

Answer = TypeVar("Answer")


@attrs.define
class InFlightRequest(Generic[Answer]):
    """One request on its way, a cancellation included.

    A failure is *unclear* when the server may have carried the request out. Where it honours the idempotency key, the
    same bytes under the same key settle it: the replay gives the lost answer back. Where that cannot be counted on,
    *look* settles it before anything is sent again.

    Attributes:
        request: The request, the same at each attempt.
        read: Reads a 2xx.
        look: Finds out from the server's state whether it was carried out: gives the answer, or `None` where it was
            not. It is told from which moment on that may have been, and for how many seconds the state may have moved
            on since, or `None` where that does not matter since a replay would tell. `None` where there is no way to
            find out.
        announce: Awaited before the first attempt under each key.
        after_refusal: Awaited before the attempt that follows a conflict or a 429, unless an earlier one is unclear.
        replays: Whether what was carried out gives its answer back: a refusal that had an effect does not.
        first_used: When the key was used first, by another process if it is given from the start.
        most_conflicts: After how many append conflicts to give up, since a smaller append would do better; `None` for
            as long as there is time.
        state: The known part of the request's fate.
        attempts: How many attempts began.
        began: When the present attempt began.
        conflicts: How many append conflicts there were.
    """

    request: Request
    read: Callable[[Reply], Answer]
    look: Callable[[Timestamp, float | None], Awaitable[Answer | None]] | None = None
    announce: Callable[[Request, Timestamp], Awaitable[None]] | None = None
    first_used: Timestamp | None = None
    most_conflicts: int | None = None
    after_refusal: Callable[[], Awaitable[None]] | None = None
    replays: bool = True
    state: RequestState = attrs.field(factory=RequestState, init=False)
    attempts: int = attrs.field(default=0, init=False)
    began: Timestamp | None = attrs.field(default=None, init=False)
    conflicts: int = attrs.field(default=0, init=False)
    _refused_of_late: bool = attrs.field(default=False, init=False)
    _announced: str | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        # A request that another process has sent may have arrived.
        self.state = self.state.doubted(self.first_used)

    @property
    def in_doubt(self) -> bool:
        """Whether the server may have carried the request out without our knowing."""
        return self.state.stage in {Stage.LEAVING, Stage.UNCLEAR}

    @property
    def unclear(self) -> bool:
        """Whether an earlier attempt ended without evidence whether it was carried out."""
        return self.state.unclear_since is not None

    @property
    def surely_refused(self) -> bool:
        """Whether no attempt can have been carried out, nor ever will be."""
        return not self.unclear and self.state.may_arrive_since is None

    @property
    def on_its_way(self) -> bool:
        """Whether to wait for the reply, because the request changes something and may have arrived."""
        return not self.request.reads and (self.in_doubt or not self.surely_refused)

    def begin(self, clock: Clock) -> None:
        """Record that an attempt begins."""
        self.attempts += 1
        self.began = Timestamp.now(clock)

    def leave(self) -> None:
        """Record that the attempt's first byte leaves."""
        self.state = attrs.evolve(self.state, stage=Stage.LEAVING)

    def failed(self, error: AlloError) -> None:
        """Record that the attempt ended with *error*."""
        self._refused_of_late = isinstance(error, AppendConflictError | RateLimitedError)
        self.conflicts += isinstance(error, AppendConflictError)
        left = self.state.stage is Stage.LEAVING
        self.state = self.state.after(ending_of(error, left=left), self.began)

    def settle(self) -> None:
        """Record that the answer is known."""
        self.state = attrs.evolve(self.state, stage=Stage.SETTLED)

    def too_old(self, clock: Clock) -> bool:
        """Return whether the server may have forgotten the key."""
        if self.request.idempotency_key is None or self.first_used is None:
            return False
        return self.first_used.seconds_ago(clock) >= OLDEST_KEY

    def replay_tells(self, trust: IdempotencySupport, clock: Clock) -> bool:
        """Return whether sending the same bytes again would settle an unclear attempt, for all that is documented."""
        return self.replays and not trust.ignored and self.state.key_kept and not self.too_old(clock)

    def must_look(self, trust: IdempotencySupport, clock: Clock) -> bool:
        """Return whether an unclear attempt has to be settled by a look."""
        return self.look is not None and self.unclear and not (trust.honoured and self.replay_tells(trust, clock))

    def refused_for_itself(self, error: AlloError) -> bool:
        """Return whether *error*, a refusal, may be due to an attempt that was carried out after all."""
        if self.look is None or not isinstance(error, ApiError) or isinstance(error, ServerError | RateLimitedError):
            return False
        return self.state.looked or (self.unclear and judge(error) in {Verdict.CUT, Verdict.REFUSED})

    def worth_a_retry(self, error: BaseException, trust: IdempotencySupport, clock: Clock) -> bool:
        """Return whether another attempt after *error* may gain something, and can do no harm."""
        if not isinstance(error, AlloError):
            return False
        if self.most_conflicts is not None and self.conflicts >= self.most_conflicts and self.surely_refused:
            return False
        verdict = judge(error)
        harmless = self.look is not None or self.request.repeatable or self.replay_tells(trust, clock)
        if verdict is Verdict.RETRY:
            return harmless or not self.unclear
        return verdict is Verdict.RESEND and harmless

    async def settle_by_look(self, trust: IdempotencySupport, clock: Clock) -> Answer | None:
        """Look whether an earlier attempt was carried out, and return its answer; `None` if it was not."""
        since = self.state.unclear_since or self.began
        assert self.look is not None and since is not None  # noqa: S101, PT018 - for the type checker
        answer = await self.look(since, None if self.replay_tells(trust, clock) else since.seconds_ago(clock))
        if answer is None:
            self.state = self.state.refused(looked=True)
        else:
            self.settle()
        return answer

    async def look_into(self, error: AlloError, trust: IdempotencySupport, clock: Clock) -> Answer | None:
        """Look whether *error* refused what an attempt had carried out; where the look fails, that stays unclear."""
        first = self.state.unclear_since in {None, self.began}
        self.state = self.state.doubted(self.began)
        try:
            return await self.settle_by_look(trust, clock)
        except AuthenticationError:
            # A key that may not even read was not let in by the attempt before either.
            if first and isinstance(error, AuthenticationError):
                self.state = self.state.refused()
        except AlloError:
            pass
        return None

    async def ready(self, clock: Clock) -> None:
        """Change a key that the server may have forgotten, and announce one that was not used before."""
        if self.too_old(clock):
            self.request = attrs.evolve(self.request, idempotency_key=str(uuid.uuid4()))
            self.first_used = None
        if self.first_used is None:
            self.first_used = Timestamp.now(clock)
        if self._refused_of_late and self.surely_refused and self.after_refusal is not None:
            await self.after_refusal()
        self._refused_of_late = False
        if self.announce is not None and self._announced != self.request.idempotency_key:
            await self.announce(self.request, self.first_used)
            self._announced = self.request.idempotency_key
