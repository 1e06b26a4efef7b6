"""Hostile files of leads: what an export, an accident or an attacker may leave at a path."""

import json
import os
import zipfile
from io import BytesIO

import openpyxl

NUMBER = "+12125550010"
TABLE = f"Phone\n{NUMBER}\n"
MILLION = 1_000_000


def _file(content, name="leads.csv"):
    def make(folder):
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def _linked(target):
    def make(folder):
        path = folder / "leads.csv"
        path.symlink_to(target)
        return path

    return make


def _folder(folder):
    path = folder / "leads.csv"
    path.mkdir()
    return path


def _unreadable(folder):
    path = _file(TABLE)(folder)
    path.chmod(0)
    return path


def _fifo(folder):
    path = folder / "leads.csv"
    os.mkfifo(path)
    return path


def _sparse(folder):
    path = folder / "leads.csv"
    with path.open("wb") as file:
        file.write(TABLE.encode())
        file.truncate(5 * 2**30)
    return path


def _book(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _zip(members, compression=zipfile.ZIP_DEFLATED):
    content = BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, member in members.items():
            file.writestr(name, member)
    return content.getvalue()


def _book_with(**changed):
    with zipfile.ZipFile(BytesIO(_book(["Phone"], [NUMBER]))) as book:
        members = {name: book.read(name) for name in book.namelist()}
    return _zip(members | {name.replace("__", "/").replace("_", "."): content for name, content in changed.items()})


def _bomb(folder):
    path = folder / "leads.xlsx"
    path.write_bytes(_book(["Phone"], [NUMBER]))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book, book.open("xl/theme/theme2.xml", "w") as member:
        for _ in range(513):
            member.write(b" " * 2**20)
    return path


_LAUGHS = (
    b'<!DOCTYPE w [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><worksheet>&j;</worksheet>"
)
_XXE = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet>&x;</worksheet>'

#: Makes each at a path of a folder, and returns the path.
FILES = {
    "not there": lambda folder: folder / "leads.csv",
    "empty": _file(""),
    "only a mark": _file("\ufeff"),
    "only line breaks": _file("\n" * 100_000),
    "only a header": _file("Phone\n"),
    "only commas": _file("," * 100_000),
    "NULs": _file(b"\0" * 100_000),
    "NULs within": _file(f"Ph\0one\n{NUMBER}\0\n"),
    "bytes at random": _file(bytes(range(256)) * 400),
    "UTF-16 without a mark": _file(TABLE.encode("utf-16-le")),
    "UTF-16": _file(TABLE.encode("utf-16")),
    "UTF-32": _file(TABLE.encode("utf-32")),
    "UTF-7": _file(b"Phone\n+ADE-2125550010\n"),
    "broken UTF-8": _file(b"Phone,Name\n+12125550010,\xff\xfe\xc3\n"),
    "half a character at the end": _file(TABLE.encode() + b"+1212555001\xe2\x82"),
    "an open quote": _file(f'Phone,Name\n{NUMBER},"Marie\n' + "x,y\n" * 10_000),
    "quotes in quotes": _file(f'Phone,Name\n{NUMBER},"Ma""r"i"e"\n'),
    "a cell of five megabytes": _file(f"Phone,Name\n{NUMBER},{'x' * 5 * MILLION}\n"),
    "a header of five megabytes": _file(f"{'Phone' * MILLION}\n{NUMBER}\n"),
    "ten thousand columns": _file(",".join(f"c{i}" for i in range(10_000)) + ",Phone\n" + "," * 10_000 + NUMBER + "\n"),
    "the same header a thousand times": _file(",".join(["Phone"] * 1_000) + "\n" + ",".join([NUMBER] * 1_000) + "\n"),
    "rows of any length": _file("Phone,Name\n" + "\n".join("," * i for i in range(300)) + f"\n{NUMBER}\n"),
    "mixed line breaks": _file(f"Phone\r{NUMBER}\r\n+12125550011\n\r+12125550012"),
    "line breaks of Unicode": _file(f"Phone\u2028{NUMBER}\u2029+12125550011\x85"),
    "separators that change": _file(f"Phone;Name\n{NUMBER},Marie\n+12125550011\tTom\n"),
    "escapes": _file(f"Phone,\x1b[31mName\x1b]0;x\x07\n{NUMBER},\x1b[2J\u202e\n"),
    "formulas": _file(f"Phone,Name\n{NUMBER},=cmd|'/C calc'!A1\n12,@SUM(1)\n"),
    "markup": _file(f"Phone,[/bold]Name\n{NUMBER},[link=x]y[/]\n[/],[bold]\n"),
    "a folder": _folder,
    "nobody may read it": _unreadable,
    "a link to itself": _linked("leads.csv"),
    "a link to nothing": _linked("/nowhere/at/all"),
    "a device without end": _linked("/dev/zero"),
    "an empty device": _linked("/dev/null"),
    "a tree of processes": _linked("/proc/self/mem"),
    "five gigabytes of holes": _sparse,
    "JSON nested without end": _file("[" * 100_000, "leads.json"),
    "JSON of a number": _file("5", "leads.json"),
    "JSON of text": _file('"' + NUMBER + '"', "leads.json"),
    "JSON of lists": _file(json.dumps([[NUMBER], []]), "leads.json"),
    "JSON of odd rows": _file(
        json.dumps([None, 5, {"Phone": [NUMBER]}, {"Phone": {}}, {"Phone": NUMBER}]), "leads.json"
    ),
    "JSON with a huge number": _file('[{"Phone": 1' + "0" * 5_000 + "}]", "leads.json"),
    "JSON with keys twice": _file('[{"Phone": "1", "Phone": "' + NUMBER + '"}]', "leads.json"),
    "JSON that is cut off": _file('[{"Phone": "' + NUMBER, "leads.json"),
    "JSON lines that break off": _file('{"Phone": "' + NUMBER + '"}\n{"Phone": \n[]\n', "leads.jsonl"),
    "JSON with NaN": _file('[{"Phone": NaN}]', "leads.json"),
    "JSON with half a pair": _file('[{"Phone": "\\ud800' + NUMBER + '", "\\udfff": "x"}]', "leads.json"),
    "a workbook": _file(_book(["Phone"], [NUMBER]), "leads.xlsx"),
    "a workbook of another name": _file(_book(["Phone"], [NUMBER])),
    "a table of a workbook's name": _file(TABLE, "leads.xlsx"),
    "a workbook that is cut off": _file(_book(["Phone"], [NUMBER])[:-500], "leads.xlsx"),
    "a workbook without a sheet": _file(_zip({"x": b""}), "leads.xlsx"),
    "a workbook with a bomb": _bomb,
    "a workbook that laughs": _file(_book_with(xl__worksheets__sheet1_xml=_LAUGHS), "leads.xlsx"),
    "a workbook that reads files": _file(_book_with(xl__worksheets__sheet1_xml=_XXE), "leads.xlsx"),
    "a workbook of errors": _file(_book(["Phone", "#REF!"], ["#N/A", "=1/0"], [NUMBER, "#DIV/0!"]), "leads.xlsx"),
    "a workbook far away": _file(
        _book_with(
            xl__worksheets__sheet1_xml=b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
            b'main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Phone</t></is></c></row>'
            b'<row r="1048576"><c r="XFD1048576"><v>12125550010</v></c></row></sheetData></worksheet>'
        ),
        "leads.xlsx",
    ),
    "an old workbook that is none": _file(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "leads.xls"),
    "an open workbook that is none": _file(b"PK\x03\x04" + bytes(2_000), "leads.ods"),
    "a page": _file(f"<html><table><tr><td>Phone</td></tr><tr><td>{NUMBER}</td></tr></table></html>", "leads.xls"),
}
