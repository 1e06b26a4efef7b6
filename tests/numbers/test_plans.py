import phonenumbers
import pytest
from phonenumbers.phonemetadata import PhoneMetadata

from allo_async import AlloClient, InvalidRegionError
from allo_async._numbers import plans as module
from allo_async._numbers.damage import NoNumber
from allo_async._numbers.reading import first_number


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("+12125550010", None, "+12125550010"),
        ("+1 (212) 555-0010", None, "+12125550010"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("+330612345678", None, "+33612345678"),
        ("tel:+1-212-555-0010", None, "+12125550010"),
        ("+1 212 555 0010 ext. 5", None, "+12125550010"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("0033 6 12 34 56 78", "FR", "+33612345678"),
        ("+44 20 7946 0958", "FR", "+442079460958"),
        ("(212) 555-0010", "US", "+12125550010"),
        ("+\u0663\u0663 6 12 34 56 78", None, "+33612345678"),
    ],
)
def test_readable_number_becomes_e164(number, region, expected):
    """A number that can be read is sent in E.164, `region` reading national forms only."""
    found = first_number(number, region)

    assert (found.wire, found.e164) == (expected, expected)


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("06 12 34 56 78", None),
        ("0033612345678", None),
        ("1-800-FLOWERS", None),
        ("2125550010", "FR"),
        ("+1 5550010", None),
        ("+33 6 12 34 56 78 9", None),
        ("+999 123 456", None),
    ],
)
def test_what_only_the_server_can_know_is_sent_as_written(number, region):
    """A number that some numbering plan, now or next year, may know is left to the server."""
    found = first_number(number, region)

    assert (found.wire, found.e164) == (number, None)


@pytest.mark.parametrize("number", ["N/A", "?", "-", "call me", "12", "+", "00", "#31#", "+1234567890123456789012"])
@pytest.mark.parametrize("region", [None, "FR", "US"])
def test_what_no_region_could_make_a_number_is_not(number, region):
    """Only what is a number nowhere is refused locally."""
    assert first_number(number, region) == NoNumber()


def test_fewest_digits_are_those_of_the_metadata():
    """No numbering plan knows a shorter national number than the bound says."""
    plans = (PhoneMetadata.metadata_for_region(region) for region in phonenumbers.SUPPORTED_REGIONS)

    assert min(min(plan.general_desc.possible_length) for plan in plans) == module.FEWEST_DIGITS


@pytest.mark.parametrize(("region", "hint"), [("XX", "FR"), ("France", "FR"), ("UK", "GB"), ("", "FR"), (33, "FR")])
async def test_unknown_region_is_an_error(region, hint):
    """A region that does not exist is refused before any row is taken, with an example that does."""
    async with AlloClient("ak_live_x") as allo:
        with pytest.raises(InvalidRegionError, match=hint):
            await allo.queue().append(["0612345678"], region=region)


def test_region_in_lower_case_is_the_same():
    """`fr` is France too."""
    assert module.check_region(" fr ") == "FR"


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_likely_numbers_are_valid_ones(region):
    """The short way to see that a server will probably take a number agrees with libphonenumber."""
    kinds = [phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE]
    kinds += [phonenumbers.PhoneNumberType.TOLL_FREE, phonenumbers.PhoneNumberType.VOIP]
    examples = filter(None, (phonenumbers.example_number_for_type(region, kind) for kind in kinds))
    numbers = [phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164) for example in examples]
    changed = [number[:at] + digit + number[at + 1 :] for number in numbers for at in (3, 5, 8) for digit in "0159"]

    for number in [*numbers, *changed, *(number[:-1] for number in numbers), *(number + "0" for number in numbers)]:
        assert module.is_likely(number) == _is_valid(number)


def _is_valid(number):
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
