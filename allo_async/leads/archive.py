"""The ZIP archive that a workbook is: how large it says it is, before all of it is unpacked into memory."""

import io
import re
import string
import zipfile
import zlib
from collections.abc import Iterator

from allo_async.leads.ods_extent import extent_of_ods

# Bytes of all members, unpacked. The sheet of half a million rows with twenty columns has fewer.
_LARGEST = 512 * 2**20

# Cells of a sheet. The reader keeps a place for each between its first and its last, filled or not.
_MOST_CELLS = 40_000_000

# Wherever a workbook keeps its sheets: their names are its own affair.
_SHEET = re.compile(rb"<(?:\w+:)?worksheet\b")
_ROW = re.compile(rb"row\b[^>]*?\sr\s*=\s*[\"'](\d{1,9})")
# One group, and taken apart all at once below: there are millions of them in an honest list.
_CELL = re.compile(rb"r\s*=\s*[\"']([A-Za-z]{1,4}\d{1,9})")
_LETTERS, _DIGITS = string.ascii_letters.encode(), string.digits.encode()

_BLOCK = 2**20
_LONGEST_TAG = 300

_ODS = "content.xml"
# Bytes in which the first tag of a sheet stands.
_ROOT_WITHIN = 4096


def too_much(content: bytes) -> str | None:
    """Return why *content* holds more than a workbook of leads; `None` if it does not, or is no archive."""
    # A file that is damaged, or not to be unpacked by Python, is for the reader of workbooks to refuse.
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
        rows, columns = _ods(archive, member) if member.filename == _ODS else _sheet(archive, member)
        if max(rows, 1) * max(columns, 1) > _MOST_CELLS:
            return f"has a sheet of {rows:,} rows and {columns:,} columns, by its last cell"
    return None


def _ods(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    return extent_of_ods(archive.read(member))


def _sheet(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    with archive.open(member) as file:
        is_sheet = _SHEET.search(file.read(_ROOT_WITHIN)) is not None
    return _extent(_blocks(archive, member)) if is_sheet else (0, 0)


def _blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content block by block; each begins with the end of the one before, so that it has any tag whole."""
    end = b""
    with archive.open(member) as file:
        while block := file.read(_BLOCK):
            yield end + block
            end = block[-_LONGEST_TAG:]


def _extent(blocks: Iterator[bytes]) -> tuple[int, int]:
    """Return how many rows and columns there are up to the last cell."""
    rows, columns = 0, b""
    for block in blocks:
        cells = b" ".join(_CELL.findall(block))
        below = {*_ROW.findall(block), *cells.translate(None, _LETTERS).split()}
        rows = max(rows, max(map(int, below), default=0))
        beside = set(cells.upper().translate(None, _DIGITS).split())
        columns = max([columns, *beside], key=lambda letters: (len(letters), letters))
    place = 0
    for letter in columns:
        place = place * 26 + letter - ord("A") + 1
    return rows, place
