"""The identity of a row of the input, by which it is known when it comes again."""

from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import Any, cast

import attrs
import orjson

from allo_async._loading.contacts import as_mapping
from allo_async.models import Contact, PendingContact
from allo_async.validators import FOREIGN_ERRORS

#: How long a digest is.
DIGEST_BYTES = 12


def digest(row: object) -> bytes:
    """Return the digest of a row, whatever it is; the same row has the same digest in every process."""
    try:
        canonical = _canonical(row)
    except FOREIGN_ERRORS:  # a row that raises when it is read is skipped, as it would be again
        canonical = f"unreadable {type(row).__name__}".encode()
    return blake2b(canonical, digest_size=DIGEST_BYTES).digest()


def _canonical(row: object) -> bytes:
    if isinstance(row, str):
        return row.encode("utf-8", "surrogatepass")
    plain = row if _is_of_text(row) else _in_plain_values(row)
    try:
        return orjson.dumps(plain, default=_plainer, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return repr(plain).encode("utf-8", "surrogatepass")


def _is_of_text(row: object) -> bool:
    # Most rows are, and a closer look takes longer than all the rest.
    return type(row) is dict and {str}.issuperset(map(type, cast("dict[object, object]", row).values()))


def _in_plain_values(row: object) -> object:
    if isinstance(row, PendingContact):
        row = row.contact
    if isinstance(row, Contact):
        row = attrs.asdict(row, filter=lambda _, value: value is not None, recurse=False)
    named = as_mapping(row)
    return _plain(row) if named is None else {name: _plain(value) for name, value in named.items()}


def _plain(value: object) -> object:
    # One missing number makes a data frame's whole column a float: the other rows stay the same.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plainer(value: Any) -> object:
    if isinstance(value, AbstractSet):
        return sorted(map(repr, cast("AbstractSet[object]", value)))
    # A number or an array of numpy's.
    return _plain(value.tolist()) if hasattr(value, "tolist") else repr(value)
