"""What an attempt's failure means for the request: a table, and nothing but the table."""

from enum import Enum

from allo_async import errors


class Verdict(Enum):
    """What to do with a request after a failed attempt."""

    RETRY = "nothing happened: send it again after a while"
    RESEND = "it may have happened: send the same bytes again under the same key"
    CUT = "nothing happened: it is too large as it is"
    REFUSED = "nothing happened, and trying again will not help"


# The first entry found in the error class's own order of bases decides.
_VERDICTS: dict[type[BaseException], Verdict] = {
    # Nothing usable came back.
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


def judge(error: BaseException) -> Verdict:
    """Tell what *error* means for the request that it ended."""
    for kind in type(error).__mro__:
        if kind in _VERDICTS:
            return _VERDICTS[kind]
    retryable = isinstance(error, errors.ApiError) and error.retryable is True
    return Verdict.RETRY if retryable else Verdict.REFUSED
