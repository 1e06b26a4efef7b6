"""Numbers that spreadsheets damaged, which are repaired, and digits that are no number, which are named."""

import re

import attrs

#: The reason for a row whose number a spreadsheet has shortened.
DIGITS_LOST = "DIGITS_LOST"

#: The reason for a row without a number; the server's word as well.
INVALID = "INVALID_PHONE_NUMBER"

_SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d*))?\s?[eE]\s?\+?\s?(\d{1,3})")
_FLOAT = re.compile(r"(\+?\d[\d ()\-]{3,}\d)[.,]0{1,6}")
_THOUSANDS = re.compile(r"\+?\d{1,3}(?:,\d{3}){2,}")
_MARK = re.compile(r"[^\d ()+]")
_ZEROS = re.compile(r"[0\s.,/()+\-]*")

_MONTHS = (
    "jan feb fev fév mar mär maer mrz apr avr abr may mai mag maj jun jui juin juil jul lug giu gen ene aug aoû aou ago"
    " sep set oct okt ott out nov dec dez déc dic"
)
_MONTH = rf"(?:{'|'.join(_MONTHS.split())})[^\W\d_]*\.?"
_YEAR, _DAY, _MONTH_NUMBER = r"(?:19|20)\d\d", r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_CLOCK = r"\d{1,2}[:hH]\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[ap]\.?m\.?)(?![^\W\d_])|\s?[+\-]\d{2}:?\d{2}(?!\d))?"
_BEGINS, _ENDS = r"(?<![\w+./:\-])(?<!\d\s)", r"(?![\w/:\-]|[.,]\d)(?!\s?\d)"

# The same mark stands twice in a date, so that the groups of a number are not taken for one.
_DATES = (
    rf"{_YEAR}([./\-]){_MONTH_NUMBER}\1{_DAY}",
    rf"{_DAY}([./\-]){_MONTH_NUMBER}\1{_YEAR}",
    rf"{_MONTH_NUMBER}([./\-]){_DAY}\1{_YEAR}",
    rf"{_YEAR} ?- ?{_YEAR}",
    rf"{_DAY}/{_MONTH_NUMBER}/\d\d",
    rf"{_MONTH_NUMBER}/{_DAY}/\d\d",
    rf"{_DAY}(?:st|nd|rd|th|er|\.)?[ \-]?(?:de )?{_MONTH}[ \-]?(?:de )?,? ?(?:{_YEAR}|\d\d)",
    rf"{_MONTH}[ \-]{_DAY}(?:st|nd|rd|th)?,?[ \-]{_YEAR}",
)
_MOMENTS = [re.compile(rf"{_BEGINS}{date}(?:[T,]?\s?{_CLOCK}{_ZONE})?{_ENDS}", re.IGNORECASE) for date in _DATES] + [
    re.compile(rf"(?<![\w:.+]){_CLOCK}{_ZONE}(?![\w:]|[.,]\d)", re.IGNORECASE)
]
# Reading a text for each kind of moment costs more than all the rest: most cells hold none of these.
_MAY_HOLD_A_MOMENT = re.compile(r"\d([./\-])\d{1,2}\1\d{2}|\d[:hH]\d\d|\d{4} ?- ?\d{4}|[^\W\d_]{3}")

_CODES = [
    re.compile(code, re.IGNORECASE)
    for code in (
        r"\$\s?-?\d[\d.,]*|-?\d[\d.,]*\s?(?:[$%]|(?:EUR|USD|GBP|CHF)(?![^\W\d_]))",
        r"-?\d{1,3}(?:\.\d{3})+,\d{1,2}|-?\d{1,3}(?:,\d{3})+\.\d{1,2}|-?\d{1,4}[.,]\d{1,2}|-?[1-9]\d{4,}\.(?!0+$)\d{1,2}",
        # A moment as Excel stores it, and a month.
        r"[34]\d{4}\.\d{1,15}",
        rf"{_YEAR}[\-/]{_MONTH_NUMBER}|{_MONTH_NUMBER}/{_YEAR}",
        r"-?\d{1,3}\.\d{3,}\s*[,;]\s*-?\d{1,3}\.\d{3,}",
        r"(?=(?:\s?[A-Z0-9]){15,34}$)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?",
    )
]


@attrs.frozen
class NoNumber:
    """A cell that holds no phone number.

    Attributes:
        reason: `INVALID_PHONE_NUMBER`, or `DIGITS_LOST` for a number that a spreadsheet has shortened.
        detail: The same in words, `None` if there is nothing to add.
    """

    reason: str = INVALID
    detail: str | None = None


def repaired(text: str) -> str | NoNumber:
    """Undo what a spreadsheet did to the number in *text*, a whole cell; or return what the cell is instead of one."""
    if _ZEROS.fullmatch(text):
        return NoNumber()
    if _MARK.search(text) is None:
        return text
    if any(code.fullmatch(text) for code in _CODES):
        return NoNumber(detail="an amount or a code, not a phone number")
    without = _without_moments(text)
    if without != text and not any(map(str.isdigit, without)):
        return NoNumber(detail="a date or a time, not a phone number")
    return _as_text(without)


def _as_text(text: str) -> str | NoNumber:
    """Write out a number that a spreadsheet has stored as one."""
    if (scientific := _SCIENTIFIC.fullmatch(text)) is not None:
        return _written_out(*scientific.groups(default=""))
    if (whole := _FLOAT.fullmatch(text)) is not None:
        return whole[1]
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def _without_moments(text: str) -> str:
    if _MAY_HOLD_A_MOMENT.search(text) is None:
        return text
    for moment in _MOMENTS:
        # The texts before and behind it are two numbers, if any.
        text = moment.sub(" | ", text)
    return text


def _written_out(first: str, rest: str, exponent: str) -> str | NoNumber:
    digits, size = first + rest, int(exponent) + 1
    # A digit that was not shown is unknown, and a zero in its place would make somebody else's number.
    if len(digits) < size or set(digits[size:]) - {"0"}:
        return NoNumber(DIGITS_LOST, "a spreadsheet has shortened it: make the column text, and export it again")
    return digits[:size]
