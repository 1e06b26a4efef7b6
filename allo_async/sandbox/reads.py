"""The endpoints that only read: the current queue, the users, the key itself."""

import math
from typing import Any

import attrs

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.endpoint import Call, assignee
from allo_async.sandbox.envelope import refuse
from allo_async.sandbox.state import ALL_SCOPES, DIALING_QUEUES, USERS, SandboxEntry, SandboxQueue, SandboxUser

_LARGEST_PAGE = 100
_DEFAULT_PAGE = 20

_ENDPOINTS = (
    ("GET", "/v2/api/dialing-queues/current", "List current queue numbers", DIALING_QUEUES),
    ("POST", "/v2/api/dialing-queues/current", "Reset current queue", DIALING_QUEUES),
    ("PATCH", "/v2/api/dialing-queues/current", "Upsert current queue", DIALING_QUEUES),
    ("POST", "/v2/api/dialing-queues/current/numbers", "Append numbers to queue", DIALING_QUEUES),
    ("DELETE", "/v2/api/dialing-queues/current/numbers", "Clear queue numbers", DIALING_QUEUES),
    ("PATCH", "/v2/api/dialing-queues/{queue_id}/assignee", "Reassign a queue", DIALING_QUEUES),
    ("GET", "/v2/api/users", "List users", USERS),
    ("GET", "/v2/api/users/{id}", "Get user", USERS),
)


async def current_queue(call: Call) -> Answer:
    """`GET /v2/api/dialing-queues/current`: a page of the queue's entries; no queue is an empty page."""
    page, size = int(call.query.get("page", 1)), int(call.query.get("size", _DEFAULT_PAGE))
    if size > _LARGEST_PAGE:
        raise refuse("INVALID_PAGE_SIZE", details={"param": "size"}, size=_LARGEST_PAGE)
    user = assignee(call, call.query)
    queue = call.team.queues.get(user.id)
    if queue is None:
        return Answer(content={"data": [], "pagination": _pagination(0, 0, 0)})
    shown = queue.entries[(page - 1) * size : page * size]
    return Answer(
        content={
            "data": [told_entry(entry) for entry in shown],
            "pagination": _pagination(page, size, len(queue.entries)),
            "queue": told_queue(queue),
        }
    )


async def users(call: Call) -> Answer:
    """`GET /v2/api/users`: the team, filtered by role and by status, which is ACTIVE unless told otherwise."""
    role, status = call.query.get("role"), call.query.get("status", "ACTIVE")
    found = [user for user in call.team.users if user.status == status and role in {None, user.role}]
    return Answer(content={"data": [_user(user) for user in found]})


async def user(call: Call) -> Answer:
    """`GET /v2/api/users/{id}`."""
    found = call.team.find(user_id=call.path_id)
    if found is None:
        raise refuse("USER_NOT_FOUND")
    return Answer(content={"data": _user(found)})


@attrs.frozen(kw_only=True)
class Me:
    """`GET /v2/api/me`: what the key may do, and how fast; no scope is needed."""

    read_per_second: int
    write_per_second: int

    async def __call__(self, call: Call) -> Answer:
        """Describe the key."""
        scopes = [scope for scope in ALL_SCOPES if scope in call.key.scopes]
        endpoints = [
            {"method": method, "path": path, "description": description, "scope": scope}
            for method, path, description, scope in _ENDPOINTS
            if scope in scopes
        ]
        return Answer(
            content={
                "data": {
                    "api_key_id": call.key.id,
                    "scopes": scopes,
                    "endpoints": endpoints,
                    "team": {"id": call.team.id, "name": "Acme Sales"},
                    "rate_limits": {
                        "read_per_second": self.read_per_second,
                        "write_per_second": self.write_per_second,
                    },
                }
            }
        )


def _pagination(page: int, size: int, total: int) -> dict[str, Any]:
    pages = math.ceil(total / size) if size else 0
    return {"page": page, "size": size, "total_count": total, "total_pages": pages, "has_more": page < pages}


def told_entry(entry: SandboxEntry) -> dict[str, Any]:
    """Write an entry as the API does; `call_status` only once there is one."""
    return {
        "number_to": entry.number_to,
        "position": entry.position,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
        "call_start_date": entry.call_start_date,
        "call_id": entry.call_id,
        "routing_result": entry.routing_result,
        "sync_status": "NOT_SYNCED",
    } | ({} if entry.call_status is None else {"call_status": entry.call_status})


def told_queue(queue: SandboxQueue) -> dict[str, Any]:
    """Write a queue's metadata as the API does."""
    names = (
        "id",
        "name",
        "creator_id",
        "assignee_id",
        "voicemail_handling",
        "do_not_disturb",
        "created_at",
        "updated_at",
    )
    return {name: getattr(queue, name) for name in names}


def _user(found: SandboxUser) -> dict[str, Any]:
    told = attrs.asdict(found)
    return {**told, "image_url": None}
