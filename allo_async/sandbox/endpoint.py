"""An endpoint's view of a request, and how it finds the queue that is meant."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import attrs

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.envelope import refuse
from allo_async.sandbox.ledger import RecordedRequest
from allo_async.sandbox.state import SandboxKey, SandboxUser, Team


@attrs.frozen(kw_only=True)
class Call:
    """An accepted request.

    Attributes:
        record: Its line in the ledger.
        key: Whose it is.
        team: Everything the API knows.
        body: The body's fields, of the endpoint's shape.
        query: The query's fields, of the endpoint's shape.
        path_id: The id in the path, of endpoints that have one.
        delay: Seconds on top that carrying it out takes.
    """

    record: RecordedRequest
    key: SandboxKey
    team: Team
    body: dict[str, Any]
    query: dict[str, Any]
    path_id: str = ""
    delay: float = 0.0


Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


def assignee(call: Call, named: Mapping[str, Any]) -> SandboxUser:
    """Find whose queue *named* (a body or a query) means; `user_id` wins, neither is the key's owner.

    Raises:
        Refusal: `ASSIGNEE_NOT_FOUND`.
    """
    user_id, email = named.get("user_id"), named.get("email")
    if user_id is None and email is None:
        user_id = call.key.owner_id
    user = call.team.find(user_id=user_id, email=email)
    if user is None:
        raise refuse("ASSIGNEE_NOT_FOUND")
    call.record.user_id = user.id
    return user
