import pytest
from multidict import CIMultiDict

from allo_async._wire.hints import RateLimit, rate_limit, retry_after

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
        ({"retry_after_seconds": "3"}, {}, 3.0),
        ({}, {"Retry-After": "2, 30"}, 30.0),
        ({}, [("Retry-After", "2"), ("retry-after", "30")], 30.0),
        ({}, [("Retry-After", "5"), ("Retry-After", IN_A_MINUTE)], 60.0),
        ({}, {"Retry-After": f"{IN_A_MINUTE}, 5"}, 60.0),
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


@pytest.mark.parametrize("told", [f"{NOW + 90:.0f}", NOW + 90, int(NOW) + 90])
def test_unix_time_is_a_wait_until_then(told):
    """A wait that is a Unix time is measured on the server's clock, in a header as in the body."""
    headers = CIMultiDict({"Retry-After": str(told), "Date": NOW_AS_DATE})

    assert retry_after({"retry_after_seconds": told}, headers, status=429, now=NOW + 7200) == 90.0
    assert retry_after({"retry_after_seconds": NOW - 60}, CIMultiDict(), status=429, now=NOW) == 0.0


ODD = [
    "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Fri, 31 Dec 2026 23:59:59 +99999999999999999",
    "Mon, 1 Jan 99 1:1:1 " + "9" * 30,
    "9" * 5_000,
    "," * 100_000,
    "1e308",
    "1_0",
    "\u0663",
    10**4_000,
    float("inf"),
    float("nan"),
    [],
]


@pytest.mark.parametrize("told", ODD)
def test_nonsense_is_no_error_and_no_wait_without_end(told):
    """Any value yields a wait of at most 30 days, wherever it stands."""
    for headers in ({"Retry-After": str(told)}, {"Retry-After": "2", "Date": str(told)}, {}):
        wait = retry_after({"retry_after_seconds": told}, CIMultiDict(headers), status=429, now=NOW)

        assert wait is not None
        assert 0 <= wait <= 30 * 86_400


@pytest.mark.parametrize(
    ("limit", "remaining", "expected"),
    [
        ("5", "3", RateLimit(5, 3)),
        (" 5 ", "few", RateLimit(5, None)),
        ("1000", "9" * 5_000, RateLimit(1_000, None)),
        ("0", "0", None),
        ("20000000", "0", RateLimit(20_000_000, 0)),
        ("9" * 5_000, "0", None),
        ("\u0663", "0", None),
        ("-5", "0", None),
    ],
)
def test_limit_is_a_whole_number(limit, remaining, expected):
    """A limit is a whole number above zero of 18 digits at most; anything else is none."""
    assert rate_limit(CIMultiDict({"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining})) == expected
