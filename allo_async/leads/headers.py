"""The headers by which people's CRMs call the fields of a contact."""

import re

from allo_async.leads.words import plain

# HubSpot, Salesforce, Pipedrive, Zoho, Outlook, Google and others, in English, French, German, Spanish and Italian, as
# `plain` writes them. Of several columns for a field the first in the list wins.
_HEADERS: dict[str, str] = {
    "first_name": """
        firstname first givenname forename fname prenom vorname primernombre nomedibattesimo
    """,
    "last_name": """
        lastname last surname familyname lname nomdefamille nachname familienname zuname apellido apellidos cognome
    """,
    # The meaning of these depends on other columns: `Nom` is the whole name, or the last name beside `Prénom`.
    "any_name": """
        name nom nombre nome
    """,
    "whole_name": """
        fullname wholename nomcomplet nomprenom nometprenom prenomnom prenometnom vollstandigername vollername
        nombrecompleto nombreyapellidos nomecompleto nomeecognome contactname leadname personname kontaktname
        ansprechpartner interlocuteur primarycontactname contact
    """,
    "company": """
        company companyname associatedcompany primaryassociatedcompany account accountname companyaccount organization
        organisation organizationname organisationname organization1name employer business societe entreprise
        organizationname1 companynameforemails
        nomdelentreprise nomdelasociete nomentreprise nomsociete nomducompte raisonsociale firma firmenname unternehmen
        unternehmensname namedesunternehmens empresa nombredelaempresa nombredeempresa compania razonsocial azienda
        nomeazienda nomedellazienda societa ragionesociale
    """,
    "website": """
        website websiteurl companywebsite website1value webpage homepage url companydomainname
        companydomain domain siteweb site siteinternet urldusiteweb webseite
        internetseite sitioweb urldelsitioweb paginaweb sitoweb urldelsitoweb sito
    """,
    "job_title": """
        jobtitle title job position role jobposition fonction poste intituleduposte intituledeposte titre metier
        organizationtitle organization1title primarycontacttitle
        berufsbezeichnung jobbezeichnung funktion stelle cargo puesto puestodetrabajo ruolo posizione qualifica mansione
    """,
    "emails": """
        emails email emailaddress mail workemail emailwork businessemail personalemail emailhome emailother email1
        email2 email1value email2value email2address email3address secondaryemail additionalemailaddresses
        adresseemail adressemail adressecourriel courriel mel emailadresse correo correoelectronico
        primarycontactprimaryemail direcciondecorreoelectronico indirizzoemail postaelettronica
    """,
    "addresses": """
        addresses address address1formatted streetaddress street mailingaddress mailingstreet postaladdress
        businessaddress businessstreet adresse adressepostale rue anschrift strasse direccion direccionpostal domicilio
        indirizzo organizationaddress organisationaddress
    """,
}

_RANKS = {kind: {header: rank for rank, header in enumerate(headers.split())} for kind, headers in _HEADERS.items()}

#: The kinds of columns that `rank` knows.
KINDS = tuple(_HEADERS)

# Pipedrive and others put before each header what it is about.
_OWNERS_PREFIX = re.compile(r"^(personne|persona|person|contact|kontakt|lead|prospect)(?=.)")


def rank(kind: str, header: str) -> int | None:
    """Return how well *header* fits *kind*, 0 being best; `None` if it does not."""
    written = plain(header)
    ranks = _RANKS[kind]
    return ranks.get(written, ranks.get(_OWNERS_PREFIX.sub("", written)))
