"""What a user would write instead: aiohttp and json in a loop, a thousand numbers at a time.

`plain` does what is seen in public code: no retry, no pace, no account of rows. `careful` also normalizes and drops
repeats with phonenumbers, which is the part of this library's work that costs the most.
"""

from collections.abc import Iterator, Sequence

import aiohttp
import phonenumbers

from benchmarks.server import APPEND_PATH

Row = dict[str, object]
CHUNK = 1000


async def plain(url: str, rows: Sequence[Row]) -> int:
    """Send the rows as they are; tell how many the server says it added."""
    headers = {"Authorization": "Api-Key ak_test_benchmark"}
    added: list[Row] = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for start in range(0, len(rows), CHUNK):
            body = {"numbers": rows[start : start + CHUNK]}
            async with session.post(url + APPEND_PATH, json=body) as response:
                response.raise_for_status()
                data = (await response.json())["data"]
                added += data["added"]
    return len(added)


async def careful(url: str, rows: Sequence[Row]) -> int:
    """Normalize with phonenumbers and drop repeats first, then do as `plain` does."""
    return await plain(url, list(_normalized(rows)))


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
