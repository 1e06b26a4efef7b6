"""Faults of a request, as values that a test scripts: refusals, lost replies, strange replies.

Each factory returns a `Fault` for `Sandbox.script`. A fault strikes after authentication, limits and scopes, where the
request would be carried out; those with *commit* let it be carried out first.
"""

import copy
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, Literal, TypeAlias

import attrs
import orjson

from allo_async.sandbox.answers import Answer, JsonObject
from allo_async.sandbox.envelope import KNOWN, refuse, refuse_with_status

Change: TypeAlias = Callable[[JsonObject], JsonObject]
Keeps: TypeAlias = Literal["honest", "changed", "nothing"]


@attrs.frozen(kw_only=True)
class Fault:
    """A fault that strikes a request.

    Attributes:
        name: The fault's name in the ledger.
        commit: Whether the append is carried out first.
        answer: Makes the reply that goes out, from the honest one (an empty one without *commit*) and the Unix time.
        keeps: The reply that is stored under the idempotency key: the `honest` one, the `changed` one, or `nothing`.
        delay: Seconds on top that carrying it out takes.
    """

    name: str
    commit: bool
    answer: Callable[[Answer, float], Answer]
    keeps: Keeps = "nothing"
    delay: float = 0.0


def error(
    status: int,
    code: str | None = None,
    *,
    message: str | None = None,
    retryable: bool | None = None,
    commit: bool = False,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> Fault:
    """Answer with an error envelope; after a commit the key is not consumed, as the API says of a 5xx.

    Args:
        status: The HTTP status.
        code: The error code, by default the status' own name.
        message: One sentence for people.
        retryable: The envelope's claim, by default what the API would most likely say.
        commit: Carry the append out first.
        headers: Headers on top.
        **fields: Further fields of the envelope.
    """
    refusal = refuse_with_status(status, code, message, retryable=retryable, fields=fields)
    answer = attrs.evolve(refusal.answer(), headers=dict(headers or {}))
    return Fault(name=f"error {status}", commit=commit, answer=lambda _, __: answer)


def refusal(code: str) -> Fault:
    """Refuse with a documented error code, such as `API_KEY_REVOKED`, before anything is done.

    Raises:
        KeyError: No such code is documented.
    """
    if code == "RATE_LIMIT_EXCEEDED":
        return rate_limited(seconds=1, header="seconds")
    known = KNOWN[code]
    fields: dict[str, Any] = {} if known.suggestion is None else {"suggestion": known.suggestion}
    return error(known.status, code, **fields)


def html(status: int = 502, *, commit: bool = False, stored: bool = False) -> Fault:
    """Answer with a proxy's HTML page.

    Args:
        status: The HTTP status.
        commit: Carry the append out first.
        stored: Store the API's own answer under the key: it was the proxy that failed, and not the API.
    """
    page = f"<html><body><h1>{status}</h1></body></html>".encode()
    answer = Answer(status=status, content=page, content_type="text/html", proxied=True)
    keeps: Keeps = "honest" if stored else "nothing"
    return Fault(name=f"html {status}", commit=commit, answer=lambda _, __: answer, keeps=keeps)


def empty(status: int = 503) -> Fault:
    """Answer with a status and no body, as a proxy does."""
    answer = Answer(status=status, content=b"", content_type="text/plain", proxied=True)
    return Fault(name=f"empty {status}", commit=False, answer=lambda _, __: answer)


def drop(*, commit: bool = False) -> Fault:
    """Close the connection without an answer."""
    name = "commit and drop" if commit else "drop"
    return Fault(name=name, commit=commit, answer=lambda _, __: Answer(delivery="dropped"), keeps="honest")


def commit_and_drop() -> Fault:
    """Carry the append out, then close the connection without an answer."""
    return drop(commit=True)


def stall(seconds: float = 3600.0, *, commit: bool = False) -> Fault:
    """Say nothing for *seconds*, or until the client hangs up; then drop the connection, or answer after a commit."""

    def answer(honest: Answer, _: float) -> Answer:
        return attrs.evolve(honest, delivery="stalled", seconds=seconds, then="whole" if commit else "dropped")

    name = "commit and stall" if commit else "stall"
    return Fault(name=name, commit=commit, answer=answer, keeps="honest")


def commit_and_stall(seconds: float = 3600.0) -> Fault:
    """Carry the append out, then say nothing for *seconds*."""
    return stall(seconds, commit=True)


def late(seconds: float) -> Fault:
    """Carry the append out in *seconds*, when no client may wait for its reply any more."""
    return Fault(name="late", commit=True, answer=lambda honest, _: honest, keeps="honest", delay=seconds)


def truncated_json() -> Fault:
    """Carry the append out, then answer 200 with JSON that ends in the middle."""

    def answer(honest: Answer, _: float) -> Answer:
        whole = orjson.dumps(honest.content)
        return attrs.evolve(honest, content=whole[: len(whole) // 2])

    return Fault(name="truncated json", commit=True, answer=answer, keeps="honest")


def truncated_body() -> Fault:
    """Carry the append out, then send half of the bytes that Content-Length promises, and close."""
    return Fault(
        name="truncated body",
        commit=True,
        answer=lambda honest, _: attrs.evolve(honest, delivery="cut_body"),
        keeps="honest",
    )


def rate_limited(*, seconds: float | None = None, header: str | None = None, header_seconds: float = 1) -> Fault:
    """Refuse with a 429.

    Args:
        seconds: The body's `retry_after_seconds`, `None` to leave it out.
        header: The `Retry-After` header: `"seconds"`, `"date"`, a raw value, or `None` for no header.
        header_seconds: How far ahead a header of seconds or a date points.
    """

    def answer(_: Answer, now: float) -> Answer:
        shapes = {"seconds": f"{header_seconds:g}", "date": formatdate(now + header_seconds, usegmt=True)}
        headers = {} if header is None else {"Retry-After": shapes.get(header, header)}
        details = {} if seconds is None else {"retry_after_seconds": seconds}
        return refuse("RATE_LIMIT_EXCEEDED", headers=headers, details=details).answer()

    return Fault(name="rate limited", commit=False, answer=answer)


def conflict() -> Fault:
    """Refuse as if another append to the queue had come in between."""
    answer = refuse("DIALING_QUEUE_APPEND_CONFLICT").answer()
    return Fault(name="conflict", commit=False, answer=lambda _, __: answer)


def reply(change: Change, *, name: str = "reply") -> Fault:
    """Carry the append out and answer 200 with the reply as *change* makes it, which a replay then repeats."""

    def answer(honest: Answer, _: float) -> Answer:
        content = copy.deepcopy(honest.content)
        return attrs.evolve(honest, content=change(content) if isinstance(content, dict) else content)

    return Fault(name=name, commit=True, answer=answer, keeps="changed")


def unknown_fields() -> Fault:
    """Answer with undocumented fields, at every level."""

    def change(content: JsonObject) -> JsonObject:
        for entry in content["data"]["added"]:
            entry["call_status"] = {"state": "NEW"}
        content["data"]["batch"] = 7
        return content | {"meta": {"version": 3}}

    return reply(change, name="unknown fields")


def unknown_enum_values() -> Fault:
    """Answer with values that no list in the documentation has."""

    def change(content: JsonObject) -> JsonObject:
        for entry in content["data"]["added"]:
            entry |= {"sync_status": "HALF_SYNCED", "routing_result": "TELEPATHY"}
        return content

    return reply(change, name="unknown enum values")


def unknown_skip_reason(reason: str = "ON_DO_NOT_CALL_LIST") -> Fault:
    """Skip every row that the append skips with *reason*."""

    def change(content: JsonObject) -> JsonObject:
        for entry in content["data"]["skipped"]:
            entry["reason"] = reason
        return content

    return reply(change, name="unknown skip reason")


def leave_out(*places: int) -> Fault:
    """Leave entries out of the reply's `added` by their place in it, from 0, although they were added."""

    def change(content: JsonObject) -> JsonObject:
        added = content["data"]["added"]
        content["data"]["added"] = [entry for place, entry in enumerate(added) if place not in places]
        return content

    return reply(change, name="leave out")


def made_up(count: int = 1) -> Fault:
    """Add *count* made-up entries to the reply, half of them as added, half as skipped."""

    def change(content: JsonObject) -> JsonObject:
        for place in range(count):
            if place % 2 == 0:
                content["data"]["added"].append({"number_to": f"+4420794609{place:02d}", "position": 5_000 + place})
            else:
                content["data"]["skipped"].append({"number": f"n/a {place}", "reason": "INVALID_PHONE_NUMBER"})
        return content

    return reply(change, name="made up")


def reversed_order() -> Fault:
    """Answer with both lists in reverse."""

    def change(content: JsonObject) -> JsonObject:
        content["data"]["added"].reverse()
        content["data"]["skipped"].reverse()
        return content

    return reply(change, name="reversed order")
