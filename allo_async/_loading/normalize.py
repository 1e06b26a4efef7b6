"""The one door to phonenumbers: how a number is written on the wire, or that no region could make it one."""

import re
from collections.abc import Callable
from functools import cache

import attrs
import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from allo_async.errors import InvalidRegionError

# The shortest national numbers of any numbering plan in phonenumbers' metadata have four digits.
_FEWEST_DIGITS = 4

# So many last digits tell a number however its country code and trunk prefix are written.
_TAIL = 7

_NO_DIGITS = {code: None for code in range(128) if not chr(code).isdigit()}

_HOPELESS = {phonenumbers.NumberParseException.NOT_A_NUMBER, phonenumbers.NumberParseException.TOO_LONG}


@attrs.frozen
class Normalized:
    """A number that may be one.

    Attributes:
        wire: What to send: E.164, or the number as written where only the server can tell.
        e164: The number in E.164, `None` where only the server can tell.
    """

    wire: str
    e164: str | None


def check_region(region: str | None) -> str | None:
    """Give *region* as phonenumbers writes it.

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


def normalize(number: str, region: str | None) -> Normalized | None:
    """Read *number*, with *region* for one written without its country code.

    Whatever might be a number is sent: the server knows the numbering plans of today, and a local mistake would cost a
    lead. A `None` is for what no region could make a number.
    """
    e164 = _read_international(number)
    if e164 is not None:
        return Normalized(e164, e164)
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException as error:
        hopeless = error.error_type in _HOPELESS or _too_short(number)
        return None if hopeless else Normalized(number, None)
    if phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE:
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return Normalized(e164, e164)
    return None if _too_short(number) else Normalized(number, None)


def is_likely(number: str) -> bool:
    """Tell whether a server will probably take *number*, which is in E.164: for planning only, never for skipping."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False


# An international number with nothing in it but digits and the usual separators.
_PLAIN_INTERNATIONAL = re.compile(r"\s*\+[0-9 ().\-\u00a0]+")
_SEPARATORS = str.maketrans("", "", " ().-\u00a0\t\r\n\v\f")


def _read_international(number: str) -> str | None:
    """Read what `phonenumbers.parse` reads at many times the cost, where no trunk prefix has to go; else `None`."""
    if not _PLAIN_INTERNATIONAL.fullmatch(number):
        return None
    e164 = number.translate(_SEPARATORS)
    for length in (1, 2, 3):
        plan = _plan(e164[1 : 1 + length])
        if plan is not None:
            return e164 if plan(e164[1 + length :]) else None
    return None


@cache
def _plan(calling_code: str) -> Callable[[str], bool] | None:
    """Tell for a calling code which national numbers stand in E.164 as they are; `None` for no such code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(calling_code)) if calling_code[:1] > "0" else None
    if not regions:
        return None
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(calling_code), regions[0])
    if metadata is None or metadata.general_desc is None:
        return None
    lengths = frozenset(metadata.general_desc.possible_length)
    trunk = re.compile(metadata.national_prefix_for_parsing or r"(?!)")
    return lambda national: len(national) in lengths and not trunk.match(national)


def _too_short(number: str) -> bool:
    # Letters count: 800-FLOWERS is a number.
    return sum(character.isalnum() for character in number) < _FEWEST_DIGITS


def tail(number: str) -> str:
    """Give the last digits of a number, by which two spellings of it are known for the same; empty for too few."""
    if number.isascii():
        digits = number.translate(_NO_DIGITS)
    else:
        digits = "".join(str(int(character)) for character in number if character.isdecimal())
    return digits[-_TAIL:] if len(digits) >= _TAIL else ""
