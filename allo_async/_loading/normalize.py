"""The one door to phonenumbers: how a number is written on the wire, or that no region could make it one."""

import attrs
import phonenumbers

from allo_async.errors import InvalidRegionError

# The shortest national numbers of any numbering plan in phonenumbers' metadata have four digits.
_FEWEST_DIGITS = 4

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
    upper = region.strip().upper() if isinstance(region, str) else region  # pyright: ignore[reportUnnecessaryIsInstance]
    if upper not in phonenumbers.SUPPORTED_REGIONS:
        hint = "; the United Kingdom is GB" if upper == "UK" else ""
        raise InvalidRegionError(f"region must be an ISO 3166 code of two letters such as FR, not {region!r}{hint}")
    return upper


def normalize(number: str, region: str | None) -> Normalized | None:
    """Read *number*, with *region* for one written without its country code.

    Whatever might be a number is sent: the server knows the numbering plans of today, and a local mistake would cost a
    lead. A `None` is for what no region could make a number.
    """
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException as error:
        hopeless = error.error_type in _HOPELESS or _too_short(number)
        return None if hopeless else Normalized(number, None)
    if phonenumbers.is_possible_number(parsed):
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return Normalized(e164, e164)
    return None if _too_short(number) else Normalized(number, None)


def _too_short(number: str) -> bool:
    # Letters count: 800-FLOWERS is a number.
    return sum(character.isalnum() for character in number) < _FEWEST_DIGITS
