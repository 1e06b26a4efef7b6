"""The headers by which people's CRMs call the fields of a contact."""

import re
import unicodedata

# HubSpot, Salesforce, Pipedrive, Zoho, Outlook, Google and others, in English, French, German, Spanish and Italian, as
# `plain` writes them. Of several columns for a field the first in the list wins; a phone falls back on the next.
_HEADERS: dict[str, str] = {
    "number": """
        number mobilephone mobilephonenumber mobile mobilenumber phonemobile cellphone cell cellphonenumber portable
        telephoneportable telephonemobile telportable numeroportable numerodeportable numerodetelephonemobile
        numerodetelephoneportable telmobile gsm mobiltelefon mobiltelefonnummer mobilnummer mobilenummer mobilnr mobil
        telefonmobil mobiletelefonnummer handy handynummer handynr movil telefonomovil telefonocelular
        numerodetelefonomovil celular cellulare telefonocellulare numerodicellulare telefonomobile
        numeroditelefonomobile directline directphone workdirectphone directdial directnumber lignedirecte durchwahl
        phone phonenumber phone1 phone1value primaryphone primaryphonenumber mainphone telephone telephonenumber
        telephone1 tel telno numero numerodetelephone ndetelephone numtel numerotel telefon telefonnummer telefonnr
        telnr rufnummer telefono numerodetelefono numeroditelefono numerotelefono
        workphone workphonenumber phonework businessphone businessphonenumber officephone corporatephone companyphone
        companyphonenumber telephonefixe fixe telfixe telephoneprofessionnel telephonebureau telefongeschaftlich
        telefonodeltrabajo telefonoufficio phonehome homephone homephonenumber telephonedomicile telefonprivat
        phoneother otherphone phone2 phone2value telephone2 telefon2 telefono2
    """,
    "first_name": """
        firstname first givenname forename fname prenom vorname primernombre nomedibattesimo
    """,
    "last_name": """
        lastname last surname familyname lname nomdefamille nachname familienname zuname apellido apellidos cognome
    """,
    # What these hold depends on the columns beside them: `Nom` is the whole name, or the last name beside `Prénom`.
    "any_name": """
        name nom nombre nome
    """,
    "whole_name": """
        fullname wholename nomcomplet nomprenom nometprenom prenomnom prenometnom vollstandigername vollername
        nombrecompleto nombreyapellidos nomecompleto nomeecognome contactname leadname personname kontaktname
        ansprechpartner interlocuteur contact
    """,
    "company": """
        company companyname associatedcompany primaryassociatedcompany account accountname companyaccount organization
        organisation organizationname organisationname organization1name employer business societe entreprise
        nomdelentreprise nomdelasociete nomentreprise nomsociete nomducompte raisonsociale firma firmenname unternehmen
        unternehmensname namedesunternehmens empresa nombredelaempresa nombredeempresa compania razonsocial azienda
        nomeazienda nomedellazienda societa ragionesociale
    """,
    "website": """
        website websiteurl webpage homepage url companydomainname domain siteweb site siteinternet urldusiteweb webseite
        internetseite sitioweb urldelsitioweb paginaweb sitoweb urldelsitoweb sito
    """,
    "job_title": """
        jobtitle title job position role jobposition fonction poste intituleduposte intituledeposte titre metier
        berufsbezeichnung jobbezeichnung funktion stelle cargo puesto puestodetrabajo ruolo posizione qualifica mansione
    """,
    "emails": """
        emails email emailaddress mail workemail emailwork businessemail personalemail emailhome emailother email1
        email2 email1value email2value email2address email3address secondaryemail additionalemailaddresses
        adresseemail adressemail adressecourriel courriel mel emailadresse correo correoelectronico
        direcciondecorreoelectronico indirizzoemail postaelettronica
    """,
    "addresses": """
        addresses address address1formatted streetaddress street mailingaddress mailingstreet postaladdress
        businessaddress businessstreet adresse adressepostale rue anschrift strasse direccion direccionpostal domicilio
        indirizzo organizationaddress organisationaddress
    """,
}

_RANKS = {kind: {header: rank for rank, header in enumerate(headers.split())} for kind, headers in _HEADERS.items()}

# Pipedrive and others put before each header what it is about.
_OWNERS_PREFIX = re.compile(r"^(personne|persona|person|contact|kontakt|lead|prospect)(?=.)")


def plain(header: str) -> str:
    """Write *header* without case, accents, spaces and punctuation."""
    decomposed = unicodedata.normalize("NFKD", header.replace("ß", "ss").replace("ẞ", "ss").replace("°", "")).casefold()
    return "".join(character for character in decomposed if character.isalnum())


def rank(kind: str, header: str) -> int | None:
    """Tell how well *header* fits *kind*, 0 being best; `None` when it does not."""
    written = plain(header)
    ranks = _RANKS[kind]
    return ranks.get(written, ranks.get(_OWNERS_PREFIX.sub("", written)))
