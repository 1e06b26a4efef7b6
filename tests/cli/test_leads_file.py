import pytest

from allo_async.cli.leads_file import UnreadableFileError, read_leads_file
from allo_async.cli.not_added import write_not_added

TABLE = [["Prénom", "Société", "Téléphone"], ["Zoé", "Café Œuvre", "+33 6 12 34 56 78"], ["Loïc", "x", "06"]]


def written(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_any_delimiter_and_encoding(tmp_path, delimiter, encoding, newline):
    """What spreadsheets write can be read, accents included."""
    content = newline.join(delimiter.join(row) for row in TABLE) + newline

    file = read_leads_file(written(tmp_path / "leads.csv", content, encoding))

    assert (list(file.columns), file.delimiter) == (TABLE[0], delimiter)
    assert [list(row.cells.values()) for row in file.rows] == TABLE[1:]
    assert [row.line for row in file.rows] == [2, 3]


def test_quoted_cells_and_line_numbers(tmp_path):
    """Delimiters and line breaks inside quotes are text; lines are counted as an editor counts them."""
    content = '"Name, first",Phone\n"a\nb","1;2;3"\n\n,\nlast,3\n'

    file = read_leads_file(written(tmp_path / "leads.csv", content))

    assert [(row.line, dict(row.cells)) for row in file.rows] == [
        (2, {"Name, first": "a\nb", "Phone": "1;2;3"}),
        (6, {"Name, first": "last", "Phone": "3"}),
    ]


def test_excel_separator_line_and_single_column(tmp_path):
    """Excel's `sep=` line is obeyed; a file of numbers alone is one column."""
    excel = read_leads_file(written(tmp_path / "a.csv", "sep=|\nName|Phone, mobile\nJo|1\n"))
    single = read_leads_file(written(tmp_path / "b.csv", "Phone\n+1 212 555 0010\n"))

    assert (list(excel.columns), excel.rows[0].line) == (["Name", "Phone, mobile"], 3)
    assert [dict(row.cells) for row in single.rows] == [{"Phone": "+1 212 555 0010"}]


def test_rows_of_the_wrong_length(tmp_path):
    """A short row is filled up; one with too many cells is a problem of its own, with its line."""
    file = read_leads_file(written(tmp_path / "leads.csv", "Name,Phone\nJo\nJo,1,2\nAl,3\n"))

    assert [(row.line, row.problem) for row in file.rows] == [
        (2, None),
        (3, "3 cells where the header has 2"),
        (4, None),
    ]
    assert dict(file.rows[0].cells) == {"Name": "Jo", "Phone": ""}


def test_columns_of_the_same_name(tmp_path):
    """Two columns of one name stay two."""
    file = read_leads_file(written(tmp_path / "leads.csv", "Phone,Phone,Phone\n1,2,3\n"))

    assert dict(file.rows[0].cells) == {"Phone": "1", "Phone (2)": "2", "Phone (3)": "3"}


def test_json_lines(tmp_path):
    """Each line is an object; one that is none costs only itself."""
    content = '{"number": "1", "name": "Jo"}\n\n{"number": \n[1]\n{"number": "2", "emails": ["a"]}\n'

    file = read_leads_file(written(tmp_path / "leads.jsonl", content))

    assert (list(file.columns), file.delimiter) == (["number", "name", "emails"], None)
    assert [(row.line, row.problem is None) for row in file.rows] == [(1, True), (3, False), (4, False), (5, True)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has no rows"),
        (b"Name,Phone\n", "has no rows"),
        (b"PK\x03\x04...", "Excel workbook"),
        (b"\x7fELF\x00\x00", "not a text file"),
    ],
)
def test_what_is_no_list_is_told(tmp_path, content, told):
    """An empty file, a workbook and a binary each get a clear error."""
    path = tmp_path / "leads.csv"
    path.write_bytes(content)

    with pytest.raises(UnreadableFileError, match=told):
        read_leads_file(path)


def test_missing_file_is_told(tmp_path):
    """A file that is not there is named."""
    with pytest.raises(UnreadableFileError, match=r"nowhere\.csv: No such file"):
        read_leads_file(tmp_path / "nowhere.csv")


def test_rows_that_did_not_get_in_are_written_as_they_came(tmp_path):
    """The file beside the input has the same columns and the reason, and goes away when there is nothing to tell."""
    file = read_leads_file(written(tmp_path / "leads.csv", "Prénom;Tél\nZoé;1\nLoïc;2\na;b;c\n", "cp1252"))

    path = write_not_added(file, {2: "WHY", 4: "BROKEN"})

    assert path == tmp_path / "leads.not-added.csv"
    assert path.read_text("utf-8-sig") == "Prénom;Tél;allo_reason\nZoé;1;WHY\na;b;c;;BROKEN\n".replace(
        "a;b;c", '"a;b;c"'
    )
    assert write_not_added(file, {}) is None
    assert not path.exists()


def test_rows_of_json_lines_are_written_as_json_lines(tmp_path):
    """What came as JSON Lines goes out as JSON Lines."""
    file = read_leads_file(written(tmp_path / "leads.jsonl", '{"number": "é"}\nnope\n'))

    path = write_not_added(file, {1: "WHY", 2: "BROKEN"})

    assert (
        path.read_text("utf-8") == '{"number": "é", "allo_reason": "WHY"}\n{"raw": "nope", "allo_reason": "BROKEN"}\n'
    )
