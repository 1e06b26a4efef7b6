"""A cell's text, cut into what may be numbers: at the words, and at the marks that people put between numbers."""

import re
from collections.abc import Iterator
from typing import Literal

import attrs

from allo_async._numbers.words import CODES, EXTENSION, FAX, LABELS, NEUTRAL, UNITS

#: How a piece follows the one before it.
Joint = Literal["slash", "spaced slash", "comma", "line", "apart"]

_TOKEN = re.compile(r"[^\W_]+")
_RUN = re.compile(r"\d+|[^\W\d_]+")
_ADDRESS = re.compile(r"\S+@\S+")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_CHAT = re.compile(
    r"(?:https?://)?(?:www\.|api\.|web\.)?(?:wa\.me/|whatsapp\.com/send/?\?phone=)\+?(\d+)\S*", re.IGNORECASE
)
_SCHEME = re.compile(r"\b(?:tel|callto|sms|phone|sip|facetime)\s*:(?://)?\s*(?=[+\d(])", re.IGNORECASE)
# Codes that hide the caller's own number; they belong to a telephone, and not to the contact.
_SERVICE_CODE = re.compile(r"^[*#]{1,2}\d{2,3}[*#]\s*(?=[+\d(])|^\*(?:67|70|82)[\s,\-.]+(?=[+\d(])")

# 1) 0171 … 2) 030 …
_LIST = re.compile(r"(?:^|(?<=\s))\d\)\s+(?=[+\d(])")
_NUMBERED_LIST = re.compile(r"^1\.\s(?=.*\s2\.\s)|\s[2-9]\.\s")
# A digit or two in parentheses behind a number.
_BEHIND = re.compile(r"\s*\)\s*(?:$|[^\d\s(])")

_FEWEST = 4
_WHOLE = 8
# Marks that a telephone waits for before it sends the rest.
_PAUSES = (",,", ";;")
_LONGEST_EXTENSION = 6
_MARKS = frozenset(" .-()")


# Letters that a scanner, or a tired person, takes for digits.
_MISREAD = re.compile(r"[\dOoQIlSB]+")


@attrs.define
class Piece:
    """A piece of a cell that may be a number, or a part of one.

    Attributes:
        text: Its digits and marks, as in the cell.
        joint: How it follows the piece before.
        spoiled: Whether letters stand inside of it, so that no reading of it is certain.
        beside_words: Whether there are words in the cell that say more than what kind of number it is.
        extension: The extension behind it, `None` for none.
        is_other: Whether the cell calls it a fax number, or a code of another kind.
    """

    text: str
    joint: Joint
    spoiled: bool = False
    beside_words: bool = False
    extension: str | None = None
    is_other: bool = False

    @property
    def digits(self) -> int:
        """How many digits it has."""
        return sum(map(str.isdigit, self.text))


def is_misread(token: str) -> bool:
    """Return whether all letters of *token* look like digits."""
    return _MISREAD.fullmatch(token) is not None


def pieces_of(text: str) -> list[Piece]:
    """Cut *text*, a cleaned cell, into pieces, in order."""
    if "/" in text or "@" in text or ":" in text or "." in text:
        text = _CHAT.sub(r" +\1 ", text)
        text = _SCHEME.sub(" ", _URL.sub(" | ", _ADDRESS.sub(" | ", text)))
    if text.startswith("1) "):
        text = _LIST.sub(" | ", text)
    if text.startswith("1. "):
        text = _NUMBERED_LIST.sub(" | ", text)
    return _Cutter(_SERVICE_CODE.sub("", text)).cut()


class _Cutter:
    """Goes through a text once, word by word."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[Piece] = []
        self._words: list[str] = []
        self._has_words = False
        self._open = False

    def cut(self) -> list[Piece]:
        end = 0
        for start, token in self._tokens():
            gap, end = self._text[end:start], start + len(token)
            if token.isdigit():
                self._take_digits(gap, token, self._text[end:])
            elif token.isalpha():
                self._take_word(gap, token.casefold())
            else:
                self._take_mixed(gap, token)
        for piece in self._pieces:
            piece.text = piece.text.strip(" .-/,")
            piece.beside_words = self._has_words
        return [piece for piece in self._pieces if piece.digits and not piece.is_other]

    def _tokens(self) -> Iterator[tuple[int, str]]:
        for found in _TOKEN.finditer(self._text):
            at = found.start()
            for part in _parts(found[0]):
                yield at, part
                at += len(part)

    def _take_digits(self, gap: str, digits: str, rest: str) -> None:
        words, self._words = self._words, []
        if self._is_extension(gap, digits, words, rest):
            self._pieces[-1].extension, self._open = digits, False
            return
        joint = _joint(gap)
        if self._open and joint is None:
            # As dots, since a numbering plan reads 06:12:34 otherwise.
            self._pieces[-1].text += gap.replace(":", ".") + digits
            return
        opening = gap[len(gap.rstrip("+( ")) :].lstrip()
        piece = Piece(opening + digits, joint if joint and self._open else "apart")
        piece.is_other = self._is_other(piece.text, gap, words)
        self._pieces.append(piece)
        self._open = True

    def _is_other(self, text: str, gap: str, words: list[str]) -> bool:
        if words and words[-1] in FAX:
            return not LABELS.intersection(words)
        if text[0] in "+0(" or (words and words[-1] in LABELS):
            return False
        # INV-2026-001234, ID 4711123, #1234567
        code = words and (words[-1] in CODES or gap == "-")
        return bool(code) or (not words and gap == "#")

    def _is_extension(self, gap: str, digits: str, words: list[str], rest: str) -> bool:
        if not self._pieces or self._pieces[-1].digits < _FEWEST or len(digits) > _LONGEST_EXTENSION or "\n" in gap:
            return False
        if not words and gap.endswith(" (") and self._pieces[-1].digits >= _WHOLE and _BEHIND.match(rest):
            return True
        return words[-1] in EXTENSION if words else "#" in gap or gap.startswith(_PAUSES)

    def _take_word(self, gap: str, word: str) -> None:
        if word in UNITS and self._open and gap in {"", " "}:
            shorter, _, group = self._pieces[-1].text.rpartition(" ")
            if len(group) <= 2:  # noqa: PLR2004 - hours, floors and counts have two digits
                self._pieces[-1].text = shorter
        self._words.append(word)
        self._has_words |= word not in NEUTRAL
        self._open = False

    def _take_mixed(self, gap: str, token: str) -> None:
        # A word with a digit or two, such as 18h, is no part of a number; one with more, such as I712345, spoils it.
        spoils = sum(map(str.isdigit, token)) >= _FEWEST - 1 or (self._open and is_misread(token))
        if spoils and self._open and _joint(gap) is None:
            self._pieces[-1].spoiled = True
            self._pieces[-1].text += gap + token
        elif spoils:
            self._pieces.append(Piece(token, "apart", spoiled=True))
        self._words, self._has_words, self._open = [], True, spoils


def _parts(token: str) -> list[str]:
    """Take apart what is written against a number without a space: `0171mobil`, `Tel0171`, `0010x5`."""
    if token.isdigit() or token.isalpha():
        return [token]
    first, *rest = runs = _RUN.findall(token)
    if first.isdigit() and len(rest) == 1:
        return runs if len(first) >= _FEWEST and (len(rest[0]) > 1 or rest[0].casefold() in LABELS) else [token]
    known = all(run.isdigit() or run.casefold() in LABELS | FAX | EXTENSION for run in runs)
    return runs if known else [token]


def _joint(gap: str) -> Joint | None:
    """Return how the digits on both sides of *gap* belong together; `None` for two groups of one number."""
    if _MARKS.issuperset(gap) or gap == ":":
        return None
    if "\n" in gap and not gap.strip(" .-()\n"):
        return "line"
    marks = gap.strip(" .-()")
    if marks == "/":
        return "spaced slash" if " " in gap else "slash"
    return "comma" if marks == "," else "apart"
