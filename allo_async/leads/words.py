"""Headers and cells by their words, without case, accents and punctuation."""

import functools
import re
import unicodedata

_BOUNDARIES = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_WHATSAPP = re.compile(r"whats\s*app", re.IGNORECASE)
# Masculine and degree signs of `Nº` and `N°`: the letter before them says it all.
_ORDINALS = str.maketrans({"ß": "ss", "ẞ": "SS", "°": "", "º": "", "ª": ""})


def plain(text: str) -> str:
    """Return *text* without case, accents, spaces and punctuation."""
    return "".join(filter(str.isalnum, _folded(text.translate(_ORDINALS)).casefold()))


@functools.lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Return the words of *text*, each as `plain` has it: `MobilePhone2` has three."""
    separated = _BOUNDARIES.sub(" ", _WHATSAPP.sub(" whatsapp ", _folded(text.translate(_ORDINALS))))
    return tuple(re.findall(r"[^\W_]+", separated.casefold()))


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def word_set(text: str) -> frozenset[str]:
    """Return the words of a vocabulary."""
    return frozenset(text.split())
