"""A fast reading of plainly written numbers, where it is certain that the slow one would read the same."""

import re
from collections.abc import Callable
from functools import cache

from allo_async._numbers.characters import LONGEST_CELL
from allo_async._numbers.numbering_plan import (
    NumberingPlan,
    dials_00,
    either_length,
    is_open,
    main_plan,
    numbering_plan,
)

_Match = Callable[[str], re.Match[str] | None]

# An international number with nothing in it but digits and the usual separators.
_SEPARATED = re.compile(r"[ \t\r\n\v\f\u00a0]*\+[0-9 ().\-\u00a0]+").fullmatch
_DECIMALS = re.compile(r"\.0+\s*")

# Groups of digits with one mark between two of them. A date could stand at the beginning and behind a parenthesis
# only, up to the end; a float or an amount has one point, and nothing else before its first digit.
_NATIONAL = re.compile(
    r"(?![0-9][^.]*+\.[0-9]*\Z)"
    r"(?:(?:[0-9][0-9 ]{0,6}+)?\([0-9]{1,5}\)[ .\-]?)?"
    r"(?!(?:(?:19|20)[0-9]{2}([.\-])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([.\-])[0-9]{1,2}\2(?:19|20)[0-9]{2})\Z)"
    r"(?!(?:19|20)[0-9]{2}-[0-9]{1,4}\Z)"
    r"[0-9]++(?:[ .\-][0-9]++)*+"
).fullmatch

#: So many digits may be two numbers, and are taken apart if no plan knows them as one.
TWO_NUMBERS = 14

# Beginnings of numbers that are kept, so that the beginnings of other texts do not fill the tables.
_BEGINNING = re.compile(r"\+[0-9 ().\-]{3}")


@cache
def _matcher(pattern: str) -> _Match:
    return re.compile(pattern, re.ASCII).fullmatch


_NEVER = _matcher("(?!)")


class _Table(dict[str, _Match]):
    """Tests of numbers in E.164 by their first four characters, which hold the whole calling code.

    Args:
        write: Returns the regular expression of the numbers that pass by a plan.
    """

    def __init__(self, write: Callable[[NumberingPlan], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, beginning: str) -> _Match:
        if not _BEGINNING.fullmatch(beginning):
            return _NEVER
        plan = _plan_of(beginning[1:])
        self[beginning] = match = _NEVER if plan is None else _matcher(self._write(plan))
        return match


def _plan_of(digits: str) -> NumberingPlan | None:
    if digits.startswith("0") or not digits.isdecimal():
        return None
    return main_plan(digits[:1]) or main_plan(digits[:2]) or main_plan(digits)


def _possible(plan: NumberingPlan) -> str:
    """Match the numbers whose national part has a possible length, and no trunk prefix that has to go."""
    return rf"{_without_trunk(plan)}(?:{either_length(plan.lengths)})"


def _ordinary(plan: NumberingPlan) -> str:
    """Match the numbers that libphonenumber calls valid because they are fixed lines or mobiles."""
    possible = rf"(?={plan.beginnings})(?=(?:{either_length(plan.lengths)})\Z)(?=(?:{plan.national})\Z)"
    return rf"{_without_trunk(plan)}{possible}(?:{plan.ordinary})"


def _without_trunk(plan: NumberingPlan) -> str:
    # A trunk prefix may match nothing at all, and then nothing has to go.
    return rf"\+{plan.calling_code}(?>{plan.trunk}|)(?<=\+{plan.calling_code})"


_POSSIBLE = _Table(_possible)
_ORDINARY = _Table(_ordinary)


def read_international(text: str) -> str | None:
    """Return the E.164 of a cell that holds one number with its plus, digits and usual separators; else `None`."""
    if _POSSIBLE[text[:4]](text):
        return text
    if len(text) > LONGEST_CELL or not _SEPARATED(text):
        return None
    if ".0" in text and _DECIMALS.search(text, text.rfind(".")):
        return None
    e164 = _without_separators(text.lstrip())
    return e164 if _POSSIBLE[e164[:4]](e164) else None


def is_ordinary(e164: str) -> bool:
    """Return whether libphonenumber calls a number valid, as far as fixed lines and mobiles of most countries go."""
    return _ORDINARY[e164[:4]](e164) is not None


class PlainReader:
    """Reads the cells of a region that are written plainly.

    Args:
        region: The region of numbers without a country code, `None` for none.
    """

    def __init__(self, region: str | None) -> None:
        plan = None if region is None else numbering_plan(region)
        main = None if plan is None else main_plan(plan.calling_code)
        self._plus = ""
        self._match_home = self._match_abroad = _NEVER
        if region is not None and plan is not None and main is not None:
            self._plus = f"+{plan.calling_code}"
            self._match_home = _matcher(_home(plan, main, "(?=0)" if is_open(region) else ""))
            self._match_abroad = _matcher(_abroad(plan.exit_code if dials_00(region) else "00"))

    def read(self, text: str) -> str | None:
        """Return the E.164 of a cell; `None` if it needs a closer look."""
        if text[:1] == "+":
            return text if _POSSIBLE[text[:4]](text) else read_international(text)
        if text.isdecimal():
            digits = text
        elif _NATIONAL(text):
            digits = _without_separators(text)
        else:
            return None
        if digits.startswith("00"):
            e164 = "+" + digits[2:]
            return e164 if self._match_abroad(digits) and is_ordinary(e164) else None
        home = self._match_home(digits)
        return None if home is None else self._plus + home["national"]


def _without_separators(text: str) -> str:
    # Half the time of `str.translate`, which looks up every character.
    text = text.replace(" ", "").replace("-", "").replace(".", "")
    return text.replace("(", "").replace(")", "").replace("\u00a0", "")


@cache
def plain_reader(region: str | None) -> Callable[[str], str | None]:
    """Return the fast reading for a region: the E.164 of a cell, `None` if it needs a closer look."""
    return PlainReader(region).read


def _abroad(exit_code: str) -> str:
    """Match the digits of international numbers of which 00 is the whole exit code."""
    return rf"(?>{exit_code})(?<=\A00)[1-9]\d+"


def _home(plan: NumberingPlan, main: NumberingPlan, zero: str) -> str:
    """Match the digits of national numbers behind their trunk prefix, or behind the region's own calling code.

    Such a number is one of the region's plan, in a length that is possible for the calling code too, and no digits
    before it can be read in two ways.
    """
    last_group = re.compile(plan.exit_code).groups + re.compile(plan.trunk).groups
    unchanged = rf"(?({last_group})(?!))" if plan.rewrites else ""
    trunk = rf"(?!{plan.calling_code})(?>{plan.trunk}|){unchanged}"
    own_code = rf"(?!(?:{plan.national})\Z){plan.calling_code}(?!{plan.trunk})(?!{main.trunk})"
    once = rf"(?!{plan.exit_code})(?!0+\Z|\d{{{TWO_NUMBERS}}})"
    number = rf"(?=(?:{either_length(plan.lengths & main.lengths)})\Z)(?:{plan.national})"
    return rf"{once}(?:{zero}{trunk}|{own_code})(?P<national>{number})"
