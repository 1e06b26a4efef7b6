"""Hostile inputs: rows that nobody would write, and iterables that misbehave."""

import datetime as dt
import decimal
import fractions
import math
import uuid
from collections import ChainMap, OrderedDict, UserDict, UserString
from types import MappingProxyType, SimpleNamespace

from allo_async import Contact

MILLION = 1_000_000
NUMBER = "+12125550199"


class Raises:
    """Raises whatever is done with it."""

    def __init__(self, error):
        self._error = error

    def _fail(self, *_):
        raise self._error

    __str__ = __repr__ = __len__ = __iter__ = __getitem__ = __eq__ = __hash__ = __bool__ = __int__ = __float__ = _fail


class RaisingDict(dict):
    def _fail(self, *_):
        raise RuntimeError("no")

    get = items = keys = __iter__ = __getitem__ = __contains__ = _fail


class EndlessDict(UserDict):
    def keys(self):
        return iter(int, 1)

    __iter__ = keys


class LyingText(str):
    """Text that says something else each time."""

    __slots__ = ()

    def __str__(self):
        return "+442079460958"

    def strip(self, *_):
        raise RuntimeError("no")

    def encode(self, *_):
        raise RuntimeError("no")


class LyingInt(int):
    def __str__(self):
        raise RuntimeError("no")


def _nested(depth):
    value = NUMBER
    for _ in range(depth):
        value = [value]
    return value


_itself = {"number": NUMBER}
_itself["name"] = _itself
_endless = []
_endless.append(_endless)

#: One row each, by name.
ROWS = {
    "None": None,
    "nothing": "",
    "blanks": " \t\n\u3000\u200b",
    "true": True,
    "a float": 12125550199.0,
    "not a number": math.nan,
    "infinite": math.inf,
    "a negative number": -12125550199,
    "a number of 5,000 digits": 10**4_999,
    "text of 5,000 digits": "1" * 5_000,
    "text of ten million digits": "1" * 10 * MILLION,
    "ten million signs": "+" * 10 * MILLION,
    "a million spaces within": "+1" + " " * MILLION + "2125550199",
    "a million brackets": "+1" + "(" * MILLION + "2125550199",
    "a million extensions": NUMBER + " ext 1" * MILLION,
    "letters of a number": "1-800-" + "FLOWERS" * 10_000,
    "bytes": NUMBER.encode(),
    "a byte array": bytearray(NUMBER.encode()),
    "half a pair": "\ud83d" + NUMBER,
    "NUL": f"\0{NUMBER}\0",
    "escapes": f"\x1b[31m{NUMBER}\x1b[0m",
    "marks of direction": f"\u202e{NUMBER}\u202c",
    "digits of another script": "+١٢١٢٥٥٥٠١٩٩",
    "digits that are none": "+¹²¹²⁵⁵⁵⁰¹⁹⁹",
    "combining marks": "+" + "1\u0301" * 100_000,
    "a formula": "=cmd|'/C calc'!A1",
    "SQL": "'; DROP TABLE load; --",
    "a path": "../../../../etc/passwd",
    "a URL": "tel:+12125550199;phone-context=evil.example",
    "JSON": '{"number": "+12125550199"}',
    "a decimal": decimal.Decimal("12125550199.0"),
    "a decimal that signals": decimal.Decimal("sNaN"),
    "a huge decimal": decimal.Decimal("1e999999"),
    "a fraction": fractions.Fraction(10**300, 3),
    "a complex number": 1 + 2j,
    "a date": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "a UUID": uuid.UUID(int=1),
    "a class": Contact,
    "a function": len,
    "an object": object(),
    "a namespace": SimpleNamespace(number=NUMBER),
    "a range": range(10**9),
    "a generator": (character for character in NUMBER),
    "a set": {NUMBER},
    "a tuple": (NUMBER, "Marie"),
    "nested lists": _nested(10_000),
    "a list in itself": _endless,
    "an empty mapping": {},
    "no number": {"name": "Marie"},
    "a mapping in itself": _itself,
    "unknown fields": {"number": NUMBER, "color": "red", "__class__": "x"},
    "a hundred thousand fields": {"number": NUMBER} | {f"field{i}": i for i in range(100_000)},
    "keys that are no text": {"number": NUMBER, 5: "x", None: "y", ("a",): "z"},
    "no field is text": {"number": NUMBER, "name": 5, "company": object(), "emails": 7, "addresses": {}},
    "a name of ten megabytes": {"number": NUMBER, "name": "x" * 10 * MILLION},
    "a name of half a pair": {"number": NUMBER, "name": "\ud800"},
    "a name with escapes": {"number": NUMBER, "name": "\x1b]0;title\x07\r\nforged"},
    "a hundred thousand e-mails": {"number": NUMBER, "emails": ["a@b.example"] * 100_000},
    "e-mails of other types": {"number": NUMBER, "emails": [None, 5, b"x", ["y"]]},
    "endless e-mails": {"number": NUMBER, "emails": iter(int, 1)},
    "endless addresses": {"number": NUMBER, "addresses": (str(i) for i in iter(int, 1))},
    "a read-only mapping": MappingProxyType({"number": NUMBER}),
    "a chained mapping": ChainMap({"number": NUMBER}, {"name": "x"}),
    "an ordered mapping": OrderedDict(number=NUMBER),
    "text of a class of its own": UserString(NUMBER),
    "a mapping that raises": RaisingDict(number=NUMBER),
    "a mapping without end": EndlessDict(number=NUMBER),
    "text that lies": LyingText(NUMBER),
    "text that lies in a mapping": {"number": LyingText(NUMBER), "name": LyingText("x")},
    "a number that lies": LyingInt(12125550199),
    "raises a ValueError": Raises(ValueError("no")),
    "raises a RecursionError": Raises(RecursionError("no")),
    "raises a MemoryError": Raises(MemoryError()),
    "raises a StopIteration": Raises(StopIteration()),
    "raises a StopAsyncIteration": Raises(StopAsyncIteration()),
    "raises a group": Raises(ExceptionGroup("no", [ValueError("no")])),
    "raises a mapping's error": {"number": Raises(RuntimeError("no"))},
}


def _raising():
    yield "+12125550010"
    raise RuntimeError("no")


def _stopping():
    yield "+12125550010"
    raise StopAsyncIteration


def _forever():
    while True:
        yield "+12125550010"


async def _raising_async():
    yield "+12125550010"
    raise RuntimeError("no")


class _LyingSequence(list):
    def __len__(self):
        return 10**12

    def __getitem__(self, _):
        raise IndexError


class _NoIterator:
    def __iter__(self):
        return 5


class _Both:
    def __iter__(self):
        return iter(["+12125550010"])

    async def __aiter__(self):
        yield "+12125550011"


#: Makes the rows of one call, by name.
SOURCES = {
    "None": lambda: None,
    "a number": lambda: 5,
    "text": lambda: "+12125550010",
    "bytes": lambda: b"+12125550010",
    "one mapping": lambda: {"number": "+12125550010"},
    "one contact": lambda: Contact("+12125550010"),
    "a class": lambda: list,
    "a function": lambda: _raising,
    "a set": lambda: {"+12125550010"},
    "an empty list": list,
    "a generator that raises": _raising,
    "a generator that stops oddly": _stopping,
    "an async generator that raises": _raising_async,
    "a generator that was read": lambda: (generator := (n for n in ["+12125550010"]), next(generator))[0],
    "a coroutine's function": lambda: _raising_async,
    "a sequence that lies": lambda: _LyingSequence(["+12125550010"]),
    "an iterable without an iterator": _NoIterator,
    "both ways at once": _Both,
    "an object that raises": lambda: Raises(RuntimeError("no")),
    "a range": lambda: range(3),
}
