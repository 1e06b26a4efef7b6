"""The endpoints that change a queue other than by appending: reset, update, clear, reassign."""

from collections.abc import Callable
from typing import Any, cast

import attrs
import orjson

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.append import e164
from allo_async.sandbox.endpoint import Call, assignee
from allo_async.sandbox.envelope import refuse, refuse_fields
from allo_async.sandbox.reads import told_entry, told_queue
from allo_async.sandbox.state import SandboxEntry, SandboxQueue

_LONGEST_NAME = 255
_SETTINGS = {"voicemail_handling": {"SKIP", "NO_SKIP"}, "do_not_disturb": {"ENABLED", "DISABLED"}}
_MAY_ASSIGN = {"ADMIN", "MANAGER"}


async def reset(call: Call) -> Answer:
    """`POST /v2/api/dialing-queues/current`: a fresh, empty queue, which is the current one from now on."""
    body = _body(call)
    wrong = [] if _is_name(body.get("name"), shortest=0) else [("name", "must be a string of at most 255 characters")]
    if wrong:
        raise refuse_fields(wrong)
    queue = call.team.new_queue(assignee(call, body).id, call.key.owner_id)
    queue.name = body.get("name")
    return _told(queue)


async def update(call: Call) -> Answer:
    """`PATCH /v2/api/dialing-queues/current`: only what is given is touched; no queue is made one."""
    body = _body(call)
    wrong = [] if _is_name(body.get("name"), shortest=1) else [("name", "must be a string of 1 to 255 characters")]
    for name, values in _SETTINGS.items():
        if body.get(name) is not None and body[name] not in values:
            wrong.append((name, f"must be one of {', '.join(sorted(values))}"))
    if wrong:
        raise refuse_fields(wrong)
    queue = call.team.queue_of(assignee(call, body).id, call.key.owner_id)
    for name in ("name", *_SETTINGS):
        if body.get(name) is not None:
            setattr(queue, name, body[name])
    queue.updated_at = call.team.now()
    return _told(queue)


@attrs.frozen
class Clear:
    """`DELETE /v2/api/dialing-queues/current/numbers`: exactly one filter says which entries go.

    Attributes:
        region: How a number without a country code is read.
    """

    region: str

    async def __call__(self, call: Call) -> Answer:
        """Remove, and tell how many."""
        query = call.record.query
        user = assignee(call, query)
        matches = self._filter(query)
        queue = call.team.queues.get(user.id)
        if queue is None:
            raise refuse("DIALING_QUEUE_NOT_FOUND")
        gone = [entry for entry in queue.entries if matches(entry)]
        if not gone and "position" in query:
            raise refuse("QUEUE_NUMBER_POSITION_NOT_FOUND", details={"param": "position"})
        queue.remove(gone, call.team.now())
        return Answer(content={"data": {"removed": len(gone)}})

    def _filter(self, query: dict[str, str]) -> Callable[[SandboxEntry], bool]:
        number, position, unassigned = query.get("number"), query.get("position"), query.get("unassigned") == "true"
        if unassigned and (number is not None or position is not None):
            raise refuse("DIALING_QUEUE_DELETE_FILTER_CONFLICT")
        if unassigned:
            return lambda entry: entry.call_start_date is None
        if number is None and position is None:
            raise refuse("DIALING_QUEUE_DELETE_FILTER_REQUIRED")
        wanted = None if number is None else e164(number, self.region)
        if number is not None and wanted is None:
            raise refuse("INVALID_PHONE_NUMBER", details={"param": "number"})
        if position is not None and not position.isdecimal():
            raise refuse("VALIDATION_ERROR", details={"param": "position"})
        return lambda entry: wanted in {None, entry.number_to} and position in {None, str(entry.position)}


async def reassign(call: Call) -> Answer:
    """`PATCH /v2/api/dialing-queues/{queue_id}/assignee`: for admins and managers, while nobody calls from it."""
    body = _body(call)
    if body.get("user_id") is None and body.get("email") is None:
        raise refuse("DIALING_QUEUE_ASSIGNEE_REQUIRED")
    owner = call.team.find(user_id=call.key.owner_id)
    if owner is None or owner.role not in _MAY_ASSIGN:
        raise refuse("DIALING_QUEUE_ASSIGN_FORBIDDEN")
    queue = next((queue for queue in call.team.queues.values() if queue.id == call.path_id), None)
    if queue is None:
        raise refuse("DIALING_QUEUE_NOT_FOUND")
    to = assignee(call, body)
    if queue.session_active:
        raise refuse("DIALING_QUEUE_SESSION_ACTIVE")
    call.team.move(queue, to.id)
    return _told(queue)


def _told(queue: SandboxQueue) -> Answer:
    return Answer(content={"data": {**told_queue(queue), "numbers": [told_entry(entry) for entry in queue.entries]}})


def _body(call: Call) -> dict[str, Any]:
    try:
        parsed: object = orjson.loads(call.record.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise refuse("VALIDATION_ERROR") from error
    if not isinstance(parsed, dict):
        raise refuse("VALIDATION_ERROR", details={"param": "body"})
    return cast("dict[str, Any]", parsed)


def _is_name(value: object, *, shortest: int) -> bool:
    return value is None or (isinstance(value, str) and shortest <= len(value) <= _LONGEST_NAME)
