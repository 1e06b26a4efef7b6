"""A person to be called: one entry of the append request."""

from collections.abc import Mapping, Sequence

import attrs


@attrs.frozen
class Contact:
    """A phone number and what is known of the person behind it.

    Field names are the API's own. Nothing is checked here: `append` checks every row and reports a bad one as
    skipped, so that one bad row never costs the others.

    Attributes:
        number: The phone number, in any format.
        name: The first name.
        last_name: The last name.
        company: The company's name; Allo matches it case-insensitively, or creates it.
        website: A URL.
        job_title: The person's role.
        emails: E-mail addresses.
        addresses: Postal addresses.

    Example:
        >>> Contact("+44 20 7946 0958", company="Acme Inc").company
        'Acme Inc'
    """

    number: str
    name: str | None = attrs.field(default=None, kw_only=True)
    last_name: str | None = attrs.field(default=None, kw_only=True)
    company: str | None = attrs.field(default=None, kw_only=True)
    website: str | None = attrs.field(default=None, kw_only=True)
    job_title: str | None = attrs.field(default=None, kw_only=True)
    emails: Sequence[str] | None = attrs.field(default=None, kw_only=True)
    addresses: Sequence[str] | None = attrs.field(default=None, kw_only=True)


@attrs.frozen(kw_only=True)
class PendingContact:
    """A row that is certainly not in the queue, and may be sent again: `append` takes it as it is.

    Attributes:
        index: The row's place in what was passed in, from 0.
        contact: The row.
    """

    index: int
    contact: Contact


#: A row as `append` takes it: a bare number, as text or as an int or float of its digits; a mapping with the API's
#: field names; a `Contact`; or a pending row of another result.
ContactLike = str | float | Mapping[str, object] | Contact | PendingContact
