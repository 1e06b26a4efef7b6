"""The retry loop: one delivery, until it is settled or given up."""

import logging
import random
import secrets
import string
from collections.abc import Callable
from typing import TypeVar

import attrs
import tenacity

from allo_async._sending.pacing import Paces
from allo_async._sending.transport import Transport
from allo_async._sending.verdict import Verdict, judge
from allo_async._wire.replies import Reply, api_error
from allo_async._wire.requests import Request
from allo_async.clock import Clock
from allo_async.errors import AlloError, ApiError, RateLimitedError, ServerError

_log = logging.getLogger(__name__)

_FIRST_BACKOFF = 0.05
_LONGEST_BACKOFF = 5.0

# Those who wait out one rate limit do not all come back in the same millisecond.
_WAKING_JITTER = 0.05

_Answer = TypeVar("_Answer")

_ALPHABET = string.ascii_letters + string.digits


@attrs.define
class Delivery:
    """One request on its way, and what is known of it whatever ends the way, a cancellation included.

    Attributes:
        request: What is sent, attempt after attempt.
        attempts: How many attempts began.
        exposed: Whether the present attempt's bytes began to leave.
        unclear: Whether an earlier attempt ended without telling whether it was carried out.
    """

    request: Request
    attempts: int = 0
    exposed: bool = False
    unclear: bool = False

    @property
    def in_doubt(self) -> bool:
        """Whether the server may have carried the request out without our knowing."""
        return self.exposed or self.unclear

    def expose(self) -> None:
        """Note that the first byte leaves."""
        self.exposed = True

    def worth_a_retry(self, error: BaseException) -> bool:
        """Tell whether *error* leaves something to be gained by another attempt, and no harm to be done."""
        if isinstance(error, ServerError) and not self.request.resend_after_5xx:
            return False
        return isinstance(error, AlloError) and judge(error) in {Verdict.RETRY, Verdict.RESEND}

    def failed(self, error: AlloError) -> None:
        """Note how the present attempt ended."""
        unanswered = self.exposed and not isinstance(error, ApiError)
        self.unclear = self.unclear or unanswered or judge(error) is Verdict.RESEND
        self.exposed = False


class Sender:
    """Sends deliveries at the key's pace and tries again what may be tried again.

    Args:
        transport: Carries an attempt.
        paces: Let an attempt go.
        clock: Measures and waits.
        retry_budget: Seconds from a delivery's first failure within which a retry may begin.
    """

    def __init__(self, transport: Transport, paces: Paces, *, clock: Clock, retry_budget: float) -> None:
        self._transport = transport
        self._paces = paces
        self._clock = clock
        self._retry_budget = retry_budget

    async def send(
        self, delivery: Delivery, read: Callable[[Reply], _Answer], *, give_up_at: float | None = None
    ) -> _Answer:
        """Send *delivery* until the server has settled it.

        Args:
            delivery: Tells afterwards, however this ends, whether it is in doubt.
            read: Reads a 2xx.
            give_up_at: The moment of the clock after which no retry begins.

        Raises:
            AlloError: The last attempt's failure: it was definite, or the budget or *give_up_at* left no time.
        """
        retrying = tenacity.AsyncRetrying(
            sleep=self._clock.sleep,
            retry=tenacity.retry_if_exception(delivery.worth_a_retry),
            wait=_wait,
            stop=_Until(self._clock, self._retry_budget, give_up_at),
            before_sleep=_log_retry,
            reraise=True,
        )
        return await retrying(self._attempt, delivery, read)

    async def _attempt(self, delivery: Delivery, read: Callable[[Reply], _Answer]) -> _Answer:
        await self._paces.of(delivery.request).admit()
        delivery.attempts += 1
        try:
            reply = await self._transport.exchange(
                delivery.request, request_id=_new_request_id(), on_send=delivery.expose
            )
            if not reply.ok:
                raise api_error(reply, now=self._clock.time())
            return read(reply)
        except AlloError as error:
            delivery.failed(error)
            if isinstance(error, RateLimitedError) and error.retry_after is not None:
                self._paces.hold(error.retry_after)
            raise


class _Until:
    """A tenacity stop: true when the coming wait would end too late.

    Tenacity's own `stop_before_delay` does so on the machine's clock, from the first attempt's beginning.
    """

    def __init__(self, clock: Clock, budget: float, give_up_at: float | None) -> None:
        self._clock = clock
        self._budget = budget
        self._give_up_at = give_up_at
        self._first_failure: float | None = None

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        now = self._clock.monotonic()
        if self._first_failure is None:
            self._first_failure = now
        resumes = now + state.upcoming_sleep
        too_late = self._give_up_at is not None and resumes > self._give_up_at
        return too_late or resumes > self._first_failure + self._budget


_full_jitter = tenacity.wait_random_exponential(multiplier=_FIRST_BACKOFF, max=_LONGEST_BACKOFF)


def _wait(state: tenacity.RetryCallState) -> float:
    error = _failure(state)
    if isinstance(error, ApiError) and error.retry_after is not None:
        return error.retry_after + random.uniform(0, _WAKING_JITTER)
    return _full_jitter(state)


def _log_retry(state: tenacity.RetryCallState) -> None:
    _log.warning(
        "attempt %d failed, trying again in %.2f s: %s",
        state.attempt_number,
        state.upcoming_sleep,
        _failure(state),
    )


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _new_request_id() -> str:
    # The API's own form [guide], so that Allo's support finds our id where it looks for theirs.
    return "req_" + "".join(secrets.choice(_ALPHABET) for _ in range(12))
