"""The server's word on its limits: how many requests it takes, and how long it asks us to wait."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, cast

import attrs

# The limits are per second [guide], so a 429 that says nothing is over after one.
_WINDOW = 1.0

#: A number above this is not a limit per second: some gateways put their limit per day into the same header.
LARGEST_LIMIT = 1_000

# No wait is longer than this many seconds, whatever a header says.
_LONGEST_WAIT = 30 * 86_400.0

# A number as large as this that lies within a day of the server's own time is a Unix time, and no span.
_FIRST_UNIX_TIME = 1e9
_DAY = 86_400.0

# The server chooses the size of a header. Everything behind these bounds goes unread.
_LONGEST_TEXT = 400
_MOST_HEADERS = 20

# An HTTP date has a comma of its own behind the weekday.
_PART = re.compile(r"[A-Za-z]{3,9},[^,]*|[^,]+")
_NUMBER = re.compile(r"\+?[0-9]+(\.[0-9]*)?([eE]\+?[0-9]{1,3})?")
_COUNT = re.compile(r"[0-9]{1,18}")


@attrs.frozen
class RateLimit:
    """A key's limit for requests of one kind, as a reply states it.

    Attributes:
        limit: Requests a second.
        remaining: How many of them were left, `None` if the reply does not say.
    """

    limit: int
    remaining: int | None


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read `X-RateLimit-Limit` and `X-RateLimit-Remaining` [guide]; `None` if there is no limit."""
    limit, remaining = _count(headers.get("X-RateLimit-Limit")), _count(headers.get("X-RateLimit-Remaining"))
    return RateLimit(limit, remaining) if limit else None


def _count(value: str | None) -> int | None:
    found = _COUNT.fullmatch(value.strip()) if value is not None and len(value) <= _LONGEST_TEXT else None
    return int(found[0]) if found else None


def retry_after(error: Mapping[str, Any], headers: Mapping[str, str], *, status: int, now: float) -> float | None:
    """Return for how many seconds the server wants to be left alone, `None` if it does not say.

    The longest of all spans counts: `retry_after_seconds` in the body, and each `Retry-After`, in seconds, as an HTTP
    date or as a Unix time. `X-RateLimit-Reset` is left out: some read it as a Unix time, some as seconds to wait.

    Args:
        error: The error envelope's content.
        headers: The reply's headers, found by any case.
        status: The HTTP status.
        now: The Unix time, for a moment in a reply without a `Date`.
    """
    # Two moments of the server's own clock make a span, however wrong our clock is.
    dates = [_date(value) for value in _values(headers, "Date")]
    there = next((date for date in dates if date is not None), now)
    told = [error.get("retry_after_seconds"), *_values(headers, "Retry-After")]
    waits = [wait for value in told for wait in _waits(value, there)]
    if waits:
        return max(waits)
    return _WINDOW if status == 429 else None  # noqa: PLR2004 - the status is its own name


def _values(headers: Mapping[str, str], name: str) -> Sequence[str]:
    if hasattr(headers, "getall"):
        return cast("list[str]", cast("Any", headers).getall(name, []))[:_MOST_HEADERS]
    return [headers[name]] if name in headers else []


def _waits(value: object, now: float) -> Iterator[float]:
    """Read each span in *value*, which may be anything."""
    if isinstance(value, str):
        for part in _PART.findall(value[:_LONGEST_TEXT]):
            text = part.strip()
            moment = None if _NUMBER.fullmatch(text) else _date(text)
            if moment is not None:
                yield _bounded(moment - now)
            elif _NUMBER.fullmatch(text):
                yield from _waits(float(text), now)
    elif isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        is_moment = value >= _FIRST_UNIX_TIME and now - _DAY <= value <= now + _DAY
        yield _bounded(value - now if is_moment else value)


def _bounded(seconds: float) -> float:
    # An integer may be larger than any float, so it is compared before it is converted.
    return float(min(max(seconds, 0.0), _LONGEST_WAIT))


def _date(value: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(value[:_LONGEST_TEXT])
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
