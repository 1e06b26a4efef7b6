"""The ZIP archive that a workbook is: how large it says it is, before all of it is unpacked into memory."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

# Bytes of all members, unpacked. The sheet of half a million rows with twenty columns has fewer.
_LARGEST = 512 * 2**20

# Cells of a sheet. The reader keeps a place for each between its first and its last, filled or not.
_MOST_CELLS = 40_000_000

_SHEET = re.compile(r"xl/worksheets/[^/]*\.xml")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*?\br=\"(\d{1,9})\"")
# Of cells beyond the column Z alone: there are few in a list.
_COLUMN = re.compile(rb"\br=\"([A-Z]{2,4})\d")

_BLOCK = 2**20
_LONGEST_TAG = 300


def too_much(content: bytes) -> str | None:
    """Return why *content* holds more than a workbook of leads; `None` if it does not, or is no archive."""
    # What is damaged, or not to be unpacked by Python, is for the reader of workbooks to refuse.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _too_much(archive)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError):
        return None


def _too_much(archive: zipfile.ZipFile) -> str | None:
    members = archive.infolist()
    if sum(member.file_size for member in members) > _LARGEST:
        return f"unpacks to more than {_LARGEST // 2**20:,} MiB"
    for member in members:
        if _SHEET.fullmatch(member.filename):
            rows, columns = _extent(_blocks(archive, member))
            if rows * columns > _MOST_CELLS:
                return f"has a sheet of {rows:,} rows and {columns:,} columns, by its last cell"
    return None


def _blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content block by block; each begins with the end of the one before, so that it has any tag whole."""
    end = b""
    with archive.open(member) as file:
        while block := file.read(_BLOCK):
            yield end + block
            end = block[-_LONGEST_TAG:]


def _extent(blocks: Iterator[bytes]) -> tuple[int, int]:
    """Return how many rows and columns there are up to the last cell."""
    rows, columns = 0, b"Z"
    for block in blocks:
        rows = max(rows, max(map(int, _ROW.findall(block)), default=0))
        columns = max([columns, *_COLUMN.findall(block)], key=lambda letters: (len(letters), letters))
    place = 0
    for letter in columns:
        place = place * 26 + letter - ord("A") + 1
    return rows, place
