import builtins
import datetime as dt
import io
import zipfile

import openpyxl
import pytest

from allo_async.cli.not_added import write_not_added
from allo_async.leads.columns import find_columns
from allo_async.leads.leads_file import UnreadableFileError, read_leads_file

ROWS = [["Name", "Phone", "Since", "VIP"], ["Jo", 33639981210, dt.date(2026, 11, 26), True]]
_ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Leads">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def workbook(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def ods(path, rows):
    cells = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", _ODS.format(cells))
        manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


def _ods_cell(value):
    if isinstance(value, int):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'


def test_typed_cells_are_written_as_the_sheet_shows_them(tmp_path):
    """A number has no `.0`, a date is a date, and what is text stays text, its leading zero and all."""
    at_noon = dt.datetime.fromisoformat("2026-11-26T12:01")
    rows = [*ROWS, ["Al", "0639981211", at_noon, None], ["Bo", 3.5, None, False]]

    file = read_leads_file(workbook(tmp_path / "leads.xlsx", {"Leads": rows}))

    assert [list(row.cells.values()) for row in file.rows] == [
        ["Jo", "33639981210", "2026-11-26", "TRUE"],
        ["Al", "0639981211", "2026-11-26 12:01:00", ""],
        ["Bo", "3.5", "", "FALSE"],
    ]
    assert ([row.line for row in file.rows], file.unit) == ([2, 3, 4], "row")
    assert find_columns(file.columns).by_field["number"] == ["Phone"]


def test_ods_is_read(tmp_path):
    """LibreOffice's format is read as Excel's is."""
    file = read_leads_file(ods(tmp_path / "leads.ods", [["Name", "Phone"], ["Jo", 33639981210]]))

    assert [dict(row.cells) for row in file.rows] == [{"Name": "Jo", "Phone": "33639981210"}]


@pytest.mark.parametrize("name", ["leads.csv", "leads.xls", "leads"])
def test_workbook_is_known_by_its_content(tmp_path, name):
    """A workbook of any name is read as one."""
    path = workbook(tmp_path / "leads.xlsx", {"Leads": ROWS}).rename(tmp_path / name)

    assert read_leads_file(path).rows[0].cells["Phone"] == "33639981210"


def test_csv_called_xlsx_is_read_as_csv(tmp_path):
    """A CSV of a workbook's name is read as one, and its rest is written as one."""
    path = tmp_path / "leads.xlsx"
    path.write_text("Name;Phone\nJo;1\n")

    file = read_leads_file(path)

    assert (file.delimiter, len(file.rows)) == (";", 1)
    assert write_not_added(file, {2: "WHY"}) == tmp_path / "leads.xlsx.not-added.csv"


def test_sheet_is_chosen_by_name(tmp_path):
    """The first sheet that is not hidden is read, or the one that is named, whatever its case."""
    path = workbook(tmp_path / "leads.xlsx", {"Old": [["Phone"], ["1"]], "Leads": ROWS, "Empty": []})
    book = openpyxl.load_workbook(path)
    book["Old"].sheet_state = "hidden"
    book.active = 1
    book.save(path)

    assert read_leads_file(path).rows[0].cells["Name"] == "Jo"
    assert read_leads_file(path, sheet="old").rows[0].cells == {"Phone": "1"}
    with pytest.raises(UnreadableFileError, match="has no sheet 'News': it has 'Old', 'Leads', 'Empty'"):
        read_leads_file(path, sheet="News")
    with pytest.raises(UnreadableFileError, match="no rows in its sheet 'Empty': name another with --sheet"):
        read_leads_file(path, sheet="Empty")


def test_title_and_footer_of_a_sheet(tmp_path):
    """Rows above the header and below the leads are told apart as in a CSV."""
    rows = [["Call list"], [], *ROWS, [], ["Total", 1]]

    file = read_leads_file(workbook(tmp_path / "leads.xlsx", {"Leads": rows}))

    assert ([row.line for row in file.rows], list(file.aside)) == ([4], [1, 6])


def test_rest_of_a_workbook_is_csv(tmp_path):
    """Rows of a workbook that did not get in are written as CSV, which can be loaded again."""
    file = read_leads_file(workbook(tmp_path / "leads.xlsx", {"Leads": [["Name", "Phone"], ["=1+1 ", 33639981210]]}))

    path = write_not_added(file, {2: "WHY"})

    assert path == tmp_path / "leads.xlsx.not-added.csv"
    assert [row.cells["Phone"] for row in read_leads_file(path).rows] == ["33639981210"]


def test_missing_extra_is_named(tmp_path, monkeypatch):
    """Where python-calamine is not installed, the error says what to install."""
    path = workbook(tmp_path / "leads.xlsx", {"Leads": ROWS})
    found = builtins.__import__

    def without_calamine(name, *rest, **more):
        if name == "python_calamine":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_calamine)

    with pytest.raises(UnreadableFileError, match=r"pip install 'allo-async\[xlsx\]', or save it as CSV"):
        read_leads_file(path)


def test_damaged_workbook_is_told(tmp_path):
    """A workbook whose inside is damaged is an error with a way on."""
    path = workbook(tmp_path / "leads.xlsx", {"Leads": ROWS})
    out = io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(out, "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, b"<x" if name.startswith("xl/work") else whole.read(name))
    path.write_bytes(out.getvalue())

    with pytest.raises(UnreadableFileError, match=r"cannot be read.*: save it again, or as CSV"):
        read_leads_file(path)
