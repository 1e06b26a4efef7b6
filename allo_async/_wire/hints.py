"""What the server says of its limits: how many requests it takes, and how long it asks us to wait."""

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import attrs

# The limits are per second [guide], so a 429 that says nothing is over after one.
_WINDOW = 1.0


@attrs.frozen
class RateLimit:
    """A key's limit for requests of one kind, as an answer tells it.

    Attributes:
        limit: Requests a second.
        remaining: How many of them were left, `None` where it does not say.
    """

    limit: int
    remaining: int | None


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read `X-RateLimit-Limit` and `X-RateLimit-Remaining` [guide]; `None` where there is no limit to be read."""
    limit, remaining = _count(headers.get("X-RateLimit-Limit")), _count(headers.get("X-RateLimit-Remaining"))
    return RateLimit(limit, remaining) if limit else None


def _count(value: str | None) -> int | None:
    return int(value) if value is not None and value.strip().isdecimal() else None


def retry_after(error: Mapping[str, Any], headers: Mapping[str, str], *, status: int, now: float) -> float | None:
    """Tell for how many seconds the server wants to be left alone, `None` where it does not say.

    The longest of what it says counts: `retry_after_seconds` in the body, `Retry-After` in seconds or as an HTTP date.
    `X-RateLimit-Reset` is left out: some read it as a Unix time, some as seconds to wait.

    Args:
        error: The error envelope's content.
        headers: The reply's headers, found by any case.
        status: The HTTP status.
        now: The Unix time, for a date when the reply does not carry one of its own.
    """
    told = [_seconds(error.get("retry_after_seconds")), _header(headers, now)]
    waits = [wait for wait in told if wait is not None]
    if waits:
        return max(waits)
    return _WINDOW if status == 429 else None  # noqa: PLR2004 - the status is its own name


def _header(headers: Mapping[str, str], now: float) -> float | None:
    value = headers.get("Retry-After", "").strip()
    try:
        return _seconds(float(value))
    except ValueError:
        pass
    moment = _date(value)
    if moment is None:
        return None
    # Two dates of the server's own clock make a span that needs no agreement on what time it is.
    sent = _date(headers.get("Date", ""))
    return max(0.0, moment - (sent if sent is not None else now))


def _date(value: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
