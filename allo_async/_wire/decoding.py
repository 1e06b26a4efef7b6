"""The one reader of JSON from outside: strict and fast first, and lenient where a byte of it is out of order."""

import json
import math
import re
from typing import Any, cast

import orjson

#: Found around the JSON of proxies and of servers that write a byte order mark.
PADDING = "\ufeff\0 \t\r\n"

# JSON may spell half of a pair of surrogates, which no file, terminal or database takes.
_HALF_PAIR = re.compile("[\ud800-\udfff]")

# orjson reads lists in lists to a depth of 1,024, but writes no more than 254, and a journal adds some of its own.
_DEEPEST = 100

# A number with more digits is no integer of 64 bits.
_MOST_DIGITS = 18


def read_json(body: bytes) -> Any:
    """Return the content of *body*, `None` if it is no JSON.

    Anything in the result can be written again as UTF-8 and as JSON: half a pair of surrogates and bytes of another
    encoding become U+FFFD, an integer above 64 bits a float, a number that is none and what is nested too deep `None`.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = _read_leniently(body)
    try:
        orjson.dumps(content)
    except orjson.JSONEncodeError:
        return _pruned(content, _DEEPEST)
    return content


def _read_leniently(body: bytes) -> Any:
    text = body.decode(json.detect_encoding(body), "replace").strip(PADDING)
    try:
        found = json.loads(text, strict=False, parse_int=_number, parse_float=_number, parse_constant=lambda _: None)
        # Half a pair may stand in any key or value. The text has them all in one place.
        return orjson.loads(_HALF_PAIR.sub("\ufffd", json.dumps(found, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None


def _pruned(content: Any, depth: int) -> Any:
    if not depth and isinstance(content, dict | list):
        return None
    if isinstance(content, dict):
        entries = cast("dict[str, Any]", content)
        return {name: _pruned(value, depth - 1) for name, value in entries.items()}
    if isinstance(content, list):
        return [_pruned(value, depth - 1) for value in cast("list[object]", content)]
    return content


def _number(text: str) -> int | float | None:
    if len(text) <= _MOST_DIGITS and text.lstrip("-").isdigit():
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None
