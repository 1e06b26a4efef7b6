import pytest
from multidict import CIMultiDict

from allo_async._wire.hints import retry_after

NOW = 1_790_000_000.0
NOW_AS_DATE = "Mon, 21 Sep 2026 14:13:20 GMT"
IN_A_MINUTE = "Mon, 21 Sep 2026 14:14:20 GMT"


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"retry_after_seconds": 3}, {}, 3.0),
        ({"retry_after_seconds": 0.5}, {}, 0.5),
        ({}, {"Retry-After": "7"}, 7.0),
        ({}, {"retry-after": "1.5"}, 1.5),
        ({}, {"Retry-After": IN_A_MINUTE}, 60.0),
        ({}, {"Retry-After": NOW_AS_DATE}, 0.0),
        ({"retry_after_seconds": 2}, {"Retry-After": "9"}, 9.0),
        ({"retry_after_seconds": 9}, {"Retry-After": "2"}, 9.0),
        ({"retry_after_seconds": None}, {"Retry-After": "4"}, 4.0),
        ({"retry_after_seconds": "soon"}, {"Retry-After": "later"}, 1.0),
        ({"retry_after_seconds": True}, {"Retry-After": "-5"}, 1.0),
        ({"retry_after_seconds": -1}, {"Retry-After": "inf"}, 1.0),
        ({}, {"X-RateLimit-Reset": "1790000060"}, 1.0),
        ({}, {}, 1.0),
    ],
)
def test_longest_wait_that_was_told_counts(body, headers, expected):
    """A 429 is waited out for the longest of what it says, and for its window of a second when it says nothing."""
    assert expected == retry_after(body, CIMultiDict(headers), status=429, now=NOW)


def test_date_is_measured_on_the_server_clock():
    """A Retry-After that is a date is measured from the reply's own Date, however wrong our clock is."""
    headers = CIMultiDict({"Retry-After": IN_A_MINUTE, "Date": NOW_AS_DATE})

    assert retry_after({}, headers, status=429, now=NOW + 3600) == 60.0


def test_other_errors_need_not_say():
    """An error other than 429 has a wait only where it tells one."""
    assert retry_after({}, CIMultiDict(), status=503, now=NOW) is None
    assert retry_after({}, CIMultiDict({"Retry-After": "2"}), status=503, now=NOW) == 2.0
