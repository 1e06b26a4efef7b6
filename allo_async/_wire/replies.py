"""A reply: its JSON, read strictly first and leniently next, and the error that it means when it is no 2xx."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

import attrs
import cattrs
import orjson

from allo_async import errors
from allo_async._wire.hints import retry_after
from allo_async.models import AddedNumber, FieldError, QueueNumber

#: Found around the JSON of proxies and of servers that write a byte order mark.
PADDING = "\ufeff\0 \t\r\n"

# JSON may spell half of a pair of surrogates, which no file, terminal or database takes.
_HALF_PAIR = re.compile("[\ud800-\udfff]")

# orjson reads lists in lists to a depth of 1,024, but writes no more than 254, and a journal adds some of its own.
_DEEPEST = 100

# Text that orjson does not take is read in Python, which takes half a second a megabyte.
_LARGEST_ODD = 2**20

# A number with more digits is no integer of 64 bits.
_MOST_DIGITS = 18


def read_json(body: bytes) -> Any:
    """Return the content of *body*, `None` if it is no JSON.

    Anything in the result can be written again as UTF-8 and as JSON: half a pair of surrogates and bytes of another
    encoding become U+FFFD, an integer above 64 bits a float, a number that is none and what is nested too deep `None`.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = _read_leniently(body) if len(body) <= _LARGEST_ODD else None
    try:
        orjson.dumps(content)
    except orjson.JSONEncodeError:
        return _pruned(content, _DEEPEST) if len(body) <= _LARGEST_ODD else None
    return content


def _read_leniently(body: bytes) -> Any:
    text = body.decode(json.detect_encoding(body), "replace").strip(PADDING)
    try:
        found = json.loads(text, strict=False, parse_int=_number, parse_float=_number, parse_constant=lambda _: None)
        # Half a pair may stand in any key or value. The text has them all in one place.
        return orjson.loads(_HALF_PAIR.sub("\ufffd", json.dumps(found, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None


def _pruned(content: Any, depth: int) -> Any:
    if not depth and isinstance(content, dict | list):
        return None
    if isinstance(content, dict):
        entries = cast("dict[str, Any]", content)
        return {name: _pruned(value, depth - 1) for name, value in entries.items()}
    if isinstance(content, list):
        return [_pruned(value, depth - 1) for value in cast("list[object]", content)]
    return content


def _number(text: str) -> int | float | None:
    if len(text) <= _MOST_DIGITS and text.lstrip("-").isdigit():
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None


_CONVERTER = cattrs.Converter()

_Model = TypeVar("_Model")


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        # cattrs would turn a 5 into "5"; a value of another type is kept as it came instead.
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return structure


@cache
def _field_hooks(model: Any) -> dict[str, Callable[[Any], Any]]:
    def reader(kind: Any) -> Callable[[Any], Any]:
        hook = _CONVERTER.get_structure_hook(kind)
        return lambda value: hook(value, kind)

    return {field.name: reader(field.type) for field in attrs.fields(model) if field.name != "extra"}


def _read(raw: Mapping[str, Any], model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split *raw* into the fields that *model* knows and can hold, and all the rest."""
    hooks = _field_hooks(model)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            known[name] = hooks[name](value)
        except (KeyError, TypeError, ValueError, cattrs.BaseValidationError):
            extra[name] = value
    return known, extra


def _structure(raw: Any, model: type[Any]) -> Any:
    if not isinstance(raw, Mapping):
        raise TypeError(f"expected an object, got {type(raw).__name__}")
    known, extra = _read(cast("Mapping[str, Any]", raw), model)
    if "extra" in attrs.fields_dict(model):
        known["extra"] = extra
    return model(**known)


for _kind in (str, int, bool):
    _CONVERTER.register_structure_hook(_kind, _exactly(_kind))
_CONVERTER.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_CONVERTER.register_structure_hook_func(attrs.has, _structure)


def read_model(raw: Any, model: type[_Model]) -> _Model:
    """Read *raw* as a *model*; what the model does not know goes into its `extra`.

    Raises:
        TypeError: *raw* is no object, or lacks a field that the model cannot be without.
    """
    return _CONVERTER.structure(raw, model)


def read_added_number(raw: Mapping[str, Any], index: int, detail: str | None = None) -> AddedNumber:
    """Read an entry of a reply's `added`; *raw* has a `number_to`, and whatever else the API sends."""
    known, extra = _read(raw, QueueNumber)
    return AddedNumber(index=index, detail=detail, extra=extra, **known)


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

# The server chooses how much it says. So many characters of each text are kept, before anything reads them.
_LONGEST_TEXT = 500


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
    """Return what an answer that is no 2xx means.

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
        errors=tuple(map(_field_error, items(error.get("errors"))[:_MOST_ERRORS])),
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


def unreadable(reply: Reply, what: str) -> errors.UnreadableReplyError:
    """Return the error of a 2xx that is not the answer to *what* was asked."""
    return errors.UnreadableReplyError(
        f"a {reply.status} that is not the answer to a {what} request ({len(reply.body)} bytes)",
        status=reply.status,
        request_id=reply.request_id,
    )


def mapping(value: object) -> Mapping[str, Any]:
    """Take *value* for an object; an empty one where it is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """Take *value* for a list; an empty one where it is none."""
    return cast("list[object]", value) if isinstance(value, list) else ()


def _field_error(item: object) -> FieldError:
    return read_model({name: _text(value) for name, value in mapping(item).items()}, FieldError)


def _text(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
