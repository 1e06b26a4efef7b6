"""Files of numbers that must not be called."""

import json

import pytest

from allo_async._loading.normalize import normalize
from allo_async.leads.leads_file import UnreadableFileError
from allo_async.leads.suppression import read_suppression

A, B, C = "+33612345678", "+33612345679", "+33612345680"


@pytest.fixture(name="read")
def _read(tmp_path):
    """Writes a list, reads it, and tells which of three numbers are in it."""

    def read(content, name="dnc.csv", region="FR", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))
        suppressed = read_suppression([path], region)
        return [number for number in (A, B, C) if suppressed.find(normalize(number, None), number)]

    return read


@pytest.mark.parametrize(
    "content",
    [
        f"{A}\n{B}\n",
        f"Phone\n{A}\n{B}\n",
        f"DNC list of 2026\n{A}\n{B}",
        "06 12 34 56 78\r\n06.12.34.56.79\r\n",
        f"{A}",
        f"{A};{B}",
        f"\n\n{A}\n\n{B}\n",
        f"{A}\nnobody\n\n{B}\n",
        f"Name,Phone,Notes\nJo,{A},called {C} for Marie\nMarie,{B},\n",
        f"Name;Mobile;Phone\nJo;{A};{B}\n",
        f"id,who,what\n17,{A},x\n18,x,{B}\n",
        f"Phone,Name\n{A}\n{B},Jo,more,than,there,is\n",
        f'Phone,Name\n{A},Jo\n"{B},Marie\n',
    ],
)
def test_list_is_read_however_it_looks(read, content):
    """One number a line, with or without a header, or a table: its phone columns, or else every number in it."""
    found = read(content)

    assert A in found
    assert C not in found
    assert B in found or B not in content


def test_two_numbers_in_a_line_both_count(read):
    """A list that separates its numbers is read whole."""
    assert read(f"{A};{B}") == [A, B]
    assert read(f"{A},{B}\n{C},\n") == [A, B, C]


def test_json_lines(read):
    """Numbers in JSON Lines count, in lists and as integers, too."""
    rows = [{"phone": A}, {"phone": int(B[1:])}, {"mobile": [C]}]

    assert read("\n".join(map(json.dumps, rows)), "dnc.jsonl") == [A, B, C]


def test_other_encodings(read):
    """UTF-16 as Excel writes it, and Windows-1252, are read."""
    assert read(f"Téléphone\n{A}\n", encoding="utf-16") == [A]
    assert read(f"Numéro\n{A}\n", encoding="cp1252") == [A]


@pytest.mark.parametrize("content", ["", "\n\n", "Phone\n", "Phone\nn/a\n-\n", "nobody", "Name,Age\nJo,42\n", "\0\1\2"])
def test_file_without_a_number_is_refused(read, content):
    """A list in which no number is found is an error that names the file: it may be the wrong file."""
    with pytest.raises(UnreadableFileError, match=r"dnc\.csv"):
        read(content)


def test_several_files_are_one_list(tmp_path):
    """Every file counts, and one that is missing is named."""
    (tmp_path / "a.txt").write_text(A, "utf-8")
    (tmp_path / "b.txt").write_text(f"{A}\n{B}\n", "utf-8")

    assert len(read_suppression([tmp_path / "a.txt", tmp_path / "b.txt"], None)) == 2
    with pytest.raises(UnreadableFileError, match=r"c\.txt: No such file"):
        read_suppression([tmp_path / "a.txt", tmp_path / "c.txt"], None)
