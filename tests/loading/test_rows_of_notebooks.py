"""Rows as notebooks, data frames and database drivers give them."""

import csv
import decimal
import io
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from allo_async import Contact
from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._loading.rows import RowSource
from allo_async.journal.digest import digest

NUMBER = "+12125550010"
MISSING = {
    "None": None,
    "nan": float("nan"),
    "numpy.nan": np.nan,
    "numpy.float32 nan": np.float32("nan"),
    "pandas.NA": pd.NA,
    "pandas.NaT": pd.NaT,
    "numpy.datetime64 NaT": np.datetime64("NaT"),
    "Decimal NaN": decimal.Decimal("NaN"),
    "Decimal sNaN": decimal.Decimal("sNaN"),
    "blank": "  ",
}


def prepare(*rows, region=None):
    preparer = Preparer(region=region, keep_duplicates=True)
    return [preparer.prepare(index, row) for index, row in enumerate(rows)]


def entries(*rows, region=None):
    prepared = prepare(*rows, region=region)
    assert [row for row in prepared if not isinstance(row, PreparedRow)] == []
    return [row.entry for row in prepared]


@pytest.mark.parametrize("kind", MISSING)
def test_missing_is_not_given_in_any_field(kind):
    """Each way to say "not given" leaves a field out, and a list's item, and a row without a number is skipped."""
    fields = ("name", "last_name", "company", "website", "job_title", "emails", "addresses")
    row = dict.fromkeys(fields, MISSING[kind])

    assert entries({"number": NUMBER, **row}) == [{"number": NUMBER}]
    assert entries({"number": NUMBER, "emails": [MISSING[kind], "jo@acme.com"]})[0]["emails"] == ["jo@acme.com"]
    (skipped,) = prepare({"number": MISSING[kind], "name": "Jo"})
    assert (skipped.reason, skipped.detail) == (
        "INVALID_CONTACT",
        "number: empty" if kind == "blank" else "number: missing",
    )


@pytest.mark.parametrize(
    ("given", "digits"),
    [
        (436641234567, "436641234567"),
        (436641234567.0, "436641234567"),
        (np.int64(436641234567), "436641234567"),
        (np.uint64(436641234567), "436641234567"),
        (np.float64(436641234567.0), "436641234567"),
        (decimal.Decimal(436641234567), "436641234567"),
        (decimal.Decimal("436641234567.00"), "436641234567"),
        (2.0**53, "9007199254740992"),
        (np.float32(1234567.0), "1234567"),
        (np.str_("436641234567"), "436641234567"),
    ],
)
def test_numbers_are_their_digits(given, digits):
    """A whole number is a phone number, exactly as its digits say, alone and in a mapping."""
    for row in (given, {"number": given}, Contact(given)):
        (prepared,) = prepare(row)
        number = prepared.contact.number if isinstance(prepared, PreparedRow) else prepared.number
        assert number == digits
        assert type(number) is str


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        (33612345678.5, "number: is a number, but not a whole one"),
        (float("inf"), "number: is a number, but not a whole one"),
        (decimal.Decimal("Infinity"), "number: is a number, but not a whole one"),
        (2.0**53 + 2, "number: lost digits when it became a float; keep it as text"),
        (np.float32(33612345678), "number: lost digits when it became a float; keep it as text"),
        (decimal.Decimal("3.36E+10"), "number: lost digits in scientific notation; keep it as text"),
        (-33612345678, "number: is below zero"),
        (np.bool_(1), "number: expected a string, got bool"),
        (pd.Timestamp("2026-11-26"), "number: expected a string, got Timestamp"),
    ],
)
def test_spoilt_numbers_are_skipped(given, detail):
    """A number that cannot be what was meant is skipped, and the detail says why."""
    (skipped,) = prepare({"number": given})

    assert (skipped.reason, skipped.source) == ("INVALID_CONTACT", "client")
    assert skipped.detail == detail


def test_numbers_in_other_fields_become_text():
    """A company 3 is a company, also where a missing value beside it has made it 3.0."""
    row = {"number": NUMBER, "company": 3, "job_title": np.int64(1), "name": 3.0, "last_name": 2.5}

    assert entries(row) == [{"number": NUMBER, "company": "3", "job_title": "1", "name": "3", "last_name": "2.5"}]
    assert prepare({"number": NUMBER, "company": True})[0].detail == "company: expected a string, got bool"


@pytest.mark.parametrize(
    ("given", "emails"),
    [
        ("a@x.com", ["a@x.com"]),
        ("a@x.com; b@y.com", ["a@x.com", "b@y.com"]),
        ("a@x.com,b@y.com c@z.com;", ["a@x.com", "b@y.com", "c@z.com"]),
        ("Jo Doe <a@x.com>; b@y.com", ["Jo Doe <a@x.com>", "b@y.com"]),
        (("a@x.com", "b@y.com"), ["a@x.com", "b@y.com"]),
        ({"b@y.com", "a@x.com"}, ["a@x.com", "b@y.com"]),
        (np.array(["a@x.com", "b@y.com"]), ["a@x.com", "b@y.com"]),
        (pd.Series(["a@x.com", None, "b@y.com"]), ["a@x.com", "b@y.com"]),
    ],
)
def test_emails(given, emails):
    """One text may hold several e-mail addresses, and every kind of list is one."""
    assert entries({"number": NUMBER, "emails": given})[0]["emails"] == emails


def test_postal_address_is_never_split():
    """An address has commas of its own."""
    (entry,) = entries({"number": NUMBER, "addresses": "1 Main St, Springfield; IL"})

    assert entry["addresses"] == ["1 Main St, Springfield; IL"]


def test_data_frame():
    """The records of a data frame are rows, however pandas keeps the column, and so are its rows one by one."""
    frame = pd.DataFrame(
        {"number": [33612345678.0, None, 33612345679], "name": ["Zoé", "Jo", None], "company": [3, None, 4]}
    )
    expected = [
        ("33612345678", {"name": "Zoé", "company": "3"}),
        "number: missing",
        ("33612345679", {"company": "4"}),
    ]

    def told(rows):
        return [
            (row.contact.number, {field: value for field, value in row.entry.items() if field != "number"})
            if isinstance(row, PreparedRow)
            else row.detail
            for row in prepare(*rows)
        ]

    assert told(frame.to_dict("records")) == expected
    assert told(row for _, row in frame.iterrows()) == expected
    assert told(frame.itertuples(index=False)) == expected
    assert told(frame.astype(object).to_dict("records")) == expected
    assert told(frame.convert_dtypes().to_dict("records")) == expected


async def test_series_of_numbers():
    """A column of numbers is a list of rows."""
    for column in (pd.Series([33612345678, 33612345679]), np.array([33612345678, 33612345679])):
        source = RowSource(column)
        taken = [await source.next() for _ in range(3)]
        assert [row.contact.number for row in prepare(*(row for _, row in taken[:2]))] == ["33612345678", "33612345679"]
        assert taken[2] is None


class Lead(NamedTuple):
    """A row as some drivers give it."""

    number: str
    name: str
    company: str | None = None


def test_rows_of_databases():
    """Rows as database drivers return them are rows: sqlite3's, and named tuples."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row = connection.execute("SELECT ? AS number, 'Jo' AS name, NULL AS company", (NUMBER,)).fetchone()
    connection.close()
    named = Lead(NUMBER, "Jo")

    assert entries(row, named) == [{"number": NUMBER, "name": "Jo"}] * 2


class PolarsLike:
    """As much of a polars data frame as is looked at."""

    columns = ("number",)

    def to_dicts(self):
        return []

    def __iter__(self):
        return iter(())


FRAME = pd.DataFrame({"number": [NUMBER], "name": ["Jo"]})


@pytest.mark.parametrize(
    ("rows", "hint"),
    [
        (FRAME, 'df.to_dict("records")'),
        (PolarsLike(), "df.to_dicts()"),
        (FRAME.iloc[0], "[row]"),
        (np.array([[NUMBER, "Jo"]]), "array[:, 0]"),
        (np.array([(1, "Jo")], dtype=[("number", "i8"), ("name", "U2")]), "array.dtype.names"),
        ({"number": [NUMBER], "name": ["Jo"]}, "zip(*columns.values())"),
        ({"number": pd.Series([NUMBER])}, "zip(*columns.values())"),
        ({"number": NUMBER, "name": "Jo"}, "[row]"),
        ({}, "[row]"),
        (Lead(NUMBER, "Jo"), "[row]"),
        (Path("leads.csv"), "csv.DictReader"),
        (io.StringIO(NUMBER), "csv.DictReader"),
        (NUMBER, "[row]"),
        (b"x", "[row]"),
        (5, "not int"),
    ],
)
def test_what_is_no_list_of_rows_is_refused_with_the_way_out(rows, hint):
    """A table passed whole, one row, a path and an open file each say what to pass instead."""
    with pytest.raises(TypeError) as caught:
        RowSource(rows)

    assert hint in str(caught.value)


def test_readers_and_cursors_are_lists_of_rows():
    """Readers and cursors are no files and no tables."""
    cursor = sqlite3.connect(":memory:")
    for rows in (csv.DictReader(["number", NUMBER]), cursor.execute("SELECT 1"), {NUMBER: 1}.keys(), {NUMBER}):
        RowSource(rows)
    cursor.close()


@pytest.mark.parametrize(
    ("name", "field"),
    [
        *((name, "number") for name in ("phone", "Phone Number", "phone_number", "mobile", "tel", "cell", "NUMBER")),
        *(
            (name, "name")
            for name in ("first_name", "firstname", "given_name", "prénom", "vorname", "full_name", "Name")
        ),
        *((name, "last_name") for name in ("lastname", "Last Name", "surname", "family_name", "LAST_NAME ")),
        *((name, "emails") for name in ("email", "mail", "e-mail", "E-Mail")),
        *((name, "company") for name in ("organisation", "organization", "account", "Company")),
        *((name, "job_title") for name in ("title", "position", "jobTitle")),
        *((name, "website") for name in ("url", "Website")),
        *((name, "addresses") for name in ("address", "street")),
    ],
)
def test_unknown_field_gets_the_right_suggestion(name, field):
    """People's own name for a field is answered with the API's; `name` is the first name."""
    (skipped,) = prepare({"number": NUMBER, name: "x"})

    assert skipped.detail.startswith(f"{name}: unknown field, did you mean {field}?")
    assert ("the first name is `name`" in skipped.detail) == (field == "name")


@pytest.mark.parametrize(
    "name", ["notes", "nummer1", "company_id", "owner", "emails2", "", 5, None, ("a", "b"), float("nan")]
)
def test_other_names_get_no_suggestion(name):
    """A name that may mean anything is answered with the list of fields."""
    (skipped,) = prepare({"number": NUMBER, name: "x"})

    assert skipped.detail == (
        f"{name}: unknown field; the fields are number, name, last_name, company, website, job_title, emails, addresses"
    )


SAME_IN_EVERY_PROCESS = """
import decimal, hashlib
import numpy as np, pandas as pd
from allo_async.journal.digest import digest
rows = [
    np.int64(5), float("nan"), pd.NA, pd.NaT, decimal.Decimal("5"), {"a", "b", "c", "d"},
    {"number": np.float64("nan"), "emails": {"a@x", "b@x", "c@x", "d@x"}, "addresses": np.array(["a", "b"])},
    pd.Series({"number": 5.0, "name": pd.NA}),
    {"number": pd.NA, "company": np.int64(3)},
]
print([digest(row).hex() for row in rows])
"""


def test_digest_is_the_same_in_every_process():
    """A journal knows a row again in another process, whatever types its values have."""
    told = {
        subprocess.run(
            [sys.executable, "-c", SAME_IN_EVERY_PROCESS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(told) == 1


def test_digest_is_that_of_the_plain_row():
    """A row is the same row as numpy's integer, and where a missing value elsewhere has made its column a float."""
    assert digest({"number": np.int64(5)}) == digest({"number": 5}) == digest({"number": 5.0})
    assert digest(pd.Series({"number": 5.0})) == digest({"number": np.float64(5)}) == digest({"number": 5})
    assert digest(np.int64(5)) == digest(5) == digest(5.0)
    assert digest({"number": 5}) != digest({"number": 6})
    assert digest({"number": 5.5}) != digest({"number": 5})


def test_nothing_imports_numpy_or_pandas():
    """The library knows their values without importing them."""
    code = "import sys, allo_async.cli.app; print(*{'numpy', 'pandas'} & sys.modules.keys())"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []
