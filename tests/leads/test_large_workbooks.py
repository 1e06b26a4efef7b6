"""Small files that say they are large workbooks are refused before they are unpacked."""

import io
import zipfile

import openpyxl
import pytest

from allo_async.leads.archive import too_much
from allo_async.leads.leads_file import read_leads_file

SHEET = "xl/worksheets/sheet1.xml"
FAR = "<worksheet><sheetData><row {}><c {}><v>1</v></c></row></sheetData></worksheet>"
HIDDEN = {
    "as ever": FAR.format('r="1048576"', 'r="XFD1048576"'),
    "single quotes": FAR.format("r='1048576'", "r='XFD1048576'"),
    "spaces": FAR.format('r = "1048576"', 'r =\n"XFD1048576"'),
    "a cell alone": FAR.format("", 'r="XFD1048576"'),
    "a row that lies": FAR.format('r="1"', 'r="XFD1048576"'),
    "lower case": FAR.format("", 'r="xfd1048576"'),
    "a prefix": FAR.replace("<", "<x:").replace("<x:/", "</x:").format("", 'r="XFD1048576"'),
}
TABLE = (
    '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="A">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
ROW = "<table:table-row>{}</table:table-row>"
FILL = '<table:table-cell table:number-columns-repeated="16383"/>'
REST = (
    '<table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row>"
)
ROWS = '<table:table-row table:number-rows-repeated="{}">{}</table:table-row>'
WIDE = CELL.format(' table:number-columns-repeated="16384"', "1")
REPEATED = {
    "cells and rows": ROWS.format(1_048_576, WIDE),
    "blank rows above a cell": ROWS.format(1_048_576, "<table:table-cell/>") + ROW.format(WIDE),
    "blank cells before one": ROWS.format(1_048_576, FILL + CELL.format("", "1")),
    "more rows than there can be": ROWS.format(4_000_000_000, "<table:table-cell/>"),
    "a sign in a text": ROWS.format('1048576" table:style-name="/>', WIDE),
    "behind a comment": "<!-- <table:table> > -->" + ROWS.format(1_048_576, "<!-- > -->" + WIDE),
}


def archive(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as members_of:
        for name, content in members.items():
            members_of.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("path", [SHEET, "xl/tabs/sheet1.xml", "elsewhere/sheet"])
@pytest.mark.parametrize("sheet", HIDDEN.values(), ids=HIDDEN)
def test_cell_far_away_is_seen(path, sheet):
    """However its place is written, and wherever its sheet is kept."""
    assert "1,048,576 rows and 16,384 columns" in too_much(archive({"xl/workbook.xml": "", path: sheet}))


@pytest.mark.parametrize("rows", REPEATED.values(), ids=REPEATED)
def test_repeated_cells_are_seen(rows):
    """In an OpenDocument one cell may stand for millions."""
    told = too_much(archive({"content.xml": TABLE.format(rows)}))

    assert told is not None
    assert "rows and" in told


def test_document_that_is_filled_up_with_nothing_is_read(tmp_path):
    """LibreOffice repeats empty cells to the end of each row, and empty rows to the end of each sheet."""
    path = tmp_path / "leads.ods"
    sheet = "".join(ROW.format(CELL.format("", text) + FILL) for text in ("Phone", "+12125550110")) + REST
    other = f'</table:table><table:table table:name="B">{ROW.format(WIDE)}{REST}'
    path.write_bytes(
        archive(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{MANIFEST}"/>',
                "content.xml": TABLE.format(sheet + other),
            }
        )
    )

    assert [row.cells for row in read_leads_file(path).rows] == [{"Phone": "+12125550110"}]


def test_honest_workbook_is_read():
    """A sheet of some thousand rows and columns is none too many."""
    book = openpyxl.Workbook()
    book.active.cell(5_000, 5_000, "x")
    out = io.BytesIO()
    book.save(out)

    assert too_much(out.getvalue()) is None
