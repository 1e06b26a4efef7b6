"""What a row of the input is known by when it comes again."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import cast

import attrs
import orjson

from allo_async.models import Contact

_BYTES = 12


def digest(row: object) -> bytes:
    """Give the digest of a row, whatever it is; the same row gives the same in every process."""
    return blake2b(_canonical(row), digest_size=_BYTES).digest()


def _canonical(row: object) -> bytes:
    if isinstance(row, str):
        return row.encode("utf-8", "surrogatepass")
    if isinstance(row, Contact):
        row = attrs.asdict(row, filter=lambda _, value: value is not None)
    if isinstance(row, Mapping):
        row = dict(cast("Mapping[object, object]", row))
    try:
        return orjson.dumps(row, default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return repr(row).encode("utf-8", "surrogatepass")
