"""Whom of the team a text means: an e-mail address, an id, or a name as people and CRMs write it."""

import re
import unicodedata
from collections.abc import Sequence

import attrs

from allo_async import User
from allo_async.cli.job import ID_PREFIX

# An apostrophe may be a part of the name in front of the @, as in o'brien@acme.example, and never of what is behind.
_EMAIL = re.compile(r"[^\s<>()\[\]\",;:|]+@[^\s<>()\[\]\"',;:|]+")


@attrs.frozen
class Teammates:
    """The team, to be asked who is meant.

    Attributes:
        users: Its active members; `None` where the key may not read them.
    """

    users: Sequence[User] | None

    def find(self, text: str) -> list[str]:
        """Return who may be meant by *text*, each as `DialingQueue` takes it: an e-mail address, or else an id.

        One is the answer, none is nobody, and several are not to be guessed between. Where the team is not known, an
        address or an id stands for itself.
        """
        given = text.strip()
        emails = list(dict.fromkeys(email.strip(".'").lower() for email in _EMAIL.findall(given)))
        if self.users is None:
            return emails or ([given] if given.startswith(ID_PREFIX) else [])
        if emails:
            return [_address(user) for user in self.users if (user.email or "").lower() in emails]
        by_id = [_address(user) for user in self.users if user.id == given]
        name = _plain(given)
        return by_id or [_address(user) for user in self.users if name and _plain(user.name or "") == name]


def _address(user: User) -> str:
    return user.email or user.id


def _plain(name: str) -> str:
    """Return *name* without case, accents and punctuation, the first name first."""
    last, comma, first = name.partition(",")
    decomposed = unicodedata.normalize("NFKD", f"{first} {last}" if comma else name)
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+", letters.casefold()))
