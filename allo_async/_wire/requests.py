"""Each endpoint's request, frozen before it is sent, and the queue that it is about."""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

import attrs
import orjson

from allo_async.display import is_whole
from allo_async.errors import ConfigurationError, InvalidTeammateError
from allo_async.models import Assignee


class _NotGiven:
    def __repr__(self) -> str:
        return "…"


#: Stands for a teammate that was not given; one given as `None` is an error.
NOT_GIVEN: Final[Any] = _NotGiven()


def teammate(*, user_id: object = NOT_GIVEN, email: object = NOT_GIVEN) -> Assignee:
    """Return the teammate that the caller named; with neither argument, the key's owner.

    Raises:
        InvalidTeammateError: A name is `None`, empty, no text, or both are given.
    """
    both = {"user_id": user_id, "email": email}
    given = {name: value for name, value in both.items() if value is not NOT_GIVEN}
    if len(given) > 1:
        raise InvalidTeammateError("give user_id or email, not both: the API would silently ignore the email")
    for name, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise InvalidTeammateError(
                f"{name} must be a teammate's, not {value!r}: the key owner's own queue is queue() without it"
            )
        if not value.isascii() and not is_whole(value):
            raise InvalidTeammateError(f"{name} holds half of a surrogate pair, which is no text")
    return Assignee(**{name: str(value).strip() for name, value in given.items()})


def one_teammate(*, user_id: str | None, email: str | None) -> Assignee:
    """Return the teammate that the caller must name, in one of the two ways.

    Raises:
        InvalidTeammateError: Neither is given, or both are, or the one is empty.
    """
    if user_id is None and email is None:
        raise InvalidTeammateError("give a teammate, by user id or by e-mail")
    return teammate(user_id=NOT_GIVEN if user_id is None else user_id, email=NOT_GIVEN if email is None else email)


def _user_segment(user_id: object) -> str:
    """Return a user id as one segment of a path.

    Raises:
        InvalidTeammateError: It would lead to another path.
    """
    checked = teammate(user_id=user_id).user_id or ""
    if checked in {".", ".."} or "/" in checked or "\\" in checked:
        raise InvalidTeammateError(f"{checked[:40]!r} is not a user id")
    return quote(checked, safe="")


_CURRENT = "/v2/api/dialing-queues/current"
_NUMBERS = f"{_CURRENT}/numbers"

_PATH_CHARACTERS = "/?&=%:@!$'()*+,;~"

_METHOD = re.compile(r"[A-Za-z]{1,20}")

#: The most entries that a page may hold [spec].
LARGEST_PAGE = 100


@attrs.frozen
class Request:
    """One HTTP request: the same bytes however often it is sent.

    Attributes:
        method: The HTTP method.
        target: The path below the base URL, with its query.
        body: The JSON body, `None` for none.
        idempotency_key: Goes out as `Idempotency-Key`, on every write; bound to the body for good.
        repeatable: Whether it may be carried out twice without harm.
    """

    method: str
    target: str
    body: bytes | None = attrs.field(default=None, repr=False)
    idempotency_key: str | None = attrs.field(default=None, repr=False)
    repeatable: bool = True

    @property
    def reads(self) -> bool:
        """Whether it counts against the limit of reads [guide]."""
        return self.method == "GET"


def any_request(
    method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None, repeatable: bool = True
) -> Request:
    """Build a request to any endpoint; a write gets a key of its own."""
    given = {name: _text(value) for name, value in (params or {}).items() if value is not None}
    # Characters that are not quoted here go into the request line as they are.
    target = quote(path, safe=_PATH_CHARACTERS) + (f"?{urlencode(given)}" if given else "")
    method = method.upper()
    body = None if json is None else orjson.dumps(json)
    key = None if method == "GET" else str(uuid.uuid4())
    return Request(method, target, body, key, repeatable)


def custom_request(method: object, path: object, *, params: object, json: object) -> Request:
    """Build a request of the caller's own, of which only a GET may be carried out twice.

    Raises:
        ConfigurationError: One of these makes no request.
    """
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise ConfigurationError(f"the method must be a word such as GET, not {method!r:.40}")
    if not isinstance(path, str) or not path.startswith("/"):
        raise ConfigurationError(f"the path must begin with a slash, not {path!r:.40}")
    if not isinstance(params, Mapping | None):
        raise ConfigurationError(f"params must be a mapping, not {type(params).__name__}")
    try:
        given = cast("Mapping[str, Any] | None", params)
        return any_request(method, path, params=given, json=json, repeatable=method.upper() == "GET")
    except TypeError as error:
        raise ConfigurationError(f"the body cannot be written as JSON: {error}") from error


def append_request(assignee: Assignee, numbers: Sequence[Mapping[str, Any]]) -> Request:
    """`appendDialingQueueNumbers` of *numbers*."""
    content = {**assignee.fields(), "numbers": numbers}
    try:
        body = orjson.dumps(content)
    except TypeError:
        # Names may be of a subclass of text, which takes longer.
        body = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    return Request("POST", _NUMBERS, body, str(uuid.uuid4()), repeatable=False)


def append_again(body: bytes, idempotency_key: str) -> Request:
    """`appendDialingQueueNumbers` as another process has sent it, or was about to."""
    return Request("POST", _NUMBERS, body, idempotency_key, repeatable=False)


def page_request(assignee: Assignee, *, page: int, size: int) -> Request:
    """`getCurrentDialingQueue`."""
    return any_request("GET", _CURRENT, params={**assignee.fields(), "page": page, "size": size})


def reset_request(assignee: Assignee, *, name: str | None) -> Request:
    """`resetCurrentDialingQueue`."""
    named = {} if name is None else {"name": name}
    return any_request("POST", _CURRENT, json={**assignee.fields(), **named})


def update_request(assignee: Assignee, settings: Mapping[str, str]) -> Request:
    """`upsertCurrentDialingQueue` of the *settings* that are to change."""
    return any_request("PATCH", _CURRENT, json={**assignee.fields(), **settings})


def clear_request(assignee: Assignee, *, number: str | None, position: int | None, unassigned: bool) -> Request:
    """`clearDialingQueueNumbers`; by position it must not be carried out twice, since the next one moves up."""
    filters = {"number": number, "position": position, "unassigned": unassigned or None}
    return any_request("DELETE", _NUMBERS, params={**assignee.fields(), **filters}, repeatable=position is None)


def reassign_request(queue_id: str, to: Assignee) -> Request:
    """Move a queue, numbers and all, to a teammate [guide]."""
    return any_request("PATCH", f"/v2/api/dialing-queues/{quote(queue_id, safe='')}/assignee", json=to.fields())


def users_request(*, role: str | None, status: str | None) -> Request:
    """`listUsers`."""
    return any_request("GET", "/v2/api/users", params={"role": role, "status": status})


def user_request(user_id: str) -> Request:
    """`getUser`."""
    return any_request("GET", f"/v2/api/users/{_user_segment(user_id)}")


def me_request() -> Request:
    """`getMe`."""
    return any_request("GET", "/v2/api/me")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
