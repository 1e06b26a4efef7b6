"""Workbooks of Excel and LibreOffice: XLSX, XLSB, XLS and ODS, by python-calamine."""

import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from allo_async.leads.archive import too_much
from allo_async.leads.table import Record, Table, table_of
from allo_async.spreadsheet_guard import unguarded

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


class WorkbookError(Exception):
    """A workbook that cannot be read, or a sheet that there is not; the text says what to do about it."""


def read_workbook(content: bytes, sheet: str | None = None) -> Table:
    """Read a sheet: the one called *sheet*, else the first that is not hidden. A row's line is its row number.

    Raises:
        WorkbookError: The extra is not installed, the workbook cannot be read, or it has no such sheet.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise WorkbookError(
            "is a workbook, and reading one takes an extra: pip install 'allo-async[xlsx]', or save it as CSV"
        ) from error
    if (told := too_much(content)) is not None:
        raise WorkbookError(f"is a workbook that {told}: copy the list into a new one, or save it as CSV")
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        name = _sheet(workbook, sheet)
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except PasswordError as error:
        raise WorkbookError("is protected with a password: save it without one") from error
    except CalamineError as error:
        raise WorkbookError(f"is a workbook that cannot be read ({error}): save it again, or as CSV") from error
    table = table_of(_records(rows))
    others = [other for other in workbook.sheet_names if other != name]
    if not table.rows and others:
        raise WorkbookError(f"has no rows in its sheet {name!r}: name another with --sheet, {_listed(others)}")
    return table


def _sheet(workbook: "CalamineWorkbook", wanted: str | None) -> str:
    names = workbook.sheet_names
    if wanted is None:
        shown = [each.name for each in workbook.sheets_metadata if str(each.visible).endswith(".Visible")]
        return next(iter(shown or names), "")
    for name in names:
        if name.strip().casefold() == wanted.strip().casefold():
            return name
    raise WorkbookError(f"has no sheet {wanted!r}: it has {_listed(names)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _records(rows: Sequence[Sequence[Any]]) -> Iterator[Record]:
    for line, cells in enumerate(rows, start=1):
        yield Record(line, [_text(cell) for cell in cells])


def _text(cell: Any) -> str:
    """Write a typed cell as the sheet shows it: a number without `.0`, a date as a date."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return unguarded(str(cell))
