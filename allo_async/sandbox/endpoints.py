"""The endpoints, each with its scope and the shapes of its body and its query."""

import itertools
import re
from typing import Any, cast

import attrs
import orjson

from allo_async.sandbox import reads, writes
from allo_async.sandbox.append import Append
from allo_async.sandbox.endpoint import Handler
from allo_async.sandbox.envelope import refuse, refuse_fields
from allo_async.sandbox.reception import Received
from allo_async.sandbox.shapes import Check, array, fields, one_of, text, whole
from allo_async.sandbox.state import DIALING_QUEUES, USERS

# A body of a million bad rows is refused with some of them.
_MOST_ERRORS = 100

_ASSIGNEE = {"user_id": text(), "email": text()}
_ROW = fields(
    {name: text() for name in ("number", "name", "last_name", "company", "website", "job_title")}
    | {name: array(text()) for name in ("emails", "addresses")},
    required="number",
)
_APPEND = fields({**_ASSIGNEE, "numbers": array(_ROW, least=1)}, required="numbers")
_RESET = fields({**_ASSIGNEE, "name": text(longest=255)})
_UPDATE = fields(
    {
        **_ASSIGNEE,
        "name": text(shortest=1, longest=255),
        "voicemail_handling": one_of("SKIP", "NO_SKIP"),
        "do_not_disturb": one_of("ENABLED", "DISABLED"),
    }
)
_PAGE = fields({**_ASSIGNEE, "page": whole(1), "size": whole(1)})
_FILTER = fields({**_ASSIGNEE, "number": text(), "position": whole(0), "unassigned": one_of("true", "false")})
_USERS = fields({"role": one_of("ADMIN", "MANAGER", "MEMBER"), "status": one_of("ACTIVE", "BLOCKED")})


@attrs.frozen
class Endpoint:
    """One call of the API.

    Attributes:
        method: The HTTP method.
        path: The path's pattern; its one group, if any, is the id in it.
        scope: The scope that the key must have, `None` for none.
        handler: Answers it.
        body: The shape of its body, `None` if it takes none.
        body_required: Whether it takes no request without a body.
        query: The shape of its query.
    """

    method: str
    path: re.Pattern[str]
    scope: str | None
    handler: Handler
    body: Check | None = attrs.field(default=None, kw_only=True)
    body_required: bool = attrs.field(default=False, kw_only=True)
    query: Check = attrs.field(default=fields({}), kw_only=True)

    def read_body(self, received: Received) -> dict[str, Any]:
        """Return the body's fields.

        Raises:
            Refusal: It is no JSON of this endpoint's shape.
        """
        raw = received.record.body
        if self.body is None or not (raw or self.body_required):
            return {}
        if raw and not received.is_json:
            raise refuse("UNSUPPORTED_MEDIA_TYPE")
        try:
            parsed: object = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise refuse("INVALID_REQUEST_BODY", details={"param": "body"}) from error
        return _checked(parsed, self.body, "body")

    def read_query(self, received: Received) -> dict[str, Any]:
        """Return the query's fields.

        Raises:
            Refusal: They are not of this endpoint's shape.
        """
        return _checked(received.record.query, self.query, "query")


def _checked(value: object, check: Check, root: str) -> dict[str, Any]:
    wrong = [
        (path.removeprefix(".") or root, message) for path, message in itertools.islice(check(value), _MOST_ERRORS)
    ]
    if wrong:
        raise refuse_fields(wrong)
    return cast("dict[str, Any]", value)


def find(endpoints: tuple[Endpoint, ...], method: str, path: str) -> tuple[Endpoint, str]:
    """Return the endpoint of *path*, and the id in it.

    Raises:
        Refusal: There is none, or it has other methods.
    """
    matches = [(endpoint, found) for endpoint in endpoints if (found := endpoint.path.fullmatch(path))]
    for endpoint, found in matches:
        if endpoint.method == method:
            return endpoint, "".join(found.groups())
    if matches:
        allowed = ", ".join(endpoint.method for endpoint, _ in matches)
        raise refuse("METHOD_NOT_ALLOWED", headers={"Allow": allowed})
    raise refuse("ENDPOINT_NOT_FOUND")


def endpoints(append: Append, clear: writes.Clear, me: reads.Me) -> tuple[Endpoint, ...]:
    """Return all that there is to call."""
    queues = "/v2/api/dialing-queues"
    current, numbers = re.compile(f"{queues}/current"), re.compile(f"{queues}/current/numbers")
    assignee = re.compile(f"{queues}/([^/]+)/assignee")
    return (
        Endpoint("POST", numbers, DIALING_QUEUES, append, body=_APPEND, body_required=True),
        Endpoint("DELETE", numbers, DIALING_QUEUES, clear, query=_FILTER),
        Endpoint("GET", current, DIALING_QUEUES, reads.current_queue, query=_PAGE),
        Endpoint("POST", current, DIALING_QUEUES, writes.reset, body=_RESET),
        Endpoint("PATCH", current, DIALING_QUEUES, writes.update, body=_UPDATE, body_required=True),
        Endpoint("PATCH", assignee, DIALING_QUEUES, writes.reassign, body=fields(_ASSIGNEE)),
        Endpoint("GET", re.compile("/v2/api/users"), USERS, reads.users, query=_USERS),
        Endpoint("GET", re.compile("/v2/api/users/([^/]+)"), USERS, reads.user),
        Endpoint("GET", re.compile("/v2/api/me"), None, me),
    )
