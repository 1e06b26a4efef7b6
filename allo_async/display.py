"""Text from outside, made fit for a log, a terminal and an error tracker."""

import re
from collections.abc import Sequence

from allo_async.models import FieldError

# The API quotes numbers in its messages, and a log or a tracker is no place for them.
# Seven digits or more, in groups as people write them; a date and an IPv4 address are no number.
_PHONE_NUMBER = re.compile(
    r"\+\d[\d ().-]{2,}\d"
    r"|(?<!\w)(?<!\d\.)(?!\d{4}-\d\d-\d\d(?!\d))(?!(?:\d{1,3}\.){3}\d{1,3}(?![\d.]))"
    r"\(?\d(?:[ ().\-/\u00a0\u2009\u202f]{0,2}\d){6,}"
)

# User and password of a URL, up to the last @: a password may hold one itself.
_LOGIN = re.compile(r"(?<=://)[^\s'\"]*@")

# Read behind a cut, so that no number is cut in two and then not recognised.
_MARGIN = 40

_LONGEST_ID = 200
_MOST_FIELDS = 20


def shown(text: str, longest: int = 300) -> str:
    """Return *text* in one line of at most *longest* characters, without control characters, numbers and logins."""
    line = "".join(map(_printable, without_login(text)[: longest + _MARGIN]))
    masked = _PHONE_NUMBER.sub("(number)", line)
    return masked if len(masked) <= longest else f"{masked[:longest]}…"


def without_login(text: str) -> str:
    """Return *text* without the user and the password of each URL in it."""
    return _LOGIN.sub("", text) if "@" in text else text


def is_whole(text: str) -> bool:
    """Return whether *text* has no half of a surrogate pair, which no file, no JSON and no URL takes."""
    try:
        # A subclass may have methods of its own.
        str.encode(text)
    except UnicodeEncodeError:
        return False
    return True


def identifier(text: str | None) -> str | None:
    """Return *text* without control characters, cut at 200 characters; `None` if nothing is left."""
    return "".join(filter(str.isprintable, text[:_LONGEST_ID])) or None if text else None


def field_errors(errors: Sequence[FieldError]) -> str:
    """Return the first 20 of *errors* in one line."""
    first = errors[:_MOST_FIELDS]
    told = "; ".join(shown(f"{error.field}: {error.message or error.code}") for error in first)
    more = f"; {len(errors) - len(first):,} more" if len(errors) > len(first) else ""
    return shown(told, 2_000) + more


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    # An escape in words shows what was sent, and is obeyed by no terminal.
    return " " if character.isspace() else character.encode("unicode_escape").decode()
