"""The field that is meant by a name which is none of the API's: a suggestion, and never a wrong one."""

import unicodedata

import attrs

from allo_async.models import Contact

FIELDS = tuple(field.name for field in attrs.fields(Contact))

# Written without case, accents, spaces and punctuation.
_MEANT = {
    "number": """
        phone phonenumber phoneno phonenr mobile mobilephone mobilenumber mobilephonenumber cell cellphone cellnumber
        tel telephone telephonenumber telno whatsapp msisdn telefon telefonnummer handy handynummer rufnummer mobil
        portable numero numerodetelephone telefono movil celular numbers
    """,
    "name": """
        firstname first fname givenname forename prenom vorname nombre fullname wholename contactname names
    """,
    "last_name": """
        last lname surname familyname secondname nachname familienname nomdefamille apellido apellidos cognome lastnames
    """,
    "company": """
        companyname companies organisation organization organisationname organizationname org account accountname
        employer business firm firma unternehmen societe entreprise empresa azienda
    """,
    "website": """
        url web site webpage homepage websiteurl domain siteweb webseite sitioweb websites
    """,
    "job_title": """
        title job position role jobtitles jobposition function fonction poste funktion cargo puesto
    """,
    "emails": """
        email emailaddress emailaddresses mail mails courriel correo
    """,
    "addresses": """
        address addressline streetaddress street postaladdress mailingaddress adresse anschrift strasse rue direccion
    """,
}

_BY_NAME = {name: field for field, names in _MEANT.items() for name in names.split()} | {
    field.replace("_", ""): field for field in FIELDS
}

_WHY = {"name": " (the first name is `name`)"}


def suggestion(name: object) -> str:
    """Return what to say of *name*, which is no field: the one that is meant, or else all that there are."""
    decomposed = unicodedata.normalize("NFKD", name).casefold() if isinstance(name, str) else ""
    plain = "".join(filter(str.isalnum, decomposed))
    meant = _BY_NAME.get(plain)
    if meant is None:
        return f"; the fields are {', '.join(FIELDS)}"
    return f", did you mean {meant}?{_WHY.get(meant, '')}"
