"""The endpoints that change a queue other than by appending: reset, update, clear, reassign."""

from collections.abc import Callable

import attrs

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.append import e164
from allo_async.sandbox.endpoint import Call, assignee
from allo_async.sandbox.envelope import refuse
from allo_async.sandbox.reads import told_entry, told_queue
from allo_async.sandbox.state import SandboxEntry, SandboxQueue

_SETTINGS = ("name", "voicemail_handling", "do_not_disturb")
_MAY_ASSIGN = {"ADMIN", "MANAGER"}


async def reset(call: Call) -> Answer:
    """`POST /v2/api/dialing-queues/current`: a fresh, empty queue, which is the current one from now on."""
    queue = call.team.new_queue(assignee(call, call.body).id, call.key.owner_id)
    queue.name = call.body.get("name")
    return _told(queue)


async def update(call: Call) -> Answer:
    """`PATCH /v2/api/dialing-queues/current`: only what is given is touched; no queue is made one."""
    queue = call.team.queue_of(assignee(call, call.body).id, call.key.owner_id)
    for name in _SETTINGS:
        if call.body.get(name) is not None:
            setattr(queue, name, call.body[name])
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
        """Remove, and say how many."""
        user = assignee(call, call.query)
        matches = self._filter(call.query)
        queue = call.team.queues.get(user.id)
        if queue is None:
            raise refuse("DIALING_QUEUE_NOT_FOUND")
        gone = [entry for entry in queue.entries if matches(entry)]
        if not gone and "position" in call.query:
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
        place = None if position is None else int(position)
        return lambda entry: wanted in {None, entry.number_to} and place in {None, entry.position}


async def reassign(call: Call) -> Answer:
    """`PATCH /v2/api/dialing-queues/{queue_id}/assignee`: for admins and managers, while nobody calls from it."""
    if call.body.get("user_id") is None and call.body.get("email") is None:
        raise refuse("DIALING_QUEUE_ASSIGNEE_REQUIRED")
    owner = call.team.find(user_id=call.key.owner_id)
    if owner is None or owner.role not in _MAY_ASSIGN:
        raise refuse("DIALING_QUEUE_ASSIGN_FORBIDDEN")
    queue = next((queue for queue in call.team.queues.values() if queue.id == call.path_id), None)
    if queue is None:
        raise refuse("DIALING_QUEUE_NOT_FOUND")
    to = assignee(call, call.body)
    if queue.session_active:
        raise refuse("DIALING_QUEUE_SESSION_ACTIVE")
    call.team.move(queue, to.id)
    return _told(queue)


def _told(queue: SandboxQueue) -> Answer:
    return Answer(content={"data": {**told_queue(queue), "numbers": [told_entry(entry) for entry in queue.entries]}})
