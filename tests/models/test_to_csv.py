"""`to_csv()`: the fate of every row as a file."""

import csv
import os
import stat
from pathlib import Path

import pytest

from allo_async import AppendResult, Contact, Journal, PendingContact, SkippedNumber
from tests.end_to_end.numbers import us_numbers


def read(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_csv_has_every_row(tmp_path, spread):
    """The file has the rows under the names of their fields; what a row has not is an empty cell."""
    path = tmp_path / "fates.csv"

    count = spread.to_csv(path)

    rows = read(path)
    assert count == len(rows) == 5
    assert rows == [
        {name: str(value or ("0" if value == 0 else "")) for name, value in row._asdict().items()}
        for row in spread.rows()
    ]


def test_csv_is_its_owners_alone(tmp_path, appended):
    """It replaces what stands there, a link too, and nobody else reads it."""
    treasure, path = tmp_path / "treasure", tmp_path / "fates.csv"
    treasure.write_text("not to be touched", "utf-8")
    path.symlink_to(treasure)

    appended.to_csv(str(path))

    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert treasure.read_text("utf-8") == "not to be touched"
    assert len(read(path)) == 5


def test_csv_runs_nowhere(tmp_path):
    """A cell that a spreadsheet would run is guarded, and half a surrogate pair keeps no file from being written."""
    result = AppendResult(
        skipped=[SkippedNumber(index=0, number="=cmd|' /C calc'!A0", reason="@SUM(1)", source="server")],
        pending=[PendingContact(index=1, contact=Contact("\ud83d"))],
    )

    result.to_csv(tmp_path / "fates.csv")

    assert [(row["number"], row["reason"]) for row in read(tmp_path / "fates.csv")] == [
        ("'=cmd|' /C calc'!A0", "'@SUM(1)"),
        ("\\ud83d", ""),
    ]


@pytest.mark.parametrize("path", [None, 5, b"fates.csv", "", " ", "a\0b"])
def test_what_is_no_path_is_refused(path, appended):
    """What is no path is refused by its name."""
    with pytest.raises(ValueError, match="path must be a path"):
        appended.to_csv(path)


def test_file_that_cannot_be_written(tmp_path, appended):
    """Where no file can be, the error says so, and nothing is left behind."""
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", tmp_path, tmp_path / "absent" / "fates.csv"):
        with pytest.raises(OSError, match=str(path.parent if "absent" in str(path) else path)):
            appended.to_csv(path)

    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


async def test_csv_of_a_journal_has_the_same_words(tmp_path, allo):
    """The columns that a journal's file has are those of the result's, with the same values."""
    journal, rows = Journal(tmp_path / "a.journal"), [*us_numbers(3), "n/a"]
    result = await allo.queue().append(rows, journal=journal, load_id="monday")

    result.to_csv(tmp_path / "result.csv")
    await journal.to_csv(tmp_path / "journal.csv", "monday")

    of_journal, of_result = read(tmp_path / "journal.csv"), read(Path(tmp_path / "result.csv"))
    # An append does not know its queue's name, and a journal keeps no detail.
    besides = {"queue", "detail"}
    assert list(of_journal[0]) == list(of_result[0])[:-1]
    assert [{k: v for k, v in row.items() if k not in besides} for row in of_journal] == [
        {k: v for k, v in row.items() if k not in besides} for row in of_result
    ]
