"""Numbers of people in the words of a server."""

import pytest

from allo_async.display import shown

NUMBERS = [
    "+33612345678",
    "+1 (212) 555-0010",
    "06 12 34 56 78",
    "06.12.34.56.78",
    "06-12-34-56-78",
    "06/12/34/56/78",
    "(212) 555-0010",
    "212 555 0010",
    "2125550010",
    "0033 6 12 34 56 78",
    "06\u00a012\u00a034\u00a056\u00a078",
    "555-0010",
]
NONE = [
    "2026-11-26",
    "2026-11-26T10:00:00Z",
    "192.168.100.200:443",
    "10.0.0.1",
    "at most 1000 numbers",
    "1,234,567 rows",
    "409 2",
    "req_6zaRhSrZwfvj",
    "in 0.25 s",
    "row 999999",
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["{}", "cannot call {} today", "tel.{}", "<{}>", "a: {}, b: {}"])
def test_number_is_masked_however_it_is_written(number, around):
    """A phone number of seven digits or more is masked, in any format and wherever it stands."""
    told = shown(around.format(number, number))

    assert "(number)" in told
    assert [digit for digit in told if digit.isdigit()] == []


@pytest.mark.parametrize("text", NONE)
def test_other_figures_stay(text):
    """Dates, addresses of machines, counts and ids help whoever reads the log."""
    assert shown(f"it said {text} here") == f"it said {text} here"
