import pytest

from allo_async.cli.not_added import write_not_added
from allo_async.leads.leads_file import UnreadableFileError, read_leads_file

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
    """A short row has the cells that stand there; one with too many cells is a problem of its own, with its line."""
    file = read_leads_file(written(tmp_path / "leads.csv", "Name,Phone\nJo\nJo,1,2\nAl,3\n"))

    assert [(row.line, row.problem) for row in file.rows] == [
        (2, None),
        (3, "3 cells where the header has 2"),
        (4, None),
    ]
    assert dict(file.rows[0].cells) == {"Name": "Jo"}


def test_empty_cells_at_the_end_are_no_surplus(tmp_path):
    """Delimiters that a spreadsheet leaves at the end of a row cost nothing."""
    file = read_leads_file(written(tmp_path / "leads.csv", "Name,Phone\nJo,1,,\n"))

    assert [(row.problem, dict(row.cells)) for row in file.rows] == [(None, {"Name": "Jo", "Phone": "1"})]


def test_unclosed_quote_costs_its_line_only(tmp_path):
    """A quote that nothing closes does not swallow the rows below, wherever it stands."""
    content = 'Name,Phone\nA,1\n"B,2\nC,3\n"D ""d""",4\nE,"5\n'

    file = read_leads_file(written(tmp_path / "leads.csv", content))

    assert [(row.line, row.raw) for row in file.rows if row.problem] == [(3, '"B,2'), (6, 'E,"5')]
    assert [row.cells["Phone"] for row in file.rows if not row.problem] == ["1", "3", "4"]
    path = write_not_added(file, {3: "BROKEN"})
    assert path.read_text("utf-8-sig") == 'Name,Phone,allo_reason\n"""B,2",,BROKEN\n'


def test_quotes_that_can_mean_one_thing_only_are_forgiven(tmp_path):
    """Text behind a closing quote breaks the format's rules, and is read all the same."""
    file = read_leads_file(written(tmp_path / "leads.csv", 'Name,Phone\n"Acme" Ltd,1\n5" pipes,2\n'))

    assert [list(row.cells.values()) for row in file.rows] == [["Acme Ltd", "1"], ['5" pipes', "2"]]


def test_exports_glued_together_keep_their_accents(tmp_path):
    """A file with lines in UTF-8 and others in Windows-1252 is read line by line, even bytes that neither knows."""
    path = tmp_path / "leads.csv"
    path.write_bytes("Prénom;Tél\n".encode() + "Zoé;1\n".encode("cp1252") + "Loïc;2\n".encode() + b"\x81;3\n")

    file = read_leads_file(path)

    assert [row.cells["Prénom"] for row in file.rows] == ["Zoé", "Loïc", "\x81"]


def test_delimiter_of_a_header_that_has_others_too(tmp_path):
    """Where the header leaves a choice, the rows below decide; blank lines above it do not count."""
    file = read_leads_file(written(tmp_path / "leads.csv", "\nPhone (mobile, home);Name\n1;Jo\n2;Al\n"))

    assert (file.delimiter, list(file.columns), file.rows[0].line) == (";", ["Phone (mobile, home)", "Name"], 3)


def test_reasons_of_an_earlier_run_are_replaced(tmp_path):
    """A not-added file that is loaded again gets new reasons, not a second column of them."""
    file = read_leads_file(written(tmp_path / "leads.csv", "Phone,allo_reason,Phone\n1,OLD,2\n"))

    path = write_not_added(file, {2: "NEW"})

    assert path.read_text("utf-8-sig") == "Phone,Phone,allo_reason\n1,2,NEW\n"
    assert [entry.name for entry in sorted(tmp_path.iterdir())] == ["leads.csv", "leads.not-added.csv"]


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


def test_json_text_that_line_breaking_could_tear(tmp_path):
    """A line ends at a line feed and nowhere else, and odd values keep nothing from being written."""
    content = '{"number": "1", "name": "a\u2028b"}\n{"number": "\\ud800"}\n' + '{"number": ' + "9" * 5000 + "}"

    file = read_leads_file(written(tmp_path / "leads.ndjson", content))

    assert [(row.line, row.problem) for row in file.rows] == [(1, None), (2, None), (3, "no JSON that can be read")]
    written_again = write_not_added(file, {2: "WHY"}).read_text("utf-8")
    assert written_again == '{"number": "\\ud800", "allo_reason": "WHY"}\n'


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
    assert path.read_text("utf-8-sig") == "Prénom;Tél;allo_reason\nZoé;1;WHY\na;b;BROKEN;c\n"
    assert write_not_added(file, {}) is None
    assert not path.exists()


def test_rows_of_json_lines_are_written_as_json_lines(tmp_path):
    """What came as JSON Lines goes out as JSON Lines."""
    file = read_leads_file(written(tmp_path / "leads.jsonl", '{"number": "é"}\nnope\n'))

    path = write_not_added(file, {1: "WHY", 2: "BROKEN"})

    assert (
        path.read_text("utf-8") == '{"number": "é", "allo_reason": "WHY"}\n{"raw": "nope", "allo_reason": "BROKEN"}\n'
    )
