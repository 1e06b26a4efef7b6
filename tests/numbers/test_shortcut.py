from itertools import islice

import attrs
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allo_async._numbers import reading
from allo_async._numbers import shortcut as module
from allo_async._numbers.numbering_plan import numbering_plan
from allo_async._numbers.reading import first_number
from allo_async._numbers.shortcut import plain_reader
from tests.numbers.spellings import differs, spellings

CALLING_CODES = st.sampled_from([*sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0, 999])
DIGITS = st.text("0123456789", min_size=0, max_size=16)
SEPARATORS = st.sampled_from(["", " ", "-", ".", " (", ") ", "\u00a0", "(0)", "--"])

PLAIN = [
    ("+12125550010", None, "+12125550010"),
    ("+1 (212) 555-0010", None, "+12125550010"),
    ("+33 6 12 34 56 78", "US", "+33612345678"),
    ("+49 171 1234567", None, "+491711234567"),
    ("+44 20 7946 0958", None, "+442079460958"),
    ("+54 9 11 2345-6789", None, "+5491123456789"),
    ("(212) 555-0010", "US", "+12125550010"),
    ("(212) 555.0010", "US", "+12125550010"),
    ("212.555.0010", "US", "+12125550010"),
    ("212-555-0010", "CA", "+12125550010"),
    ("2125550010", "US", "+12125550010"),
    ("1 (212) 555-0010", "US", "+12125550010"),
    ("1-212-555-0010", "US", "+12125550010"),
    ("00 1 212 200 1234", "US", "+12122001234"),
    ("011 33 6 12 34 56 78", "US", None),
    ("06 12 34 56 78", "FR", "+33612345678"),
    ("06.12.34.56.78", "FR", "+33612345678"),
    ("0612345678", "FR", "+33612345678"),
    ("33 6 12 34 56 78", "FR", "+33612345678"),
    ("0033 6 12 34 56 78", "FR", "+33612345678"),
    ("0033612345678", "US", "+33612345678"),
    ("00 44 7400 123456", "FR", "+447400123456"),
    ("020 7946 0958", "GB", "+442079460958"),
    ("07400 123456", "GB", "+447400123456"),
    ("0171 1234567", "DE", "+491711234567"),
    ("(030) 123456", "DE", "+4930123456"),
    ("0664 1234567", "AT", "+436641234567"),
    ("079 123 45 67", "CH", "+41791234567"),
    ("612 34 56 78", "ES", "+34612345678"),
    ("02 1234 5678", "IT", "+390212345678"),
    ("0470 12 34 56", "BE", "+32470123456"),
    ("06-12345678", "NL", "+31612345678"),
    ("0412 345 678", "AU", "+61412345678"),
    ("(11) 96123-4567", "BR", "+5511961234567"),
    ("011 2345-6789", "AR", "+541123456789"),
    ("8 (912) 345-67-89", "RU", "+79123456789"),
    ("081234 56789", "IN", "+918123456789"),
    ("32 12 34 56", "DK", "+4532123456"),
    ("090-1234-5678", "JP", "+819012345678"),
]


def test_short_cut_never_differs():
    """The fast reading is the slow one's or none, for numbers of every region in many spellings."""
    assert [case for case in islice(spellings(seed=7), 4_500) if differs(case)] == []


@given(code=CALLING_CODES, parts=st.lists(st.tuples(SEPARATORS, DIGITS), max_size=5))
@settings(max_examples=2_000)
def test_short_cut_reads_what_phonenumbers_reads(code, parts):
    """The fast reading of plain international numbers never differs from phonenumbers' own."""
    number = f"+{code}" + "".join(separator + digits for separator, digits in parts)

    quick = module.read_international(number)

    if quick is not None:
        parsed = phonenumbers.parse(number, None)
        assert quick == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        assert phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE


@pytest.mark.parametrize(("text", "region", "e164"), PLAIN)
def test_common_spellings_take_the_short_cut(text, region, e164):
    """The spellings that lists are full of need no slow reading."""
    assert plain_reader(region)(text) == e164


def test_plain_number_is_read_once(monkeypatch):
    """The number to take of a plain cell needs no look at the cell's parts."""
    monkeypatch.setattr(reading, "read_cell", None)

    assert first_number("(212) 555-0010", "US").e164 == "+12125550010"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("2012-10-11", "US"),
        ("(030) 2012-10-11", "DE"),
        ("(030)11.10.2012", "DE"),
        ("1999-2012", "SG"),
        ("2012-10", "DK"),
        ("2012-3", "TO"),
        ("12.10.2012", "DK"),
        ("1234567890.0", "US"),
        ("212 555.0000", "US"),
        ("45123.25000", "US"),
        ("32123456.50", "DK"),
        ("212 555 0010 646 555 0100", "US"),
        ("+1 212 555 0010 / +1 646 555 0100", "US"),
        ("+12125550010.0", "US"),
        ("+44 (0)20 7946 0958", None),
        ("06 12 34 56 78", None),
        ("06 12 34 56 78", "XX"),
        ("212 555 0010 (5)", "US"),
        ("011 44 20 7946 0958", "US"),
        ("00 1 416 555 0010", "US"),
        ("0014 1 212 200 1234", "BR"),
        ("0012122001234", "BO"),
        ("010 123 4567", "JP"),
        ("3906123456", "IT"),
        ("310 1234", "CA"),
        ("011 15 2345-6789", "AR"),
        ("0710768-030288626", "DE"),
        ("000 000 0000", "US"),
        ("5550010", "US"),
        ("4601234", "AG"),
        ("4915112345678", "DE"),
        ("436641234567", "DE"),
        ("\u0660\u0666\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "FR"),
        ("+1 212 555 0010" + " " * 500, "US"),
        ("", "US"),
        ("N/A", "US"),
    ],
)
def test_what_needs_a_closer_look_takes_no_short_cut(text, region):
    """A cell that may hold a date, a damaged number, two numbers or another country's is left to the slow reading."""
    assert plain_reader(region)(text) is None


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"trunk": r"1|(9)9", "rewrites": True}, "99 212 555 0010"),
        ({"exit_code": r"(?:01)1"}, "011 212 555 0010"),
        ({"lengths": frozenset({9})}, "212 555 0010"),
        ({"beginnings": "646"}, "00 1 212 200 1234"),
    ],
)
def test_rules_of_a_plan_are_obeyed(monkeypatch, changed, text):
    """The short cut obeys each rule of a plan, whether or not a plan of this year needs it."""
    plan = attrs.evolve(numbering_plan("US"), trunk=r"1|(9)9|011", exit_code="999")
    for rules, taken in ((plan, True), (attrs.evolve(plan, **changed), False)):
        monkeypatch.setattr(module, "numbering_plan", lambda _region, rules=rules: rules)
        monkeypatch.setattr(module, "main_plan", lambda _code, rules=rules: rules)
        monkeypatch.setattr(module, "_ORDINARY", module._Table(module._ordinary))

        assert (module.PlainReader("US").read(text) is not None) == taken


def test_other_texts_leave_no_trace():
    """Cells without a number, however many, are not remembered."""
    known = len(module._POSSIBLE)

    assert [plain_reader("US")(f"+{letter}{letter}{letter}") for letter in map(chr, range(0x3B1, 0x3C9))] == [None] * 24
    assert len(module._POSSIBLE) == known
