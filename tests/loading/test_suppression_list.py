"""Which spellings of a number a suppression list finds."""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allo_async import clock as time_slice
from allo_async._loading.suppression import Suppression
from allo_async._loading.suppression_list import SuppressionList
from allo_async._numbers.plans import Number
from allo_async._numbers.reading import first_number
from tests.loading.watching import turns_of_others

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
MARKS = ["{}", " {} ", "{}\n", "tel:{}", "'{}", "\u202f{}"]
FORMATS = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
]


def found(listed, row, region=None):
    suppressed = SuppressionList(region)
    suppressed.add(listed)
    number = first_number(row, region)
    match = suppressed.find(number.wire, number.e164, row) if isinstance(number, Number) else None
    assert match is None or suppressed.may_hold(row)
    return match


@pytest.mark.parametrize(
    ("listed", "row", "region", "match"),
    [
        ("+33 6 12 34 56 78", "0612345678", "FR", "e164"),
        ("06.12.34.56.78", "+33612345678", "FR", "e164"),
        ("+49 (0)171 1234567", "0171/1234567", "DE", "e164"),
        ("+43 (0) 1 58858", "+43158858", None, "e164"),
        (33612345678, "+33612345678", None, "digits"),
        (33612345678.0, "+33612345678", None, "digits"),
        ("0612345678", "+33612345678", None, "digits"),
        ("+33612345678", "06 12 34 56 78", None, "digits"),
        ("06 12 34 56 78", "0612345678", None, "digits"),
        ("33612345678", "0612345678", None, "digits"),
        ("0033612345678", "0612345678", None, "digits"),
        ("011 33 6 12 34 56 78", "+33612345678", None, "digits"),
        ("8 912 345 67 89", "+79123456789", None, "digits"),
        ("123456", "123456", None, "digits"),
        ("123456", "+49 30 123456", None, None),
        ("123456", "0123456", "DE", "e164"),
        ("+33612345678", "+33612345679", None, None),
        ("0612345678", "+49612345678", "FR", None),
        ("5550010", "+12125550010", None, "digits"),
        ("n/a", "+33612345678", None, None),
    ],
)
def test_spelling(listed, row, region, match):
    """A number is found in each of its spellings, and no other number is."""
    assert found(listed, row, region) == match


@given(region=st.sampled_from(REGIONS), data=st.data())
def test_every_spelling_is_found_in_every_region(region, data):
    """A region's example number is found however the list and the row write it."""
    kind = data.draw(st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]))
    number = phonenumbers.example_number_for_type(region, kind)
    if number is None:
        return
    written = st.builds(
        lambda style, mark: mark.format(phonenumbers.format_number(number, style)),
        st.sampled_from(FORMATS),
        st.sampled_from(MARKS),
    )

    assert found(data.draw(written), data.draw(written), region) is not None


@example(region="AC", digits="+00.01000", others=[])
@given(
    region=st.sampled_from([None, *REGIONS]),
    digits=st.from_regex(r"\+?[0-9][0-9 ().-]{3,17}[0-9]", fullmatch=True),
    others=st.lists(st.from_regex(r"\+?[0-9]{4,15}", fullmatch=True), max_size=5),
)
def test_the_very_same_text_is_always_found(region, digits, others):
    """Whatever numbering plans make of a text, a row that is written like an entry is suppressed."""
    suppressed = SuppressionList(region)
    for entry in (*others, digits):
        suppressed.add(entry)
    number = first_number(digits, region)

    assert not isinstance(number, Number) or suppressed.find(number.wire, number.e164, digits) is not None


async def test_others_run_while_a_list_is_read(monkeypatch):
    """Reading a list lets others run whenever a stretch of time is over."""
    monkeypatch.setattr(time_slice, "_STRETCH", 0.0)

    turns = await turns_of_others(Suppression([f"(212) 200-{place:04d}" for place in range(50)], "US").ready())

    assert turns >= 50


def test_entries_without_a_number_are_counted():
    """Blank entries are none; those with text and no number are counted."""
    suppressed = SuppressionList(None)

    for entry in ("", None, float("nan"), " \n", "n/a", "Phone", "+33612345678", "+33 6 12 34 56 78"):
        suppressed.add(entry)

    assert (len(suppressed), suppressed.ignored) == (1, 2)
    assert repr(suppressed) == "<SuppressionList of 1 numbers>"
