"""What hostile replies are made of."""

import json
from enum import Enum
from typing import Any

import attrs

from tests.hostile.middleman import Performance

ROWS = ["+12125550010", "+12125550011", "+12125550012"]

MILLION = 1_000_000


class Means(Enum):
    """What a reply can honestly mean: only replies that break their word are struck in situations of another kind."""

    DONE = "a 2xx: the append was carried out"
    REFUSED = "the API's own refusal: nothing was carried out"
    UNKNOWN = "nobody's word: the append may have been carried out, or not"


@attrs.frozen
class Hostile:
    name: str
    means: Means
    reply: bytes | Performance = attrs.field(repr=False)

    def __str__(self) -> str:
        return self.name


def http(
    body: bytes | dict[str, Any] | list[Any] = b"",
    *headers: str | bytes,
    status: str | bytes = "200 OK",
    length: int | None = -1,
    kind: str = "application/json",
) -> bytes:
    """A reply; a *length* of -1 is the true one, and `None` leaves it out."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [_bytes(f"Content-Type: {kind}"), *map(_bytes, headers)]
    if length is not None:
        lines.append(b"Content-Length: %d" % (len(body) if length == -1 else length))
    return b"HTTP/1.1 " + _bytes(status) + b"\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def entry(place: int = 0, **fields: Any) -> dict[str, Any]:
    date = "2026-09-21T14:13:20"
    return {"number_to": ROWS[place], "position": place, "created_at": date, "updated_at": date} | fields


def added(**fields: Any) -> dict[str, Any]:
    return {"data": {"added": [entry(place, **fields) for place in range(3)], "skipped": []}}


def lists(added: Any, skipped: Any) -> dict[str, Any]:
    return {"data": {"added": added, "skipped": skipped}}


def error(code: Any = "VALIDATION_ERROR", message: Any = "No.", **fields: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message} | fields}


def http_json(content: Any) -> bytes:
    return json.dumps(content).encode()
