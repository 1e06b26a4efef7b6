"""The retry loop: one request, until it is settled or given up."""

import contextlib
import logging
import random
import secrets
import string

import tenacity

from allo_async._sending.call_limits import UNLIMITED, CallLimits, WaitBudget
from allo_async._sending.in_flight import Answer, InFlightRequest
from allo_async._sending.instrumentation import Observers, observed
from allo_async._sending.key_state import RateLimiters
from allo_async._sending.rate_limiter import Slot
from allo_async._sending.transport import Transport
from allo_async._sending.verdict import IdempotencySupport, Verdict, in_brief, judge
from allo_async._wire.hints import rate_limit
from allo_async._wire.replies import api_error
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import AlloError, ApiError, AppendConflictError, RateLimitedError
from allo_async.events import ConflictBackedOff, RateLimited, RetryScheduled
from allo_async.settings import DEFAULT_RETRY_BUDGET

_log = logging.getLogger(__name__)

_FIRST_BACKOFF = 0.05
_LONGEST_BACKOFF = 5.0

# The waiters of one rate limit do not all come back in the same millisecond.
_WAKING_JITTER = 0.05

_ALPHABET = string.ascii_letters + string.digits


class Sender:
    """Sends requests within the key's limits, and tries again if that is allowed.

    Args:
        transport: Carries an attempt.
        limiters: Let an attempt go.
        clock: Measures and waits.
        retry_budget: Seconds from a delivery's first failure within which a retry may begin.
        observers: Receive attempts, retries and waits.
        server: The base URL in their events.
    """

    def __init__(
        self,
        transport: Transport,
        limiters: RateLimiters,
        *,
        clock: Clock,
        retry_budget: float,
        observers: Observers | None = None,
        server: str = "",
    ) -> None:
        self.observers = observers or Observers((), clock)
        self._server = server
        self._transport = transport
        self._limiters = limiters
        self._clock = clock
        self._retry_budget = retry_budget
        self._trust = IdempotencySupport()

    async def send(
        self, delivery: InFlightRequest[Answer], limits: CallLimits = UNLIMITED, *, slot: Slot | None = None
    ) -> Answer:
        """Send *delivery* until the server has settled it.

        Args:
            delivery: The request; it has afterwards, however this ends, whether it is in doubt.
            limits: How long it may take.
            slot: The slot of the first attempt; released if no attempt is made.

        Raises:
            AlloError: The last attempt's failure: it was definite, or the budget or *limits* left no time.
        """
        retrying = tenacity.AsyncRetrying(
            sleep=lambda seconds: self._back_off(seconds, delivery, limits),
            retry=tenacity.retry_if_exception(lambda error: delivery.worth_a_retry(error, self._trust, self._clock)),
            wait=_wait,
            stop=_Until(self._clock, self._retry_budget, limits),
            before_sleep=lambda state: self._announce_retry(delivery.request, state),
            reraise=True,
        )
        slots = [] if slot is None else [slot]
        try:
            return await retrying(self._attempt, delivery, limits, slots)
        except AlloError as error:
            # Tenacity's frames refer to the error, which would keep them, and a large reply, until the collector comes.
            error.__traceback__ = None
            answer = await self._last_look(delivery, error)
            if answer is None:
                raise
            return answer
        finally:
            # Tenacity's references go in a circle, and would keep the rows behind these until the collector comes.
            delivery.look = delivery.announce = delivery.after_refusal = None
            for unused in slots:
                self._limiters.of(delivery.request).release(unused)

    async def look(self, delivery: InFlightRequest[Answer]) -> Answer | None:
        """Settle *delivery*, which an earlier process sent, by reading alone; return `None` if it did not arrive.

        Raises:
            AlloError: The server's state could not be read.
        """
        since = delivery.state.unclear_since
        assert delivery.look is not None and since is not None  # noqa: S101, PT018 - for the type checker
        return await delivery.look(since, since.seconds_ago(self._clock))

    async def _attempt(self, delivery: InFlightRequest[Answer], limits: CallLimits, slots: list[Slot]) -> Answer:
        while True:
            if delivery.must_look(self._trust, self._clock):
                answer = await delivery.settle_by_look(self._trust, self._clock)
                if answer is not None:
                    return answer
            await delivery.ready(self._clock)
            async with limits.stop.ends(unless=lambda: delivery.on_its_way):
                with self.observers.timed_wait("pace"):
                    left_at = await self._acquire(delivery.request, limits, slots)
            # A key can grow too old in the line.
            if not delivery.too_old(self._clock):
                break
        try:
            async with limits.stop.ends(unless=lambda: not delivery.request.reads):
                return await self._exchange(delivery, left_at)
        except AlloError as error:
            if delivery.refused_for_itself(error):
                answer = await delivery.look_into(error, self._trust, self._clock)
                if answer is not None:
                    return answer
            raise

    def budget(self, limits: CallLimits) -> WaitBudget:
        """Return how long the rate limit may hold up a request of a call with *limits*."""
        # Without retries, a request that has not been sent yet may wait all the same.
        longest_pause = self._retry_budget or DEFAULT_RETRY_BUDGET
        if limits.give_up_at is not None:
            longest_pause = min(longest_pause, limits.give_up_at - self._clock.monotonic())
        return WaitBudget(limits.max_rate_limit_wait, longest_pause=longest_pause)

    async def _acquire(self, request: Request, limits: CallLimits, slots: list[Slot]) -> float:
        """Wait until *request* may leave, and return the moment."""
        limiter, budget = self._limiters.of(request), self.budget(limits)
        slot = await (limiter.refresh(slots.pop(), budget) if slots else limiter.acquire(budget))
        return slot.moment

    async def _last_look(self, delivery: InFlightRequest[Answer], error: AlloError) -> Answer | None:
        """Settle a delivery that is given up, so that as little as can be is in doubt."""
        # A request that is too large as it is will not be carried out later either.
        too_large = judge(error) is Verdict.CUT
        late = None if too_large else delivery.state.may_arrive_since
        since = delivery.state.unclear_since or late
        if delivery.look is None or since is None:
            return None
        with contextlib.suppress(AlloError):
            answer = await delivery.settle_by_look(self._trust, self._clock)
            if answer is not None:
                return answer
        if late is not None:
            delivery.state = delivery.state.doubted(since)
        return None

    async def _exchange(self, delivery: InFlightRequest[Answer], left_at: float) -> Answer:
        request, request_id = delivery.request, _new_request_id()
        seen = observed(
            self.observers, self._clock, self._server, request, resends=delivery.attempts, request_id=request_id
        )
        delivery.begin(self._clock)
        try:
            with seen as attempt:
                reply = await self._transport.exchange(request, request_id=request_id, on_send=delivery.leave)
                attempt.status = reply.status
                self._trust.note(request, reply)
                limit = rate_limit(reply.headers)
                if limit is not None:
                    self._limiters.update(request, limit, since=left_at)
                if not reply.ok:
                    raise api_error(reply, now=self._clock.time())
                answer = delivery.read(reply)
                delivery.settle()
                return answer
        except AlloError as error:
            delivery.failed(error)
            if isinstance(error, RateLimitedError) and error.retry_after is not None:
                error.retry_after = self._limiters.pause(error.retry_after)
                self.observers.emit(RateLimited(retry_after=error.retry_after))
            raise

    async def _back_off(self, seconds: float, delivery: InFlightRequest[Answer], limits: CallLimits) -> None:
        async with limits.stop.ends(unless=lambda: delivery.on_its_way):
            with self.observers.timed_wait("backoff"):
                await self._clock.sleep(seconds)

    def _announce_retry(self, request: Request, state: tenacity.RetryCallState) -> None:
        error = _failure(state)
        assert error is not None  # noqa: S101 - for the type checker
        attempts, wait = state.attempt_number, state.upcoming_sleep
        # The server's words may name a contact, and a record that is kept would keep the error and the whole reply.
        told = in_brief(error)
        _log.warning("attempt %d failed, trying again in %.2f s: %s", attempts, wait, told)
        kind = ConflictBackedOff if isinstance(error, AppendConflictError) else RetryScheduled
        self.observers.emit(kind(method=request.method, attempts=attempts, wait=wait, error=error))


class _Until:
    """A tenacity stop: true when the coming wait would end too late.

    Tenacity's own `stop_before_delay` does so on the machine's clock, from the first attempt's beginning.
    """

    def __init__(self, clock: Clock, budget: float, limits: CallLimits) -> None:
        self._clock = clock
        self._budget = budget
        self._limits = limits
        self._first_failure: float | None = None

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        now = self._clock.monotonic()
        if self._first_failure is None:
            self._first_failure = now
        resumes = now + state.upcoming_sleep
        give_up_at = self._limits.give_up_at
        too_late = give_up_at is not None and resumes > give_up_at
        error = _failure(state)
        if isinstance(error, RateLimitedError):
            if state.upcoming_sleep > self._limits.max_rate_limit_wait:
                return True
        elif self._limits.retry_until is not None and resumes > self._limits.retry_until:
            return True
        return too_late or resumes > self._first_failure + self._budget


_full_jitter = tenacity.wait_random_exponential(multiplier=_FIRST_BACKOFF, max=_LONGEST_BACKOFF)


def _wait(state: tenacity.RetryCallState) -> float:
    error = _failure(state)
    if isinstance(error, ApiError) and error.retry_after is not None:
        return error.retry_after + random.uniform(0, _WAKING_JITTER)
    return _full_jitter(state)


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _new_request_id() -> str:
    # The API's own form [guide], so that Allo's support finds our id where it looks for theirs.
    return "req_" + "".join(secrets.choice(_ALPHABET) for _ in range(12))
