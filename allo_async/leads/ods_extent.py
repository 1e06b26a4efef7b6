"""How large the sheets of an OpenDocument are, in which one cell or row may stand for millions."""

import re
from collections.abc import Iterator

_START = re.compile(rb"<(?:(!--)|(!\[CDATA\[)|(?:[\w.-]+:)?(table|table-row|table-cell|covered-table-cell)(?=[\s/>]))")
_REST = re.compile(rb"((?:[^>\"'/]|\"[^\"]*\"|'[^']*')*)(/?)>")
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"'](\d{1,12})")

# Rows of a sheet in any spreadsheet; no honest file repeats more.
_MOST_REPEATED = 2**20


def extent_of_ods(content: bytes) -> tuple[int, int]:
    """Return how many rows there are in all sheets, each up to its last filled one, and how wide the widest is.

    Spreadsheets fill up each row, and each sheet, with empty cells to the very end; those count only if something
    stands behind them.
    """
    rows = pending = widest = width = 0
    for kind, attributes, is_empty in _tags(content):
        repeated = _REPEATED.search(attributes)
        count = int(repeated[1]) if repeated is not None else 1
        if kind == b"table":
            pending = width = 0
        elif kind == b"table-row":
            pending, width = pending + count, 0
        else:
            width += count
        if count > _MOST_REPEATED or (kind.endswith(b"cell") and not is_empty):
            rows, pending, widest = rows + pending, 0, max(widest, width)
    return rows, widest


def _tags(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield each tag of a sheet, a row or a cell, with its attributes and whether it has neither value nor content."""
    at = 0
    while (start := _START.search(content, at)) is not None:
        comment, _, kind = start.groups()
        if kind is None:
            at = content.find(b"-->" if comment else b"]]>", start.end())
        elif (rest := _REST.match(content, start.end())) is not None:
            at = rest.end()
            yield kind, rest[1], bool(rest[2]) and b"value" not in rest[1]
        else:
            at = -1
        # A sheet that is cut off in the middle of a tag is damaged, which the reader of workbooks reports.
        if at < 0:
            return
