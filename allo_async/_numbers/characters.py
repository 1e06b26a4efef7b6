"""The characters of a cell: digits, letters and plain separators instead of all that people and programs write."""

import html
import re
import unicodedata
from functools import cache

#: Characters of a cell that are read: what is longer is a note, and its end would take long to read.
LONGEST_CELL = 500

# Digits, and the marks that stand between them.
_PLAIN = re.compile(r"[0-9+ ().\-]*")

_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,31});", re.IGNORECASE)
_PERCENT = re.compile(r"%([0-9a-f]{2})", re.IGNORECASE)

# Characters that look alike, whatever their Unicode category says.
_ALIKE = {
    "+": "＋﹢⁺₊➕˖",
    "-": "−﹣⁃˗ー―─━‒–—‐‑⸺➖~∼〜～_",
    "/": "／⁄∕⧸⟋\\＼",
    ".": "．·•․‧∙⋅・｡。﹒⸱●▪",
    "(": "（﹙⁽₍[［{",
    ")": "）﹚⁾₎]］}",
    ",": "，、﹐،",
    ";": "；﹔؛",
    "|": "｜¦│❘",
    ":": "：﹕∶",
    "#": "＃﹟♯",
    "*": "＊﹡∗",
    "@": "＠﹫",
    "%": "％﹪",
    "\n": "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029",
    # Hangul fillers are letters, and the blank of Braille a symbol; people see a space.
    " ": "\t\u00a0\u115f\u1160\u3164\uffa0\u2800\"'`´",
}
# Marks of direction, joiners, accents that stand alone and the frame of an emoji's digit cannot be seen.
_BY_CATEGORY = {"Cf": "", "Cc": "", "Mn": "", "Me": "", "Mc": "", "Sc": "$", "Pd": "-"}

_BY_CHARACTER = {alike: plain for plain, characters in _ALIKE.items() for alike in characters}


def is_plain(text: str) -> bool:
    """Return whether a cell holds nothing but digits, spaces, `+`, `-`, `.` and parentheses."""
    return _PLAIN.fullmatch(text) is not None


def cleaned(text: str) -> str:
    """Return a cell in ASCII digits, letters and plain marks; its words stay as they are.

    Invisible characters go. Others that are neither digit nor letter become spaces, so that they still separate.
    """
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if "%" in text:
        text = _PERCENT.sub(lambda code: chr(int(code[1], 16)), text)
    return "".join(map(_plain, text)).strip()


@cache
def _plain(character: str) -> str:
    if character in _BY_CHARACTER:
        return _BY_CHARACTER[character]
    if character.isascii():
        return character if character.isprintable() or character == "\n" else ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isalpha():
        # Full-width letters are read as their plain twins.
        return unicodedata.normalize("NFKC", character)
    return _BY_CATEGORY.get(unicodedata.category(character), " ")
