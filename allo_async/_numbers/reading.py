"""The phone numbers that a cell holds: which of its pieces are numbers, and how each is sent."""

import re
from collections.abc import Sequence

import attrs

from allo_async._numbers.characters import LONGEST_CELL, cleaned, is_plain
from allo_async._numbers.damage import NoNumber, repaired
from allo_async._numbers.grouping import Grouping
from allo_async._numbers.pieces import Piece, is_misread, pieces_of
from allo_async._numbers.plans import (
    FEWEST_DIGITS,
    Number,
    read_digits,
    read_letters,
    tail,
)
from allo_async._numbers.shortcut import TWO_NUMBERS, plain_reader, read_international
from allo_async._numbers.words import NO_VANITY

# The fewest digits of a number that words stand beside: a house has a number too.
_FEWEST_BESIDE_WORDS = 6

# More digits than any number has, with its country code and what stands before it.
_TOO_MANY_DIGITS = 18

_BARE = re.compile(r"\+?[0-9]{7,13}")

_SPELLED = re.compile(r"\+?[\d\s().\-]*\d[\s().\-]*[A-Za-z](?:[A-Za-z\d\s().\-]*)")
_PLUS = re.compile(r"^\s*\(?\s*\+[+\s]*(?:0\s?0(?!0))?")


@attrs.frozen
class Cell:
    """The reading of a cell.

    Attributes:
        numbers: Its numbers, in order; the first is the one to take.
        problem: Why there is none.
    """

    numbers: Sequence[Number] = ()
    problem: NoNumber = attrs.field(factory=NoNumber)


def first_number(text: str, region: str | None) -> Number | NoNumber:
    """Return the number to take of a cell, or why there is none; see `read_cell`."""
    e164 = plain_reader(region)(text)
    if e164 is not None:
        return Number(e164, e164, text)
    cell = read_cell(text, region)
    if len(cell.numbers) > 1:
        return attrs.evolve(cell.numbers[0], others=len(cell.numbers) - 1)
    return cell.numbers[0] if cell.numbers else cell.problem


def lacks_country(value: object) -> bool:
    """Return whether the number to take of a cell is written without its country code."""
    written = numbers_in(value)
    return bool(written) and not written[0].lstrip(" (").startswith(("+", "00"))


def numbers_in(value: object, region: str | None = None) -> list[str]:
    """Return each number that a cell of any type holds, as written and in order; none for a placeholder."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return []
    return [number.written for number in read_cell(str(value), region).numbers]


def is_bare(text: str) -> bool:
    """Return whether a cell is one number with nothing to take apart, as most cells of a list are."""
    return _BARE.fullmatch(text) is not None


def single_tail(text: str) -> str:
    """Return the last digits of a cell that can only hold one number; empty if it needs a closer look."""
    if is_bare(text):
        return text[-7:]
    return tail(text) if is_plain(text) and "." not in text and sum(map(str.isdigit, text)) < TWO_NUMBERS else ""


def read_cell(text: str, region: str | None) -> Cell:
    """Read all numbers of a cell, with *region* for those without a country code.

    A number is right, or goes as written. Where a cell can be read in two ways, and the numbering plans do not tell
    which was meant, the server gets what stands there.
    """
    if len(text) > LONGEST_CELL:
        text = _beginning(text)
    e164 = read_international(text)
    if e164 is not None:
        return Cell((Number(e164, e164, text),))
    plain = text if is_plain(text) else cleaned(text)
    whole = repaired(plain)
    if isinstance(whole, NoNumber):
        return Cell(problem=whole)
    if plain is text and (number := _read_one(whole, region)) is not None:
        return Cell((number,))
    found = _find(whole, region)
    if len(found) == 1 and found[0].e164 is None and whole == text and found[0].wire == whole.strip(" .-/,"):
        # Nothing was changed, so nothing is changed.
        return Cell((attrs.evolve(found[0], wire=text, written=text),))
    return Cell(tuple(found))


def _beginning(text: str) -> str:
    """Return the beginning of a text that is too long for a phone cell, cut where it cuts no number in two."""
    head = text[:LONGEST_CELL]
    end = next((at for at in range(len(head) - 1, -1, -1) if head[at].isalpha() or head[at] in "\n;|"), 0)
    return head[:end]


def _read_one(text: str, region: str | None) -> Number | None:
    """Read a text that can only be one number; `None` if it needs a closer look."""
    if text.rfind("+") > 0 or text.endswith(")") or sum(map(str.isdigit, text)) >= TWO_NUMBERS:
        return None
    reading = read_digits(text, region)
    return Number(reading.e164, reading.e164, text) if reading is not None and reading.e164 is not None else None


def _find(text: str, region: str | None) -> list[Number]:
    pieces = [_mended(piece) for piece in pieces_of(text)]
    certain = Grouping(pieces, region, certain=True).numbers() if _needs_certainty(pieces, text) else []
    if certain:
        return certain
    spelled = _read_spelled(text, region)
    if spelled is not None:
        return [spelled]
    return Grouping(pieces, region, certain=False).numbers() or _as_written(pieces, text)


def _needs_certainty(pieces: Sequence[Piece], text: str) -> bool:
    return len(pieces) > 1 or " " in text or any(piece.beside_words or piece.digits >= TWO_NUMBERS for piece in pieces)


def _read_spelled(text: str, region: str | None) -> Number | None:
    """Read a number that letters complete, such as 1-800-FLOWERS; without a region, it goes as written."""
    words = [word.casefold() for word in re.findall(r"[^\W\d_]+", text)]
    if not words or NO_VANITY.intersection(words) or not _SPELLED.fullmatch(text):
        return None
    reading = read_letters(text, region)
    if reading is not None:
        return Number(reading.e164 or text, reading.e164, text)
    # In capitals, beside the first digits of a number for companies.
    looks_so = re.match(r"\+?(?:1[ .\-]?)?[( ]*\d{3,4}[)\s.\-]*[A-Z]{3,}", text)
    return Number(text, None, text) if looks_so and region is None else None


def _as_written(pieces: Sequence[Piece], text: str) -> list[Number]:
    """Leave to the server what was misread, or what is too short for a number of its own."""
    digits = sum(map(str.isdigit, text))
    if not pieces or not FEWEST_DIGITS <= digits < _TOO_MANY_DIGITS:
        return []
    if any(piece.beside_words for piece in pieces):
        misread = [piece.text for piece in pieces if piece.spoiled and all(map(is_misread, piece.text.split()))]
        return [Number(written, None, written) for written in misread]
    return [Number(text, None, text)]


def _mended(piece: Piece) -> Piece:
    if "+" in piece.text:
        piece.text = _PLUS.sub("+", piece.text) if piece.text.lstrip(" (").startswith("+") else piece.text
    return piece
