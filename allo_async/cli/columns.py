"""Which column of a lead list is which field, by the headers that people's CRMs export."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from allo_async import Contact

FIELDS = tuple(field.name for field in attrs.fields(Contact))

# The headers of HubSpot, Salesforce, Pipedrive and others in English, French, German, Spanish and Italian, without
# case, accents and punctuation. Of several columns for a field the first in the list wins; a phone falls back on the
# next.
_HEADERS: dict[str, str] = {
    "number": """
        number mobilephone mobilephonenumber mobile mobilenumber phonemobile cellphone cell cellphonenumber portable
        telephoneportable telportable numeroportable telmobile mobiltelefon mobilnummer mobil handy handynummer movil
        telefonomovil celular cellulare telefonocellulare directline directphone directdial directnumber lignedirecte
        durchwahl phone phonenumber phone1 primaryphone mainphone telephone telephonenumber telephone1 tel numero
        numerodetelephone numtel telefon telefonnummer rufnummer telefono numerodetelefono numeroditelefono
        workphone workphonenumber phonework businessphone businessphonenumber officephone companyphone
        companyphonenumber telephonefixe fixe telfixe telephoneprofessionnel phonehome homephone homephonenumber
        phoneother otherphone phone2 telephone2
    """,
    "name": """
        name firstname givenname forename fname prenom vorname nombre nome fullname nomcomplet contactname
        leadname personname nomprenom prenomnom nomdefamille
    """,
    "last_name": """
        lastname surname familyname lname nom nomdefamille nachname familienname apellido apellidos cognome
    """,
    "company": """
        company companyname associatedcompany account accountname organization organisation organizationname
        organisationname employer business societe entreprise nomdelentreprise nomdelasociete raisonsociale firma
        firmenname unternehmen empresa compania azienda societa ragionesociale
    """,
    "website": """
        website websiteurl webpage homepage url companydomainname domain siteweb site siteinternet webseite
        internetseite sitioweb paginaweb sitoweb sito
    """,
    "job_title": """
        jobtitle title job position role jobposition fonction poste intituleduposte titre metier berufsbezeichnung
        funktion stelle cargo puesto ruolo posizione qualifica
    """,
    "emails": """
        emails email emailaddress mail workemail emailwork businessemail personalemail emailhome emailother email1
        email2 secondaryemail adresseemail adressemail courriel mel emailadresse correo correoelectronico indirizzoemail
        postaelettronica
    """,
    "addresses": """
        addresses address streetaddress street mailingaddress mailingstreet postaladdress businessaddress adresse
        adressepostale rue anschrift strasse direccion domicilio indirizzo organizationaddress organisationaddress
    """,
}

_KNOWN = {field: headers.split() for field, headers in _HEADERS.items()}
_FIRST_NAMES = {"firstname", "givenname", "forename", "fname", "prenom", "vorname"}
_OWNERS_PREFIX = re.compile(r"^(person|contact|lead|prospect)(?=.)")
_SEVERAL = {"number", "emails", "addresses"}


class ColumnsError(Exception):
    """Columns that cannot be told; the text says what to do about it."""


@attrs.frozen
class Columns:
    """The columns of each field.

    Attributes:
        by_field: For each field that the file has, its columns in the order of preference.
    """

    by_field: Mapping[str, Sequence[str]]

    def contact(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """Make a row for `append`; what is wrong with it is for `append` to tell."""
        return {field: _value(field, [cells.get(column) for column in found]) for field, found in self.by_field.items()}

    def __str__(self) -> str:
        return ", ".join(f"{field} ← {' / '.join(found)}" for field, found in self.by_field.items())


def find_columns(headers: Sequence[str], mapped: Iterable[str] = ()) -> Columns:
    """Find the columns of each field.

    Args:
        headers: The file's headers.
        mapped: What the user says, each `field=header`; it wins over what is found.

    Raises:
        ColumnsError: No column holds the phone number, or *mapped* names a field or header that there is not.
    """
    found = {field: _found(field, headers) for field in FIELDS}
    _settle_names(found, headers)
    for field, header in (_mapping(entry, headers) for entry in mapped):
        found[field] = [header]
    if not found["number"]:
        raise ColumnsError(
            "no column looks like a phone number; the file has "
            + ", ".join(repr(header) for header in headers)
            + '. Name it: --map number="…"'
        )
    return Columns({field: columns for field, columns in found.items() if columns})


def find_column(headers: Sequence[str], wanted: str) -> str:
    """Find the header that the user means by *wanted*, whatever its case and accents.

    Raises:
        ColumnsError: There is none.
    """
    for header in headers:
        if _plain(header) == _plain(wanted):
            return header
    raise ColumnsError(f"no column {wanted!r}; the file has " + ", ".join(repr(header) for header in headers))


def _found(field: str, headers: Sequence[str]) -> list[str]:
    ranked = [(rank, header) for header in headers if (rank := _rank(field, header)) is not None]
    columns = [header for _, header in sorted(ranked, key=lambda pair: pair[0])]
    return columns if field in _SEVERAL else columns[:1]


def _rank(field: str, header: str) -> int | None:
    plain = _plain(header)
    for spelling in (plain, _OWNERS_PREFIX.sub("", plain)):
        if spelling in _KNOWN[field]:
            return _KNOWN[field].index(spelling)
    return None


def _settle_names(found: dict[str, list[str]], headers: Sequence[str]) -> None:
    """Tell first names from full names: a full name counts only where no column holds the first name alone."""
    first = [header for header in headers if _OWNERS_PREFIX.sub("", _plain(header)) in _FIRST_NAMES]
    if first:
        found["name"] = first[:1]
    elif not found["name"] and found["last_name"]:
        # A French export's lone `Nom` is the whole name.
        found["name"], found["last_name"] = found["last_name"], []


def _mapping(entry: str, headers: Sequence[str]) -> tuple[str, str]:
    field, _, header = entry.partition("=")
    field = field.strip()
    if field not in FIELDS or not header.strip():
        raise ColumnsError(f"--map {entry!r}: write FIELD=HEADER with one of {', '.join(FIELDS)}")
    return field, find_column(headers, header.strip())


def _plain(header: str) -> str:
    decomposed = unicodedata.normalize("NFKD", header.replace("ß", "ss").replace("ẞ", "ss")).casefold()
    return "".join(character for character in decomposed if character.isalnum())


def _value(field: str, values: Sequence[Any]) -> Any:
    given = [value for value in values if not _blank(value)]
    if field not in {"emails", "addresses"}:
        return given[0] if given else None
    if len(given) == 1 and not isinstance(given[0], str):
        return given[0]
    parts = [part for value in given for part in (_split(field, value) if isinstance(value, str) else _items(value))]
    return parts or None


def _split(field: str, value: str) -> list[str]:
    # An address has commas of its own.
    return re.split(r"[;,\s]+", value.strip("; ,")) if field == "emails" else [value.strip()]


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)  # pyright: ignore[reportUnknownVariableType]


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
