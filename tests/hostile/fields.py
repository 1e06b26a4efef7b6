"""Every field of a reply, and odd values to put into it."""

import json
import math
import re

import attrs
from hypothesis import strategies as st

from allo_async.models import FieldError, Me, QueueNumber, QueueSettings, User

ABSENT = object()

NEST: list[object] = []
for _ in range(300):
    NEST = [NEST]

ODD = (
    *(
        ABSENT,
        None,
        True,
        False,
        0,
        1,
        -1,
        7,
        10**6,
        2**31,
        2**63,
        -(2**63),
        2**64,
        10**30,
        1.5,
        1e300,
        math.nan,
        math.inf,
    ),
    *(
        "",
        " ",
        "x",
        "0",
        "-1",
        "true",
        "null",
        "+12125550010",
        "2026-09-21T14:13:20",
        "9999-12-31T23:59:59+14:00",
        "x" * 5_000,
    ),
    *("\x1b[31m", "\u202e", "\x00", "\ud800", "../../etc/passwd", "99999-01-01", "2026-09-21T14:13:20+99:99"),
    *([], [None], [1], ["x"], [[]], [{}], [{"number_to": None}], {}, {"a": 1}, {"number_to": 5}, NEST),
)

#: Also what a reply leaves out today may be there tomorrow.
_KNOWN_FIELDS = sorted(
    {field.name for model in (FieldError, Me, QueueNumber, QueueSettings, User) for field in attrs.fields(model)}
)

odd_values = st.sampled_from(range(len(ODD))).map(ODD.__getitem__)

# What a header may carry.
odd_headers = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "1", "1e9", "9" * 5_000, "x", "true", "Fri, 31 Dec 9999 23:59:59 GMT", "\x1b[31m", "٣"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=40),
)


def altered(at, value):
    """Return what puts *value* into the field of an honest reply that is the *at*-th, round and round."""

    def change(head, body):
        content = json.loads(body)
        # Every other time, of the fields that are there.
        paths = [*_paths(content, also=_KNOWN_FIELDS if at % 2 else ())]
        content = _placed(content, paths[at // 2 % len(paths)], value)
        return with_body(head, b"" if content is ABSENT else json.dumps(content).encode())

    return change


def with_body(head, body):
    return re.sub(rb"(?i)content-length: *\d+", b"Content-Length: %d" % len(body), head) + body


def with_header(name, value):
    """Return what gives an honest reply a header, in the place of its own."""

    def change(head, body):
        rest = re.sub(rb"(?i)\r\n" + name.encode() + rb":[^\r]*", b"", head[:-4])
        return rest + b"\r\n" + name.encode() + b": " + value.encode() + b"\r\n\r\n" + body

    return change


def _paths(content, path=(), *, also):
    yield path
    if isinstance(content, dict):
        for name in sorted({*content, *(also if path else ())}):
            yield from _paths(content.get(name), (*path, name), also=also)
    elif isinstance(content, list) and content:
        for place in {0, len(content) - 1}:
            yield from _paths(content[place], (*path, place), also=also)


def _placed(content, path, value):
    if not path:
        return value
    copy = dict(content) if isinstance(content, dict) else list(content)
    inner = copy.get(path[0]) if isinstance(copy, dict) else copy[path[0]]
    placed = _placed(inner, path[1:], value)
    if placed is not ABSENT:
        copy[path[0]] = placed
    elif isinstance(copy, list) or path[0] in copy:
        del copy[path[0]]
    return copy
