"""The API key as people paste it, and the key in it."""

import re
import unicodedata
from typing import NoReturn, Self

from allo_async.errors import ConfigurationError, MissingApiKeyError

# Characters that come along from a shell, a .env file, a header or a chat; from the outside inwards.
_AROUND = re.compile(
    r"""\A(?:(?:export|set)\s+ | \$env:)? ALLO_API_KEY \s*[=:]\s*
      | \A authorization \s*:\s*
      | \A (?:api[-_ ]?key|bearer) (?:[\s:]+ | \Z)""",
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES = "\"'`´“”„‟‘’‚«»‹›"  # noqa: RUF001 - those that word processors set
_KEY = re.compile(r"[A-Za-z0-9._~+/=-]+")


class ApiKey:
    """A key that no repr shows, no traceback with locals, and no pickle.

    Attributes:
        text: The key, for the header and for a keyed hash; never a local variable.
    """

    __slots__ = ("text",)

    def __init__(self, given: str | None) -> None:
        self.text = checked_key(given)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key is not pickled: make a client in each process")

    def __deepcopy__(self, _: object) -> Self:
        return self


def checked_key(given: object) -> str:
    """Return the key in what was *given*: without quotes, the name of its variable, its scheme, and what is invisible.

    Raises:
        MissingApiKeyError: There is none.
        ConfigurationError: The text cannot be a key; the error does not show it.
    """
    if not isinstance(given, str | None):
        raise ConfigurationError(f"the API key must be a text, not {type(given).__name__}")
    visible = "".join(character for character in given or "" if unicodedata.category(character) != "Cf")
    key = _unwrapped(visible)
    if not key:
        raise MissingApiKeyError("no API key: pass AlloClient(api_key=…) or set ALLO_API_KEY")
    if not _KEY.fullmatch(key):
        raise ConfigurationError("the API key holds a character that no key has: check for a copying mistake")
    return key


def _unwrapped(text: str) -> str:
    before = None
    while text != before:
        before = text
        # `strip` knows the spaces of every script, and a secret read from a file brings its line end along.
        text = _AROUND.sub("", text.strip().strip(_QUOTES).rstrip(";,").strip(), count=1)
    return text
