import pytest

from allo_async import Contact, SkippedNumber
from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRow


def prepare(*rows, region=None, keep_duplicates=False):
    preparer = Preparer(region=region, keep_duplicates=keep_duplicates)
    return [preparer.prepare(index, row) for index, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("", "number: empty"),
        ("   ", "number: empty"),
        ({}, "number: missing"),
        ({"number": None}, "number: missing"),
        ({"number": " ", "name": "Jo"}, "number: empty"),
        ({"number": True}, "number: expected a string, got bool"),
        ({"number": 1212555001.5}, "number: is a number, but not a whole one"),
        ({"number": 2.0**53 + 2}, "number: lost digits when it became a float"),
        ({"number": -12125550010}, "number: is below zero"),
        ({"number": b"+12125550010"}, "number: expected a string, got bytes"),
        ({"name": "Jo"}, "number: missing"),
        ({"number": "+12125550010", "name": ["Jo"]}, "name: expected a string, got list"),
        ({"number": "+12125550010", "emails": 5}, "emails: expected a list of strings, got int"),
        ({"number": "+12125550010", "emails": {"jo@acme.com": 1}}, "emails: expected a list of strings, got dict"),
        ({"number": "+12125550010", "emails": ["jo@acme.com", 5]}, "emails[1]: expected a string, got int"),
        ({"number": "+12125550010", "lastname": "Doe"}, "lastname: unknown field, did you mean last_name?"),
        ({"number": "+12125550010", 5: "x"}, "5: unknown field"),
        ({"number": "+12125550010", "name": "\ud800"}, "name: holds half of a surrogate pair"),
        (Contact("+12125550010", company=True), "company: expected a string, got bool"),
        (Contact(None), "number: missing"),
        (None, "a row must be a string, a mapping or a Contact, not nothing"),
        (True, "a row must be a string, a mapping or a Contact, not bool"),
        (12125550010.5, "number: is a number, but not a whole one"),
        (float("nan"), "number: missing"),
        (dict, "a row must be a string, a mapping or a Contact, not type"),
        (("+12125550010",), "a row must be a string, a mapping or a Contact, not tuple"),
        (b"+12125550010", "a row must be a string, a mapping or a Contact, not bytes"),
    ],
)
def test_unusable_row_is_skipped_by_field(row, detail):
    """A row that cannot be sent is skipped as INVALID_CONTACT, and the detail names the field."""
    (skipped,) = prepare(row)

    assert (skipped.index, skipped.reason, skipped.source) == (0, "INVALID_CONTACT", "client")
    assert skipped.detail.startswith(detail)


def test_number_of_a_skipped_row_is_told_as_given():
    """A skipped row carries its number exactly as it was given, where it gave one."""
    rows = prepare({"number": " N/A ", "name": b"Jo"}, {"number": True}, "n/a", Contact("12"))

    assert [row.number for row in rows] == [" N/A ", None, "n/a", "12"]
    assert [row.reason for row in rows] == ["INVALID_CONTACT"] * 2 + ["INVALID_PHONE_NUMBER"] * 2


def test_three_kinds_of_row_are_one():
    """A string, a mapping and a Contact of the same number give the same entry."""
    prepared = prepare(
        "+12125550010", {"number": "+1 212 555 0010"}, Contact("(212) 555-0010"), region="US", keep_duplicates=True
    )

    assert [row.entry for row in prepared] == [{"number": "+12125550010"}] * len(prepared)


def test_entry_holds_every_field():
    """Every field of a contact goes out under the API's name; blank ones do not."""
    row = {
        "number": "+12125550010",
        "name": " Zoé ",
        "last_name": "",
        "company": "Acme",
        "website": None,
        "job_title": "CEO",
        "emails": ("zoe@acme.com", ""),
        "addresses": [],
    }

    (prepared,) = prepare(row)

    assert prepared.entry == {
        "number": "+12125550010",
        "name": "Zoé",
        "company": "Acme",
        "job_title": "CEO",
        "emails": ["zoe@acme.com"],
    }


def test_repeat_is_skipped_however_it_is_written():
    """A number that came up before in the call is skipped and says which row it repeats."""
    rows = prepare("+33612345678", "06 12 34 56 78", "0033 6 12345678", "+33612345679", region="FR")

    assert [type(row) for row in rows] == [PreparedRow, SkippedNumber, SkippedNumber, PreparedRow]
    assert {(row.reason, row.detail) for row in rows[1:3]} == {("DUPLICATE_NUMBER", "repeats row 0")}


def test_repeats_are_sent_on_demand():
    """keep_duplicates=True sends a number as often as it is given."""
    rows = prepare("+33612345678", "+33612345678", keep_duplicates=True)

    assert [row.index for row in rows] == [0, 1]
    assert all(isinstance(row, PreparedRow) for row in rows)
