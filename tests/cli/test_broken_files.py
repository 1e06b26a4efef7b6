import io
import zipfile

import openpyxl
import pytest

MARIE = "marie@acme.example"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CSV = "Name,Phone\nJo,+12122000000\n"


def zipped(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def workbook(*rows):
    out = io.BytesIO()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def stream(name):
    return OLE + b"\0" * 504 + name.encode("utf-16-le") + b"\0" * 512


BROKEN = {
    "empty": ("leads.csv", b"", "is empty: it has no rows"),
    "blank": ("leads.csv", b"\n \n,,\n", "has no rows"),
    "header alone": ("leads.csv", b"Name,Phone\n", "has no rows below its header"),
    "no header": ("leads.csv", b"+12122000000\n+12122000001\n", "put a line with headers above it"),
    "no phone": ("leads.csv", b"Name,Fax\nJo,+12122000000\n", "no column looks like a phone number"),
    "ids of records": ("leads.csv", b"Name,Lead Number\nJo,1001\nAl,1002\n", "'Lead Number' holds what may be ids"),
    "header with an open quote": ("leads.csv", b'"Name,Phone\nJo,+12122000000\n', "quote that is not closed"),
    "UTF-16 without its mark": ("leads.csv", CSV.encode("utf-16-le"), "UTF-16 (little-endian) text without its byte"),
    "UTF-16 of the other kind": ("leads.csv", CSV.encode("utf-16-be"), "UTF-16 (big-endian) text without its byte"),
    "UTF-32": ("leads.csv", CSV.encode("utf-32"), "is UTF-32 text: save it as UTF-8"),
    "HTML called XLS": ("leads.xls", b"<html><table><tr><td>Phone</td></tr></table>", "is a web page (HTML)"),
    "a table called XLS": ("leads.xls", b"<table border=1><tr><td>Phone</td></tr>", "is a web page (HTML)"),
    "XML of Excel 2003": (
        "leads.xls",
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "is an XML table of Excel 2003",
    ),
    "PDF": ("leads.csv", b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
    "picture": ("leads.csv", b"\x89PNG\r\n\x1a\n\0\0", "is a picture (PNG)"),
    "photo": ("leads.xlsx", b"\xff\xd8\xff\xe0\0\x10JFIF", "is a picture (JPEG)"),
    "ZIP": ("leads.zip", zipped("leads.csv"), "is a ZIP archive: unpack it"),
    "gzip": ("leads.csv.gz", b"\x1f\x8b\x08\0", "is compressed (gzip): unpack it"),
    "damaged workbook": ("leads.xlsx", workbook(["Phone"], ["+12122000000"])[:200], "is a damaged Excel workbook"),
    "empty workbook": ("leads.xlsx", workbook(), "has no rows"),
    "Word": ("leads.docx", zipped("word/document.xml"), "is a text document"),
    "old Word": ("leads.doc", stream("WordDocument"), "is a Word document"),
    "workbook with a password": ("leads.xlsx", stream("EncryptedPackage"), "is protected with a password"),
    "Numbers of Apple": ("leads.numbers", zipped("Index/Document.iwa"), "is a document of Apple's Numbers"),
    "RTF": ("leads.csv", b"{\\rtf1\\ansi leads}", "is a text document (RTF)"),
    "contact cards": ("leads.vcf", b"BEGIN:VCARD\nTEL:+12122000000\n", "holds contact cards (vCard)"),
    "program": ("leads.csv", b"\x7fELF\x02\x01\x01\0\0", "is a program"),
    "noise": ("leads.csv", bytes(range(256)) * 8, "is not a text file"),
    "half an array": ("leads.json", b'[{"Phone": "+12122000000"},\n{"Pho', "holds no JSON that can be read"),
    "text called JSON": ("leads.json", b"Phone\n+12122000000\n", "holds no JSON that can be read"),
    "two lists": ("leads.json", b'{"a": [{"Phone": 1}], "b": [{"Phone": 2}]}', "has several lists ('a', 'b')"),
    "JSON without rows": ("leads.json", b'{"data": []}', "no column looks like a phone number"),
    "numbers in JSON": ("leads.json", b"5", "holds no array of objects"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_file_that_holds_no_leads_is_named_for_what_it_is(sandbox, run, tmp_path, kind):
    """A file that cannot be loaded ends the command with one clear sentence and code 2, and nothing is sent."""
    name, content, told = BROKEN[kind]
    path = tmp_path / name
    path.write_bytes(content)

    result = run("load", path, "--to", MARIE, code=2)

    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert sandbox.numbers(MARIE) == []
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_folder_and_missing_file_are_told(sandbox, run, tmp_path):
    """A folder, and a file that is not there, are named."""
    assert "is a folder: name the file in it" in run("load", tmp_path, "--to", MARIE, code=2).stderr
    assert "No such file" in run("load", tmp_path / "nowhere.csv", "--to", MARIE, code=2).stderr


ROWS = {
    "a cell too many": "+12122000001,Jo,x,y",
    "an open quote": '+12122000001,"Jo',
    "a NUL": "+12122\x00000001,Jo",
    "half a row of JSON": '{"Phone": "+12122000001"',
    "an endless note": '+12122000001,"' + "+12122000002,x\n" * 80_000 + '"',
}


@pytest.mark.parametrize("kind", ROWS)
def test_broken_row_costs_itself_alone(sandbox, run, tmp_path, kind):
    """Of three rows the broken one is told with its line, and the others are in."""
    path = tmp_path / "leads.csv"
    head, rows = "Phone,Name\n", ["+12122000000,Al", ROWS[kind], "+12122000003,Bo"]
    if "JSON" in kind:
        head, rows = "", ['{"Phone": "+12122000000"}', ROWS[kind], '{"Phone": "+12122000003"}']
    path.write_text(head + "\n".join(rows) + "\n")

    result = run("load", path, "--to", MARIE, code=0)

    assert sandbox.numbers(MARIE) == ["+12122000000", "+12122000003"]
    assert f"UNREADABLE_ROW: line {2 + bool(head)}, " in result.stdout
