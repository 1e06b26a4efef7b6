"""Whom of the team a text means: an e-mail address, an id, or a name as people and CRMs write it."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence

from allo_async import User
from allo_async.cli.job import ID_PREFIX

# An apostrophe may be a part of the name in front of the @, as in o'brien@acme.example, and never of what is behind.
_EMAIL = re.compile(r"[^\s<>()\[\]\",;:|]+@[^\s<>()\[\]\"',;:|]+")


class Teammates:
    """The team, which finds the rep that a text means.

    Args:
        users: Its active members; `None` where the key may not read them.

    Attributes:
        users: The same.
    """

    def __init__(self, users: Sequence[User] | None) -> None:
        self.users = users
        # A column that names no reps at all may hold as many texts as it has rows.
        self._by_email = _index(users, lambda user: (user.email or "").lower())
        self._by_id = _index(users, lambda user: user.id)
        self._by_name = _index(users, lambda user: _plain(user.name or ""))

    def find(self, text: str) -> list[str]:
        """Return the reps that *text* may mean, each as `DialingQueue` takes it: an e-mail address, or else an id.

        One is the answer, none is nobody, and several are not to be guessed between. Where the team is not known, an
        address or an id stands for itself.
        """
        given = text.strip()
        emails = list(dict.fromkeys(email.strip(".'").lower() for email in _EMAIL.findall(given)))
        if self.users is None:
            return emails or ([given] if given.startswith(ID_PREFIX) else [])
        if emails:
            return [address for email in emails for address in self._by_email.get(email, ())]
        return self._by_id.get(given) or self._by_name.get(_plain(given)) or []


def _index(users: Sequence[User] | None, key: Callable[[User], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for user in users or ():
        if key(user):
            found[key(user)].append(_address(user))
    return dict(found)


def _address(user: User) -> str:
    return user.email or user.id


def _plain(name: str) -> str:
    """Return *name* without case, accents and punctuation, the first name first."""
    last, comma, first = name.partition(",")
    decomposed = unicodedata.normalize("NFKD", f"{first} {last}" if comma else name)
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+", letters.casefold()))
