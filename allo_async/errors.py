"""Everything that this library raises.

```
AlloError                         .result: the fate of every row, on whatever an append raises
├── ConfigurationError            we refuse to start
│   ├── MissingApiKeyError
│   └── InsecureUrlError
├── InvalidTeammateError          we refuse to send: a teammate given as None or ""
├── InvalidRegionError            we refuse to send: not an ISO 3166 region
├── RowSourceError                the iterable of rows raised
├── CallbackError                 the caller's `on_progress` raised
├── SuppressionError              the suppression list failed; nothing is sent unchecked
├── JournalError                  the journal cannot be written or read; nothing is sent that is not in it
│   ├── JournalBusyError              another process loads with it
│   └── InputChangedError             the input is not what it was when the load began, with .index
├── CoordinationLostError         other processes cannot be reached, and `on_coordination_loss` is "raise"
├── ClientClosedError             the client was closed
├── DeadlineExceededError         the whole call ran out of time
├── TransportError                nothing usable came back
│   ├── ConnectionFailedError         nothing was sent
│   │   └── UnreachableError              no such host, a bad certificate, a proxy's login: not tried again
│   ├── ConnectionLostError           it broke after sending began
│   ├── AttemptTimeoutError           no reply within `timeout`
│   └── UnreadableReplyError          a reply that makes no sense
│       └── ReplyTooLargeError
└── ApiError                      the API refused the request
    ├── BadRequestError               400, 422
    │   └── QueueFullError                DIALING_QUEUE_LIMIT_REACHED
    ├── AuthenticationError           401
    ├── PermissionDeniedError         403
    │   └── InsufficientScopeError        API_KEY_INSUFFICIENT_SCOPE
    ├── NotFoundError                 404
    │   └── AssigneeNotFoundError         ASSIGNEE_NOT_FOUND
    ├── ConflictError                 409
    │   ├── AppendConflictError           DIALING_QUEUE_APPEND_CONFLICT
    │   ├── TransactionInProgressError    OTHER_TRANSACTION_IN_PROGRESS
    │   └── IdempotencyKeyReuseError      IDEMPOTENCY_KEY_REUSE
    ├── RequestTooLargeError          413, BATCH_TOO_LARGE
    ├── RateLimitedError              429, with .retry_after
    │   └── RateLimitWaitError            it lasts longer than the call may wait; refused here, without a status
    └── ServerError                   5xx
```

All of them pickle, have causes without frames, and print no API key, login, phone number or control character. Names
that the server quotes in its own words stay.
"""

from typing import Any

from allo_async.display import field_errors, identifier, shown
from allo_async.models import AppendResult, FieldError


class AlloError(Exception):
    """The root of everything that this library raises."""

    _result: AppendResult | None = None

    @property
    def result(self) -> AppendResult:
        """The fate of every row taken from the input; empty if nothing was taken."""
        return self._result if self._result is not None else AppendResult()

    @result.setter
    def result(self, result: AppendResult) -> None:
        self._result = result

    def __str__(self) -> str:
        told = shown(self._describe(), 6_000)
        return f"{told} [{self._result.summary()}]" if self._result is not None else told

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def _describe(self) -> str:
        return super().__str__()

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way back calls __init__ with args alone, which keyword-only arguments do not survive.
        return _revive, (type(self), self.args, self.__dict__)


def _revive(kind: type[AlloError], args: tuple[object, ...], state: dict[str, object]) -> AlloError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(AlloError, ValueError):
    """A setting that the client cannot start with."""


class MissingApiKeyError(ConfigurationError):
    """No API key: neither the argument nor `ALLO_API_KEY`."""


class InsecureUrlError(ConfigurationError):
    """A base URL over which the API key would travel in the clear."""


class InvalidTeammateError(AlloError, ValueError):
    """A teammate given as `None`, as an empty string, or twice; never replaced by the key owner."""


class InvalidRegionError(AlloError, ValueError):
    """A `region` that is not an ISO 3166 code of two letters known to phonenumbers, e.g. `FR`."""


class RowSourceError(AlloError):
    """The caller's iterable raised; `__cause__` is its exception, and `result` has the rows before it."""


class CallbackError(AlloError):
    """The caller's `on_progress` raised, with `__cause__`; the load ended in order, and `result` has every row."""


class SuppressionError(AlloError):
    """The suppression list or function failed, with `__cause__`; no row was sent unchecked, `result` has them all."""


class JournalError(AlloError):
    """The journal cannot be used: not to be written or read, damaged, of another version, or of another load.

    Attributes:
        term: If the load was begun on other terms, which one differs: `server`, `queue` or `region`.
    """

    term: str | None = None


class JournalBusyError(JournalError):
    """Another process works with the journal, or the load is under way already."""


class InputChangedError(JournalError):
    """The input of a load that is taken up again is not what it was when the load began.

    Attributes:
        index: The first row that is another one, is missing or is new.
    """

    def __init__(self, message: str, *, index: int) -> None:
        super().__init__(message)
        self.index = index


class CoordinationLostError(AlloError):
    """The key's file or Redis does not answer, and `on_coordination_loss` is `"raise"`."""


class ClientClosedError(AlloError):
    """The client was closed before or during the call."""


class DeadlineExceededError(AlloError, TimeoutError):
    """The call's `deadline` passed."""


class TransportError(AlloError):
    """No usable reply came back.

    Attributes:
        request_id: The id that this client sent as `X-Request-Id`, for asking Allo about the request.
    """

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = identifier(request_id)

    def _describe(self) -> str:
        told = super()._describe()
        return f"{told} (request {self.request_id})" if self.request_id else told


class ConnectionFailedError(TransportError, ConnectionError):
    """No connection could be made, or it broke before the request left: nothing was sent."""


class UnreachableError(ConnectionFailedError):
    """There is no such host, its certificate is not valid, or the proxy wants a login: it was not tried again."""


class ConnectionLostError(TransportError, ConnectionError):
    """The connection broke after sending had begun: the server may have acted."""


class AttemptTimeoutError(TransportError, TimeoutError):
    """No reply within `timeout`: the server may have acted."""


class UnreadableReplyError(TransportError):
    """A reply that the API does not document: the server may have acted.

    Attributes:
        status: The HTTP status of the reply, 0 if that could not be read either.
    """

    def __init__(self, message: str, *, status: int, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.status = status


class ReplyTooLargeError(UnreadableReplyError):
    """A reply above `max_reply_bytes`."""


class ApiError(AlloError):
    """The API refused the request.

    Attributes:
        status: The HTTP status; `None` if the client refused the request itself.
        code: The API's error code, e.g. `ASSIGNEE_NOT_FOUND`; `None` if the reply had no error envelope.
        message: The API's own words.
        type: The family, e.g. `validation_error`.
        request_id: The request, for asking Allo about it.
        param: The parameter that the API blames.
        suggestion: The API's own suggestion.
        doc_url: The page that documents the error.
        errors: The faults, field by field.
        retryable: The API's own claim; known to be wrong for append conflicts.
        retry_after: Seconds to wait before the next request on this key, if the API says so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None,
        code: str | None = None,
        type: str | None = None,  # noqa: A002 - the API's own word
        request_id: str | None = None,
        param: str | None = None,
        suggestion: str | None = None,
        doc_url: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retryable: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.type = status, code, type
        self.message = message
        self.request_id = identifier(request_id)
        self.param = param
        self.suggestion = suggestion
        self.doc_url = doc_url
        self.errors = errors
        self.retryable, self.retry_after = retryable, retry_after

    def _describe(self) -> str:
        head = " ".join(filter(None, (str(self.status or ""), shown(self.code or ""))))
        retry = f"retry after {self.retry_after:g} s" if self.retry_after is not None else None
        request = f"request {self.request_id}" if self.request_id else None
        told = " | ".join(filter(None, (field_errors(self.errors), shown(self.suggestion or ""), retry, request)))
        return (f"{head}: " if head else "") + shown(self.message, 2_000) + (f" ({told})" if told else "")


class BadRequestError(ApiError):
    """400 or 422: the API found the request's content wrong."""


class QueueFullError(BadRequestError):
    """The queue cannot hold more: 1,000 numbers in all, including those that others put there."""


class AuthenticationError(ApiError):
    """401: the key is missing, unknown or revoked."""


class PermissionDeniedError(ApiError):
    """403: the key may not do this."""


class InsufficientScopeError(PermissionDeniedError):
    """The key lacks a scope, e.g. `DIALING_QUEUE_READ_WRITE`."""


class NotFoundError(ApiError):
    """404: there is no such thing."""


class AssigneeNotFoundError(NotFoundError):
    """No teammate has that id or e-mail address."""


class ConflictError(ApiError):
    """409: another request was under way on the server at the same time."""


class AppendConflictError(ConflictError):
    """Another append to the same queue came in between; nothing was added."""


class TransactionInProgressError(ConflictError):
    """Another transaction is in progress; nothing was added."""


class IdempotencyKeyReuseError(ConflictError):
    """The idempotency key was used on another endpoint; retrying is of no use."""


class RequestTooLargeError(ApiError):
    """The request is larger than the server takes, even with a single row in it."""


class RateLimitedError(ApiError):
    """429: the key's rate limit is used up; `retry_after` says for how many seconds."""


class RateLimitWaitError(RateLimitedError):
    """The rate limit lasts longer than `max_rate_limit_wait` or the deadline allow: nothing was sent."""


class ServerError(ApiError):
    """5xx: the server failed, and may have acted before it did."""
