"""The API's refusals: every documented error code with its status, and the envelope it comes in."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import attrs

from allo_async.sandbox.answers import Answer

_NAMES = {status.value: status.name for status in HTTPStatus}

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    429: "rate_limit_error",
}


@attrs.frozen
class _Known:
    status: int
    message: str
    retryable: bool = False
    suggestion: str | None = None


_TEAMMATES = (
    "List your teammates with GET /v2/api/users and use one of their ids as 'user_id', or pass a team-member email."
)

# `retryable: false` on the append conflict is the API's own word, although its suggestion is to retry.
KNOWN = {
    "UNAUTHORIZED": _Known(401, "An API key is required."),
    "API_KEY_INVALID": _Known(401, "The API key is not valid."),
    "API_KEY_REVOKED": _Known(401, "The API key has been revoked."),
    "API_KEY_INSUFFICIENT_SCOPE": _Known(403, "The API key lacks the scope this endpoint needs."),
    "API_KEY_TRIAL_NOT_ALLOWED": _Known(403, "This endpoint is not available during a trial."),
    "ENDPOINT_NOT_FOUND": _Known(
        404, "There is no such endpoint.", suggestion="List the endpoints of your key with GET /v2/api/me."
    ),
    "METHOD_NOT_ALLOWED": _Known(405, "This endpoint does not take this method."),
    "BAD_REQUEST": _Known(400, "The request cannot be read."),
    "INVALID_REQUEST_BODY": _Known(400, "The body is missing, or is not JSON in UTF-8."),
    "UNSUPPORTED_MEDIA_TYPE": _Known(
        415, "The body must be JSON.", suggestion="Send it with the header 'Content-Type: application/json'."
    ),
    "PAYLOAD_TOO_LARGE": _Known(413, "A body may have at most {megabytes} MB."),
    "USER_NOT_FOUND": _Known(404, "User not found."),
    "ASSIGNEE_NOT_FOUND": _Known(
        404, "No team member found for the provided 'user_id' or 'email'.", suggestion=_TEAMMATES
    ),
    "DIALING_QUEUE_NOT_FOUND": _Known(
        404,
        "No dialing queue found for the authenticated user.",
        suggestion="Create a queue by appending numbers with POST /v2/api/dialing-queues/current/numbers.",
    ),
    "QUEUE_NUMBER_POSITION_NOT_FOUND": _Known(
        404,
        "No queue number found at that position.",
        suggestion="Fetch the current queue with GET /v2/api/dialing-queues/current to see existing positions.",
    ),
    "DIALING_QUEUE_DELETE_FILTER_REQUIRED": _Known(
        400,
        "Provide at least one of 'number', 'position', or 'unassigned=true' to clear queue numbers.",
        suggestion="Add 'number', 'position', or 'unassigned=true' as a query parameter.",
    ),
    "DIALING_QUEUE_DELETE_FILTER_CONFLICT": _Known(
        400,
        "'unassigned=true' cannot be combined with 'number' or 'position'.",
        suggestion="Use 'unassigned=true' alone, or remove it and rely on 'number'/'position'.",
    ),
    "INVALID_PHONE_NUMBER": _Known(
        400,
        "The phone number is not a valid E.164 number.",
        suggestion="Provide a valid E.164 phone number (e.g., +33612345678).",
    ),
    "DIALING_QUEUE_ASSIGNEE_REQUIRED": _Known(400, "Provide 'user_id' or 'email'."),
    "DIALING_QUEUE_ASSIGN_FORBIDDEN": _Known(403, "Only admins and managers may assign queues."),
    "DIALING_QUEUE_SESSION_ACTIVE": _Known(409, "The queue is being called right now."),
    "VALIDATION_ERROR": _Known(400, "The request is not valid."),
    "INVALID_PAGE_SIZE": _Known(400, "A page holds at most {size} numbers."),
    "DIALING_QUEUE_LIMIT_REACHED": _Known(400, "The dialing queue cannot exceed {capacity:,} numbers."),
    "DIALING_QUEUE_APPEND_CONFLICT": _Known(
        409,
        "A concurrent append to this queue caused a position conflict.",
        suggestion="Retry the request — the conflict resolves on the next attempt.",
    ),
    "OTHER_TRANSACTION_IN_PROGRESS": _Known(
        409,
        "Another request with this idempotency key is being processed.",
        retryable=True,
        suggestion="Wait a moment and retry with the same key.",
    ),
    "IDEMPOTENCY_KEY_REUSE": _Known(
        409,
        "This idempotency key was used on another endpoint.",
        suggestion="Use a new key for every distinct request.",
    ),
    "BATCH_TOO_LARGE": _Known(413, "One request may hold at most {rows} numbers."),
    "RATE_LIMIT_EXCEEDED": _Known(429, "Too many requests.", retryable=True),
    "INTERNAL_SERVER_ERROR": _Known(500, "Something went wrong.", retryable=True),
}


@attrs.define(eq=False)
class Refusal(Exception):  # noqa: N818 - it is the API's answer, not a failure of this server.
    """A request the API says no to; raised anywhere before the commit, answered in the envelope.

    Attributes:
        status: The HTTP status.
        code: The error code.
        message: One sentence for people.
        retryable: The envelope's own advice, true or not.
        fields: Further fields of the envelope, which win over those above.
        headers: Headers beyond those every answer carries.
    """

    status: int
    code: str
    message: str
    retryable: bool
    fields: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])

    def answer(self) -> Answer:
        """The refusal in the error envelope, all but its request id."""
        error: dict[str, Any] = {
            "type": _type_of(self.status),
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "doc_url": f"https://example.com/errors/{self.code}",
            **self.fields,
        }
        return Answer(status=self.status, content={"error": error}, headers=self.headers)


def refuse(
    code: str, *, headers: Mapping[str, str] | None = None, details: Mapping[str, Any] | None = None, **values: int
) -> Refusal:
    """The refusal documented as *code*; *values* fill its message, *details* add to its envelope."""
    known = KNOWN[code]
    fields = {} if known.suggestion is None else {"suggestion": known.suggestion}
    return Refusal(
        known.status,
        code,
        known.message.format(**values),
        known.retryable,
        fields | dict(details or {}),
        headers or {},
    )


def refuse_fields(wrong: Sequence[tuple[str, str]]) -> Refusal:
    """The refusal of a request whose fields are *wrong*, each with what is wrong in words."""
    errors = [{"field": field, "code": "INVALID", "message": message} for field, message in wrong]
    return refuse("VALIDATION_ERROR", details={"errors": errors, "param": wrong[0][0]})


def refuse_with_status(
    status: int, code: str | None, message: str | None, *, retryable: bool | None, fields: Mapping[str, Any]
) -> Refusal:
    """A refusal with any status and code; what is None is what the API would most likely say.

    Args:
        status: The HTTP status.
        code: The error code, by default the status' own name, such as `BAD_GATEWAY`.
        message: One sentence for people.
        retryable: By default true for 429 and 5xx only, or as documented for a documented code.
        fields: Further fields of the envelope.
    """
    code = code or _code_of(status)
    known = KNOWN.get(code)
    if retryable is None:
        retryable = (status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500) if known is None else known.retryable  # noqa: PLR2004
    return Refusal(status, code, message or f"The sandbox was told to answer {status}.", retryable, fields)


def _code_of(status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "RATE_LIMIT_EXCEEDED"
    return _NAMES.get(status, f"HTTP_{status}")


def _type_of(status: int) -> str:
    return _TYPES.get(status, "server_error" if status >= 500 else "validation_error")  # noqa: PLR2004
