"""Code that a user would write instead: aiohttp and json in a loop, a thousand numbers at a time.

`plain` does what is seen in public code: no retry, no pace, no account of rows. `careful` also normalizes and drops
repeats with phonenumbers.
"""

import asyncio
from collections.abc import Iterator, Sequence

import aiohttp
import phonenumbers

from benchmarks.rows import Row
from benchmarks.server import APPEND_PATH

#: Rows of one request.
CHUNK = 1_000

#: The headers of a request without its body's.
HEADERS = {"Authorization": "Api-Key ak_test_benchmark"}


async def plain(url: str, email: str, rows: Sequence[Row]) -> list[Row]:
    """Send the rows as they are, and return the entries that the server says it added."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        return await _send(session, url, email, rows)


async def careful(url: str, email: str, rows: Sequence[Row]) -> list[Row]:
    """Normalize with phonenumbers and drop repeats first, then do as `plain` does."""
    return await plain(url, email, list(_normalized(rows)))


async def plain_spread(url: str, emails: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Deal the rows to the queues in turn, and send to all queues at the same time."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        shares = [rows[place :: len(emails)] for place in range(len(emails))]
        sent = (_send(session, url, email, share) for email, share in zip(emails, shares, strict=True))
        return [entry for added in await asyncio.gather(*sent) for entry in added]


async def row_by_row(url: str, email: str, rows: Sequence[Row]) -> list[Row]:
    """Send a request for each row, all at the same time."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        sent = (_send(session, url, email, [row]) for row in rows)
        return [entry for added in await asyncio.gather(*sent) for entry in added]


async def _send(session: aiohttp.ClientSession, url: str, email: str, rows: Sequence[Row]) -> list[Row]:
    added: list[Row] = []
    for start in range(0, len(rows), CHUNK):
        body = {"email": email, "numbers": rows[start : start + CHUNK]}
        async with session.post(url + APPEND_PATH, json=body) as response:
            response.raise_for_status()
            data = (await response.json())["data"]
            added += data["added"]
    return added


def _normalized(rows: Sequence[Row]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        try:
            parsed = phonenumbers.parse(str(row["number"]), "US")
        except phonenumbers.NumberParseException:
            continue
        number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        if number not in seen:
            seen.add(number)
            yield {**row, "number": number}
