"""Errors as they may stand in Redis and in a worker's log: without words that could name a contact."""

from typing import TypeVar

from allo_async import ApiError, UnreadableReplyError

_Error = TypeVar("_Error", bound=Exception)


def wordless(error: _Error) -> _Error:
    """Return *error* with its kind, status, code and type; what the server says or quotes beyond that is left out."""
    if isinstance(error, ApiError) and error.status is not None:
        return type(error)(
            error.type or "refused",
            status=error.status,
            code=error.code,
            type=error.type,
            request_id=error.request_id,
            retry_after=error.retry_after,
        )
    if isinstance(error, UnreadableReplyError):
        return type(error)("an answer that makes no sense", status=error.status, request_id=error.request_id)
    return error
