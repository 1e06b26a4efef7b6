import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from allo_async._numbers.damage import NoNumber
from allo_async._numbers.reading import first_number, numbers_in

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE, PhoneNumberType.VOIP)
SPACES = " \u00a0\u202f\u2009\u200b\u2060\ufeff\u200e\u2013\u00b7\u2019_\t-."
BETWEEN = (" / ", ", ", "; ", " ::: ", "\n", " | ", " or ", " & ")


def examples(region):
    found = (phonenumbers.example_number_for_type(region, kind) for kind in KINDS)
    return [number for number in found if number is not None and phonenumbers.is_valid_number(number)]


def e164(number):
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_right(text, region, number):
    """The number itself, or the digits as written: never another number."""
    found = first_number(text, region)
    return not isinstance(found, NoNumber) and found.e164 in {None, e164(number)}


@pytest.mark.parametrize("region", REGIONS)
def test_number_without_its_plus_is_never_another(region):
    """A number whose plus a spreadsheet ate is read as itself or goes as written, in every region."""
    for number in examples(region):
        for text in (e164(number)[1:], e164(number)[1:] + ".0", f"{e164(number)[1:3]} {e164(number)[3:]}"):
            assert is_right(text, region, number), text
            found = first_number(text, region)
            assert found.e164 or found.wire.replace(" ", "") == e164(number)[1:]


@given(st.sampled_from(REGIONS), st.data())
@settings(max_examples=500, deadline=None)
def test_any_number_without_its_plus_is_never_doubled(region, data):
    """Random valid numbers, too, are never sent with their calling code twice."""
    for example in examples(region):
        national = phonenumbers.national_significant_number(example)
        end = data.draw(st.text("0123456789", min_size=4, max_size=4))
        number = phonenumbers.parse(f"+{example.country_code}{national[:-4]}{end}"[:15], None)
        if phonenumbers.is_valid_number(number):
            assert is_right(e164(number)[1:], region, number)


@pytest.mark.parametrize("region", REGIONS)
def test_number_is_read_however_it_is_written(region):
    """Whatever stands between, before and behind the digits, the number is the same, in every region."""
    for number in examples(region):
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        abroad = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        plain = first_number(national, region)
        texts = [national.replace(" ", space) for space in SPACES if "." not in national or space != "."]
        texts += [f"{national} mobil", f"Tel.: {national}", f"{national} (Büro)", f'="{national}"', f"'{national}"]
        for text in texts:
            assert first_number(text, region).e164 == plain.e164 or is_right(text, region, number), text
        for text in (f"\u202a{abroad}\u202c", f"{abroad} mobil", f"'{e164(number)}", f"{abroad} ext. 5"):
            assert is_right(text, region, number), text


@pytest.mark.parametrize("region", REGIONS)
def test_two_numbers_in_a_cell_are_never_one(region):
    """Of two numbers in one cell, each is itself: two are never joined into a third, in every region."""
    numbers = examples(region)
    for one, other in zip(numbers, reversed(numbers), strict=True):
        right = {e164(one), e164(other)}
        for between in BETWEEN:
            for shape in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
                cell = between.join(phonenumbers.format_number(number, shape) for number in (one, other))
                found = [first_number(text, region) for text in numbers_in(cell, region)]
                assert found, cell
                assert {number.e164 for number in found} <= right | {None}, cell


@given(st.text(max_size=40), st.sampled_from([None, "FR", "DE", "US", "AT", "IT", "BR"]))
@settings(max_examples=3_000, deadline=None)
def test_what_is_sent_reads_as_itself(text, region):
    """Any text gets an answer, and what is sent in E.164 is read the same again."""
    found = first_number(text, region)

    if not isinstance(found, NoNumber) and found.e164 is not None:
        assert first_number(found.wire, region).e164 == found.e164
