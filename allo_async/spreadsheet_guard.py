"""Cells that a spreadsheet would run as a formula, made harmless, and back again."""

import re

_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A phone number with its plus, and a plain negative number or a dash for "nothing": arithmetic at worst.
_HARMLESS = re.compile(r"\+[\d\s().\-/\u00a0\u202f]*\d[\d\s().\-/\u00a0\u202f]*|-\s?\d+(?:[.,]\d+)*%?|-+")

# A spreadsheet whose list separator is another one than the file's cuts within a cell, and runs what stands behind.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_INNER = re.compile(rf"([;,|\t\r\n])('*)([{_SIGNS}][^;,|\t\r\n]*)")
_INNER_GUARD = re.compile(rf"(?<=[;,|\t\r\n])'(?='*[{_SIGNS}])")


def guarded(cell: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run, and before what it would run within the cell.

    `unguarded` takes them off again. A phone number such as `+33 6 12 34 56 78` and a negative number stay as they are.
    A text with an apostrophe in such a place already gets a second one, so that it comes back as it was.
    """
    cell = _INNER.sub(_inner, cell)
    bare = cell.lstrip("'")
    is_run = bare.startswith(_TRIGGERS) and (bare != cell or _HARMLESS.fullmatch(cell) is None)
    return f"'{cell}" if is_run else cell


def _inner(found: re.Match[str]) -> str:
    separator, quotes, piece = found.groups()
    return found[0] if not quotes and _HARMLESS.fullmatch(piece) else f"{separator}'{quotes}{piece}"


def unguarded(cell: str) -> str:
    """Take off the apostrophes that keep a spreadsheet from running a cell, as `guarded` and others write them."""
    cell = _INNER_GUARD.sub("", cell) if "'" in cell else cell
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_TRIGGERS) else cell
