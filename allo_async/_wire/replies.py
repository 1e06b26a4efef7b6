"""What came back: a whole answer, and the error that it means when it is no 2xx."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import attrs

from allo_async import errors
from allo_async._wire.converter import read_model
from allo_async._wire.decoding import read_json
from allo_async._wire.hints import retry_after
from allo_async.models import FieldError

_BY_CODE: dict[str, type[errors.ApiError]] = {
    "DIALING_QUEUE_LIMIT_REACHED": errors.QueueFullError,
    "BATCH_TOO_LARGE": errors.RequestTooLargeError,
    "API_KEY_INSUFFICIENT_SCOPE": errors.InsufficientScopeError,
    "ASSIGNEE_NOT_FOUND": errors.AssigneeNotFoundError,
    "DIALING_QUEUE_APPEND_CONFLICT": errors.AppendConflictError,
    "OTHER_TRANSACTION_IN_PROGRESS": errors.TransactionInProgressError,
    "IDEMPOTENCY_KEY_REUSE": errors.IdempotencyKeyReuseError,
    "RATE_LIMIT_EXCEEDED": errors.RateLimitedError,
}

_BY_STATUS: dict[int, type[errors.ApiError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.RequestTooLargeError,
    422: errors.BadRequestError,
    429: errors.RateLimitedError,
}


# The most field errors that are kept: one for each row of the largest request.
_MOST_ERRORS = 1_000


@attrs.frozen
class Reply:
    """A complete HTTP answer.

    Attributes:
        status: The HTTP status.
        headers: The headers, found by any case.
        body: The whole body.
        request_id: The server's id of the request, or the one that was sent along.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)
    request_id: str

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the range is its own name


def api_error(reply: Reply, *, now: float) -> errors.ApiError:
    """Tell what an answer that is no 2xx means.

    Args:
        reply: The answer.
        now: The Unix time, for a `Retry-After` that is a date.
    """
    error = mapping(mapping(read_json(reply.body)).get("error"))
    code = _text(error.get("code"))
    return _error_class(code, reply.status)(
        _text(error.get("message")) or _unexplained(reply),
        status=reply.status,
        code=code,
        type=_text(error.get("type")),
        request_id=_text(error.get("request_id")) or reply.request_id,
        param=_text(error.get("param")),
        suggestion=_text(error.get("suggestion")),
        doc_url=_text(error.get("doc_url")),
        errors=tuple(read_model(mapping(item), FieldError) for item in items(error.get("errors"))[:_MOST_ERRORS]),
        retryable=error["retryable"] if isinstance(error.get("retryable"), bool) else None,
        retry_after=retry_after(error, reply.headers, status=reply.status, now=now),
    )


def _error_class(code: str | None, status: int) -> type[errors.ApiError]:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status >= 500:  # noqa: PLR2004 - the range is its own name
        return errors.ServerError
    return _BY_STATUS.get(status, errors.ApiError)


def _unexplained(reply: Reply) -> str:
    if 300 <= reply.status < 400:  # noqa: PLR2004 - the range is its own name
        return "a redirect, which is not followed: check the base URL"
    kind = reply.headers.get("Content-Type", "nothing").partition(";")[0]
    return f"an answer without the API's error envelope ({kind}, {len(reply.body)} bytes)"


def mapping(value: object) -> Mapping[str, Any]:
    """Take *value* for an object; an empty one where it is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """Take *value* for a list; an empty one where it is none."""
    return cast("list[object]", value) if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
