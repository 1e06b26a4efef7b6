"""The door to phonenumbers' parser: how the numbering plans of the world read a number."""

from collections.abc import Sequence
from functools import cache

import attrs
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

from allo_async._numbers.numbering_plan import dials_00, is_open
from allo_async._numbers.shortcut import is_ordinary
from allo_async.errors import InvalidRegionError

#: The shortest national numbers of any numbering plan in phonenumbers' metadata have four digits.
FEWEST_DIGITS = 4

#: From so many digits on, a part of a cell can be a number of its own.
_ENOUGH_DIGITS = 7

_ASCII_ONLY = {code: None for code in range(128) if not chr(code).isdigit()}

# Numbers that are spelled with letters outside of North America.
_SPELLED = {
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOIP,
}
_NORTH_AMERICA = 1

_LARGE = ("US", "GB", "FR", "DE", "ES", "IT", "CH", "BE", "NL", "AT", "PT", "IE", "CA", "AU", "MX", "BR", "IN")
_MOST = 0.8


@attrs.frozen
class Reading:
    """The reading of some digits by a numbering plan.

    Attributes:
        e164: The number in E.164, `None` if only the server can know it.
    """

    e164: str | None
    _parsed: PhoneNumber | None = attrs.field(default=None, repr=False, eq=False)

    @property
    def valid(self) -> bool:
        """Whether the plan knows such a number."""
        return self._parsed is not None and phonenumbers.is_valid_number(self._parsed)


_UNKNOWN = Reading(None)


def check_region(region: str | None) -> str | None:
    """Return *region* as phonenumbers writes it.

    Raises:
        InvalidRegionError: phonenumbers knows no such region.
    """
    if region is None:
        return None
    upper = str(region).strip().upper()
    if upper not in phonenumbers.SUPPORTED_REGIONS:
        hint = "; the United Kingdom is GB" if upper == "UK" else ""
        raise InvalidRegionError(f"region must be an ISO 3166 code of two letters such as FR, not {region!r}{hint}")
    return upper


def read_digits(text: str, region: str | None) -> Reading | None:
    """Read *text*, in digits and marks alone; `None` if no region could make it a number."""
    if region is not None and (odd := _read_odd(text, region)) is not None:
        return odd
    try:
        parsed = phonenumbers.parse(text, region)
    except NumberParseException as error:
        hopeless = error.error_type in {NumberParseException.NOT_A_NUMBER, NumberParseException.TOO_LONG}
        return None if hopeless or _digits_in(text) < FEWEST_DIGITS else _UNKNOWN
    if _is_possible(parsed):
        return _reading(parsed)
    return None if _digits_in(text) < FEWEST_DIGITS else _UNKNOWN


def read_letters(text: str, region: str | None) -> Reading | None:
    """Read *text*, in which letters of a keypad complete a number; `None` if they complete none.

    Letters spell numbers of every kind in North America, and elsewhere those for companies only.
    """
    try:
        parsed = phonenumbers.parse(phonenumbers.convert_alpha_characters_in_number(text), region)
    except NumberParseException:
        return None
    spelled = parsed.country_code == _NORTH_AMERICA or phonenumbers.number_type(parsed) in _SPELLED
    return _reading(parsed) if spelled and phonenumbers.is_valid_number(parsed) else None


@cache
def enough_digits(region: str | None) -> int:
    """Return from how many digits on a part of a cell can be a number of its own: seven, fewer in small countries."""
    if region is None:
        return _ENOUGH_DIGITS
    ordinary = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
    examples = (phonenumbers.example_number_for_type(region, kind) for kind in ordinary)
    lengths = [len(phonenumbers.national_significant_number(example)) for example in examples if example is not None]
    return min(_ENOUGH_DIGITS, *lengths)


def likely_region(numbers: Sequence[str]) -> str | None:
    """Return the region in which most of *numbers*, written without a country code, are valid; `None` if few are."""
    valid = {region: sum(_known(number, region) is not None for number in numbers) for region in _regions()}
    best = max(valid, key=lambda region: valid[region])
    return best if numbers and valid[best] >= _MOST * len(numbers) else None


def is_likely(number: str) -> bool:
    """Return whether a server will probably take *number*, in E.164: for planning only, never for skipping."""
    if is_ordinary(number):
        return True
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except NumberParseException:
        return False


def tail(number: str, size: int = 7) -> str:
    """Return the last digits of a number, the same in two spellings of it; empty if it has fewer than *size*."""
    if number.isascii():
        digits = number.translate(_ASCII_ONLY)
    else:
        digits = "".join(str(int(character)) for character in number if character.isdecimal())
    return digits[-size:] if len(digits) >= size else ""


def _read_odd(text: str, region: str) -> Reading | None:
    """Read what lacks its plus or has one too many; `None` if it is no such number."""
    digits = text.translate(_ASCII_ONLY)
    if "+" in text:
        # A plus before a trunk prefix.
        return _known(digits, region) if digits.startswith("0") and not digits.startswith("00") else None
    if digits.startswith("00"):
        # Most of the world begins an international number so; in a region with another prefix, no number does.
        return None if dials_00(region) else _known(f"+{digits[2:]}", None)
    if digits.startswith(_calling_code(region)):
        return _read_without_plus(digits, text, region)
    if digits[:1] != "0" and is_open(region) and _known(f"+{digits}", None) is not None:
        # A plan without a longest number takes those of other countries for its own.
        return _UNKNOWN
    return None


def _read_without_plus(digits: str, text: str, region: str) -> Reading | None:
    """Read digits that begin with the region's own calling code, which a spreadsheet may have robbed of its plus."""
    abroad, at_home = _parsed(f"+{digits}", None), _parsed(text, region)
    if abroad is None or not _is_possible(abroad) or (at_home is not None and _same(abroad, at_home)):
        return None
    valid = [parsed for parsed in (abroad, at_home) if parsed is not None and phonenumbers.is_valid_number(parsed)]
    # Where both readings are numbers, or neither is, one of the two would be somebody else's.
    return _reading(valid[0]) if len(valid) == 1 else _UNKNOWN


def _known(text: str, region: str | None) -> Reading | None:
    parsed = _parsed(text, region)
    return _reading(parsed) if parsed is not None and phonenumbers.is_valid_number(parsed) else None


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _same(one: PhoneNumber, other: PhoneNumber) -> bool:
    return _e164(one) == _e164(other)


def _is_possible(parsed: PhoneNumber) -> bool:
    return phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE


def _reading(parsed: PhoneNumber) -> Reading:
    return Reading(_e164(parsed), parsed)


def _e164(parsed: PhoneNumber) -> str:
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@cache
def _regions() -> list[str]:
    # Of several regions in which the numbers are valid, the first is meant more often.
    return [*_LARGE, *sorted(phonenumbers.SUPPORTED_REGIONS.difference(_LARGE))]


@cache
def _calling_code(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region))


def _digits_in(text: str) -> int:
    return sum(map(str.isdigit, text))


@attrs.frozen
class Number:
    """One phone number of a cell, and what is to be said of the cell besides.

    Attributes:
        wire: The text to send: E.164, or the number as written if only the server can judge it.
        e164: The number in E.164, `None` if only the server can tell.
        written: The part of the cell that it was read from.
        extension: The extension behind it, which is not dialed; `None` for none.
        others: How many other numbers the cell holds.
    """

    wire: str
    e164: str | None
    written: str
    extension: str | None = None
    others: int = 0

    @property
    def detail(self) -> str | None:
        """The rest of the cell, in words; `None` for nothing."""
        said = [] if self.extension is None else [f"extension {self.extension} is not dialed"]
        if self.others:
            said.append(f"the first of {self.others + 1} numbers in the cell")
        return "; ".join(said) or None
