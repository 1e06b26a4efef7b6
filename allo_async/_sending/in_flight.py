"""One request on its way, and what is known of it whatever ends the way."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import attrs

from allo_async._sending.idempotency import OLDEST_KEY, IdempotencySupport, Timestamp
from allo_async._sending.verdict import Verdict, judge
from allo_async._wire.replies import Reply
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import (
    AlloError,
    ApiError,
    AppendConflictError,
    RateLimitedError,
    ServerError,
    UnreadableReplyError,
)

Answer = TypeVar("Answer")


@attrs.define
class InFlightRequest(Generic[Answer]):
    """One request on its way, a cancellation included.

    A failure is *unclear* when the server may have carried the request out. Where it honours the idempotency key, the
    same bytes under the same key settle it: the replay gives the lost answer back. Where that cannot be counted on,
    *look* settles it before anything is sent again.

    Attributes:
        request: What is sent, attempt after attempt.
        read: Reads a 2xx.
        look: Finds out from the server's state whether it was carried out: gives the answer, or `None` where it was
            not. It is told from which moment on that may have been, and for how many seconds the state may have moved
            on since, or `None` where that does not matter since a replay would tell. `None` where there is no way to
            find out.
        announce: Awaited before the first attempt under each key.
        after_conflict: Awaited before the attempt that follows an append conflict, unless an earlier one is unclear.
        first_used: When the key was used first.
        attempts: How many attempts began.
        exposed: Whether the present attempt's bytes began to leave.
        began: When the present attempt began.
        unclear_since: When the first attempt began of those that ended without telling whether they were carried out.
        abandoned_since: When the first attempt began of those that the API itself never answered: it may still be on
            its way, even where a look finds nothing.
        failed_with_5xx: Whether one of those was a 5xx, which does not consume the key [guide].
        most_conflicts: After how many append conflicts to give up, since a smaller append would do better; `None` for
            as long as there is time.
        conflicts: How many there were.
        looked: Whether a look has found it not carried out; an attempt given up may still be on its way then.
    """

    request: Request
    read: Callable[[Reply], Answer]
    look: Callable[[Timestamp, float | None], Awaitable[Answer | None]] | None = None
    announce: Callable[[Request, Timestamp], Awaitable[None]] | None = None
    first_used: Timestamp | None = None
    attempts: int = 0
    exposed: bool = False
    began: Timestamp | None = None
    unclear_since: Timestamp | None = None
    abandoned_since: Timestamp | None = None
    failed_with_5xx: bool = False
    most_conflicts: int | None = None
    conflicts: int = 0
    looked: bool = False
    after_conflict: Callable[[], Awaitable[None]] | None = None
    _announced: str | None = None
    _conflicted: bool = False

    @property
    def in_doubt(self) -> bool:
        """Whether the server may have carried the request out without our knowing."""
        return self.exposed or self.unclear

    @property
    def unclear(self) -> bool:
        """Whether an earlier attempt ended without telling whether it was carried out."""
        return self.unclear_since is not None

    @property
    def surely_refused(self) -> bool:
        """Whether no attempt can have been carried out, nor ever will be."""
        return not self.unclear and self.abandoned_since is None

    @property
    def on_its_way(self) -> bool:
        """Whether an answer has to be heard out, since the request changes something and may have arrived."""
        return not self.request.reads and (self.exposed or not self.surely_refused)

    def begin(self, clock: Clock) -> None:
        """Note that an attempt begins."""
        self.attempts += 1
        self.began = Timestamp.now(clock)

    def expose(self) -> None:
        """Note that the first byte leaves."""
        self.exposed = True

    def too_old(self, clock: Clock) -> bool:
        """Tell whether the server may have forgotten the key."""
        if self.request.idempotency_key is None or self.first_used is None:
            return False
        return self.first_used.seconds_ago(clock) >= OLDEST_KEY

    def replay_tells(self, trust: IdempotencySupport, clock: Clock) -> bool:
        """Tell whether sending the same bytes again would settle an unclear attempt, for all that is documented."""
        return not (trust.ignored or self.failed_with_5xx or self.too_old(clock))

    def must_look(self, trust: IdempotencySupport, clock: Clock) -> bool:
        """Tell whether an unclear attempt has to be settled by a look."""
        return self.look is not None and self.unclear and not (trust.honoured and self.replay_tells(trust, clock))

    def refused_for_itself(self, error: AlloError) -> bool:
        """Tell whether *error*, a refusal, may be due to an earlier attempt that was carried out after all."""
        if self.look is None or not isinstance(error, ApiError) or isinstance(error, ServerError | RateLimitedError):
            return False
        return self.looked or (self.unclear and judge(error) in {Verdict.CUT, Verdict.REFUSED})

    def worth_a_retry(self, error: BaseException, trust: IdempotencySupport, clock: Clock) -> bool:
        """Tell whether *error* leaves something to be gained by another attempt, and no harm to be done."""
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
        """Look whether an earlier attempt was carried out, and give its answer; `None` where it was not."""
        since = self.unclear_since or self.began
        assert self.look is not None and since is not None  # noqa: S101, PT018 - for the type checker
        answer = await self.look(since, None if self.replay_tells(trust, clock) else since.seconds_ago(clock))
        if answer is None:
            self.unclear_since = None
            self.failed_with_5xx = False
            self.looked = True
        return answer

    async def ready(self, clock: Clock) -> None:
        """Change a key that the server may have forgotten, and announce one that was not used before."""
        if self.too_old(clock):
            self.request = attrs.evolve(self.request, idempotency_key=str(uuid.uuid4()))
            self.first_used = None
        if self.first_used is None:
            self.first_used = Timestamp.now(clock)
        if self._conflicted and self.surely_refused and self.after_conflict is not None:
            await self.after_conflict()
        self._conflicted = False
        if self.announce is not None and self._announced != self.request.idempotency_key:
            await self.announce(self.request, self.first_used)
            self._announced = self.request.idempotency_key

    def failed(self, error: AlloError) -> None:
        """Note how the present attempt ended."""
        self._conflicted = isinstance(error, AppendConflictError)
        self.conflicts += self._conflicted
        unanswered = self.exposed and not isinstance(error, ApiError)
        if unanswered or judge(error) is Verdict.RESEND:
            self.unclear_since = self.unclear_since or self.began
        # A 5xx without a code is a proxy's, behind which the API may still be at work.
        by_proxy = isinstance(error, ServerError) and error.code is None
        if by_proxy or (unanswered and not isinstance(error, UnreadableReplyError)):
            self.abandoned_since = self.abandoned_since or self.began
        self.failed_with_5xx = self.failed_with_5xx or isinstance(error, ServerError)
        self.exposed = False
