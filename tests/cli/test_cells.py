import csv
import json

import openpyxl
import pytest

from tests.numbers.cells import EACH, LOST, NONE

MARIE = "marie@acme.example"
REGIONS = sorted({region for _, _, region, _ in EACH}, key=str)


def write_csv(path, cells):
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["Phone", "Name"], *([cell, "Jo"] for cell in cells)])
    return path


def write_xlsx(path, cells):
    book = openpyxl.Workbook()
    for row in [["Phone", "Name"], *([cell, "Jo"] for cell in cells)]:
        book.active.append(row)
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"
    book.save(path)
    return path


def is_writable(cell):
    """A workbook has no control characters, and Excel's own writer none that XML lacks."""
    return not any(ord(character) < 32 and character not in "\t\n" for character in cell)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(("name", "write"), [("leads.csv", write_csv), ("leads.xlsx", write_xlsx)])
def test_command_sends_what_the_table_says(sandbox, run, tmp_path, region, name, write):
    """From CSV and from XLSX, the server gets exactly what must be sent for each cell, in order."""
    cases = [(cell, expected) for _, cell, wanted, expected in EACH if wanted == region and is_writable(cell)]
    file = write(tmp_path / name, [cell for cell, _ in cases])

    named = [] if region is None else ["--region", region]
    told = run("load", file, "--to", MARIE, *named, "--keep-duplicates", "--json", code=None)

    sent = [number for append in sandbox.ledger.appends for number in append.rows]
    assert sent == [expected for _, expected in cases if expected not in {NONE, LOST}]
    skipped = json.loads(told.stdout)["skipped"]
    lost = [expected for _, expected in cases if expected == LOST]
    assert skipped.get(LOST, 0) == len(lost)
