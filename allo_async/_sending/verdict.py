"""A failed attempt: its meaning, the state of its request after it, and what idempotency keys are worth."""

from enum import Enum
from typing import Self

import attrs

from allo_async import errors
from allo_async._wire.replies import Reply
from allo_async._wire.requests import Request
from allo_async.clock import Clock

#: Seconds after its first use from which a key is not used again: the server remembers it for an hour [guide].
OLDEST_KEY = 55 * 60.0


@attrs.frozen
class Timestamp:
    """A moment by both clocks: the monotonic one stands still while a machine sleeps, the other one can be set back.

    Attributes:
        time: The Unix time.
        monotonic: The monotonic time, `None` for a moment of another process.
    """

    time: float
    monotonic: float | None = None

    @classmethod
    def now(cls, clock: Clock) -> Self:
        """Return the present moment."""
        return cls(clock.time(), clock.monotonic())

    def seconds_ago(self, clock: Clock) -> float:
        """Return how long ago it was, by the clock that says more."""
        by_wall = clock.time() - self.time
        return by_wall if self.monotonic is None else max(by_wall, clock.monotonic() - self.monotonic)


@attrs.define
class IdempotencySupport:
    """Whether a server honours keys, as far as its replies to writes have shown; it echoes what it honours [guide].

    Attributes:
        honoured: Whether it was seen to.
        ignored: Whether it was seen not to.
    """

    honoured: bool = False
    ignored: bool = False

    def note(self, request: Request, reply: Reply) -> None:
        """Learn from *reply*; a refusal without the echo may be a proxy's, and shows nothing."""
        if request.idempotency_key is None:
            return
        echoed = reply.headers.get("Idempotency-Key") == request.idempotency_key
        if echoed or reply.ok:
            self.honoured, self.ignored = echoed, not echoed


class Verdict(Enum):
    """The next step for a request after a failed attempt."""

    RETRY = "nothing happened: send it again after a while"
    RESEND = "it may have happened: send the same bytes again under the same key"
    CUT = "nothing happened: it is too large as it is"
    REFUSED = "nothing happened, and trying again will not help"


# The first entry found in the error class's own order of bases decides.
_VERDICTS: dict[type[BaseException], Verdict] = {
    # Nothing usable came back.
    errors.UnreachableError: Verdict.REFUSED,
    errors.ConnectionFailedError: Verdict.RETRY,
    errors.ConnectionLostError: Verdict.RESEND,
    errors.AttemptTimeoutError: Verdict.RESEND,
    errors.UnreadableReplyError: Verdict.RESEND,
    # The API said no. A conflict's own `retryable: false` is wrong: the retry succeeds [spec, suggestion].
    errors.AppendConflictError: Verdict.RETRY,
    errors.TransactionInProgressError: Verdict.RETRY,
    errors.RateLimitedError: Verdict.RETRY,
    errors.IdempotencyKeyReuseError: Verdict.REFUSED,
    errors.RequestTooLargeError: Verdict.CUT,
    errors.QueueFullError: Verdict.CUT,
    errors.ServerError: Verdict.RESEND,
}


# Statuses below 500 with which a gateway gives up on a server that may still be at work.
_GAVE_UP = {408, 460, 499}


def _gave_up(error: errors.ApiError) -> bool:
    return error.code is None and (isinstance(error, errors.ServerError) or error.status in _GAVE_UP)


def judge(error: BaseException) -> Verdict:
    """Return what to do with a request after *error*."""
    for kind in type(error).__mro__:
        if kind in _VERDICTS:
            return _VERDICTS[kind]
    if not isinstance(error, errors.ApiError):
        return Verdict.REFUSED
    if _gave_up(error):
        return Verdict.RESEND
    return Verdict.RETRY if error.retryable is True else Verdict.REFUSED


def in_brief(error: BaseException) -> str:
    """Return *error* in words that name nobody: the words of the server may."""
    if not isinstance(error, errors.ApiError) or error.status is None:
        return str(error)
    code = error.code if error.code is not None and error.code.isidentifier() else None
    request = f"(request {error.request_id})" if error.request_id else None
    return " ".join(filter(None, (str(error.status), code, request)))


class Ending(Enum):
    """How an attempt ended that brought no answer, by what that shows."""

    UNSENT = "it never left"
    REFUSED = "the API said no, in its own words"
    FAILED = "the API failed, in its own words"
    NOT_BY_THE_API = "the answer lacks the API's envelope: a gateway's, which may hide that the API has acted"
    GATEWAY_GAVE_UP = "likewise, and the API may still be at work behind it"
    UNREADABLE = "an answer came, but makes no sense"
    LOST = "it left, and no answer came"


def ending_of(error: errors.AlloError, *, left: bool) -> Ending:
    """Return how an attempt ended with *error*; *left* says whether bytes of it had left."""
    if isinstance(error, errors.ApiError):
        if error.code is None:
            return Ending.GATEWAY_GAVE_UP if _gave_up(error) else Ending.NOT_BY_THE_API
        return Ending.FAILED if judge(error) is Verdict.RESEND else Ending.REFUSED
    if isinstance(error, errors.UnreadableReplyError):
        return Ending.UNREADABLE
    return Ending.LOST if left or judge(error) is Verdict.RESEND else Ending.UNSENT


class Stage(Enum):
    """Where a request stands."""

    NOT_SENT = "no byte of it has left"
    LEAVING = "bytes of an attempt have left, and its end is not known yet"
    REFUSED = "no attempt was carried out"
    UNCLEAR = "an attempt may have been carried out"
    SETTLED = "its answer is known"


@attrs.frozen
class _Transition:
    """The change of a request's state by an ending.

    Attributes:
        stage: The stage that follows, unless an earlier attempt is unclear.
        key_kept: Whether the same bytes under the same key would be answered by what was carried out: neither a 4xx
            nor a 5xx consumes the key [guide].
        may_arrive: Whether the attempt may be carried out later, where a look finds nothing yet.
    """

    stage: Stage
    key_kept: bool = True
    may_arrive: bool = False


_TRANSITIONS = {
    Ending.UNSENT: _Transition(Stage.NOT_SENT),
    Ending.REFUSED: _Transition(Stage.REFUSED),
    Ending.FAILED: _Transition(Stage.UNCLEAR, key_kept=False),
    Ending.NOT_BY_THE_API: _Transition(Stage.UNCLEAR, key_kept=False),
    Ending.GATEWAY_GAVE_UP: _Transition(Stage.UNCLEAR, key_kept=False, may_arrive=True),
    Ending.UNREADABLE: _Transition(Stage.UNCLEAR),
    Ending.LOST: _Transition(Stage.UNCLEAR, may_arrive=True),
}


@attrs.frozen
class RequestState:
    """The known part of a request's fate after some of its attempts.

    Attributes:
        stage: Where it stands.
        unclear_since: When the first attempt began of those that ended unclear and are not settled by a look.
        may_arrive_since: When the first attempt began of those that may be carried out later.
        key_kept: Whether a replay would return a lost reply, as far as the endings show.
        looked: Whether a look found the request not carried out. An attempt may still be on its way then.
    """

    stage: Stage = Stage.NOT_SENT
    unclear_since: Timestamp | None = None
    may_arrive_since: Timestamp | None = None
    key_kept: bool = True
    looked: bool = False

    def after(self, ending: Ending, began: Timestamp | None) -> "RequestState":
        """Return the state after an attempt, *began* then, that ended with *ending*."""
        transition = _TRANSITIONS[ending]
        unclear_since = self.unclear_since or (began if transition.stage is Stage.UNCLEAR else None)
        return attrs.evolve(
            self,
            stage=Stage.UNCLEAR if unclear_since is not None else transition.stage,
            unclear_since=unclear_since,
            may_arrive_since=self.may_arrive_since or (began if transition.may_arrive else None),
            key_kept=self.key_kept and transition.key_kept,
        )

    def doubted(self, since: Timestamp | None) -> "RequestState":
        """Return the state in which an attempt from *since* on may have been carried out."""
        unclear_since = self.unclear_since or since
        return attrs.evolve(self, stage=Stage.UNCLEAR, unclear_since=unclear_since) if unclear_since else self

    def refused(self, *, looked: bool = False) -> "RequestState":
        """Return the state in which no attempt was carried out yet, as a look has shown if *looked*."""
        return attrs.evolve(self, stage=Stage.REFUSED, unclear_since=None, key_kept=True, looked=self.looked or looked)
