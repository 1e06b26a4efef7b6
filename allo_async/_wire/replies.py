"""What came back: bytes to an append's answer, or to the error that it means."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import attrs
import orjson

from allo_async import errors
from allo_async._wire.converter import read_field_error
from allo_async._wire.hints import retry_after

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

    @property
    def replayed(self) -> bool:
        """Whether this is the stored answer to an earlier request under the same key [guide]."""
        return self.headers.get("Idempotency-Replayed", "").lower() == "true"


@attrs.frozen
class AppendReply:
    """The two lists of an append's answer; an entry that has no number is left out.

    Attributes:
        added: Entries with at least a string `number_to`.
        skipped: Entries with at least a string `number`.
    """

    added: Sequence[Mapping[str, Any]]
    skipped: Sequence[Mapping[str, Any]]


def read_append(reply: Reply) -> AppendReply:
    """Read the 2xx of an append.

    Raises:
        UnreadableReplyError: It is not the JSON that the API documents.
    """
    data = _mapping(_json(reply.body)).get("data")
    if not isinstance(data, Mapping) or not {"added", "skipped"} & data.keys():
        raise errors.UnreadableReplyError(
            f"a {reply.status} that is not the answer to an append ({len(reply.body)} bytes)",
            status=reply.status,
            request_id=reply.request_id,
        )
    lists = cast("Mapping[str, Any]", data)
    return AppendReply(
        added=_entries(lists.get("added"), "number_to"), skipped=_entries(lists.get("skipped"), "number")
    )


def api_error(reply: Reply, *, now: float) -> errors.ApiError:
    """Tell what an answer that is no 2xx means.

    Args:
        reply: The answer.
        now: The Unix time, for a `Retry-After` that is a date.
    """
    error = _mapping(_mapping(_json(reply.body)).get("error"))
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
        errors=tuple(read_field_error(_mapping(item)) for item in _items(error.get("errors"))),
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


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _items(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else ()


def _entries(value: object, number_field: str) -> list[Mapping[str, Any]]:
    found = (_mapping(item) for item in _items(value))
    return [entry for entry in found if isinstance(entry.get(number_field), str)]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
