"""Cells that a spreadsheet would run as a formula, made harmless, and back again."""

import re

_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A phone number with its plus, and a plain negative number or a dash for "nothing": arithmetic at worst.
_HARMLESS = re.compile(r"\+[\d\s().\-/\u00a0\u202f]*\d[\d\s().\-/\u00a0\u202f]*|-\s?\d+(?:[.,]\d+)*%?|-+")


def guarded(cell: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run; `unguarded` takes it off again.

    A phone number such as `+33 6 12 34 56 78` and a negative number stay as they are. A cell that has an apostrophe in
    such a place already gets a second one, so that it comes back as it was.
    """
    bare = cell.lstrip("'")
    is_run = bare.startswith(_TRIGGERS) and (bare != cell or _HARMLESS.fullmatch(cell) is None)
    return f"'{cell}" if is_run else cell


def unguarded(cell: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from running a cell, as `guarded` and others write it."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_TRIGGERS) else cell
