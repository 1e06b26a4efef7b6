"""Headers of phone numbers, known by their words, in the order in which their numbers are called."""

import functools
from collections.abc import Sequence
from enum import IntEnum

from allo_async.leads.words import word_set, words


class PhoneRank(IntEnum):
    """The use of a column of phone numbers; the lowest is called first."""

    MOBILE = 0
    WHATSAPP = 1
    DIRECT = 2
    PLAIN = 3
    WORK = 4
    HOME = 5
    #: Added to the rank of a second, an alternative or an unspecified "other" phone.
    OTHER = 10


_PHONE = word_set("""
    phone phones telephone telephones tel tels telefon telefone telefono telefonos telefoni fon phon rufnummer rufnr
    telno telnr numtel landline festnetz festnetznummer fixe fijo fisso switchboard telefoonnummer telefoon
    ph telefonico telefonica telephonique
""")
_MOBILE = word_set("""
    mobile mobiles mobil mob cell cells cellular cellulare celular celulares handy gsm portable movil moviles smartphone
    iphone natel telefonino telemovel mobilfunk mobiltelefon mobiel
""")
_DIRECT = word_set("direct direkt directe directo directa diretto diretta durchwahl direktwahl ddi")
# A direct line is a phone; "direct" alone may be anything.
_LINE = word_set("line lines ligne lignes linea leitung dial dials wahl number numbers numero nummer nr no num")
_NUMBER = word_set("number numbers numero numeros nummer nummern nr no n num nro nbr")
_WORK = word_set("""
    work business company corporate corp hq headquarters headquarter office main account organization organisation
    bureau professionnel professionnelle pro societe entreprise travail geschaft geschaftlich geschafts dienst
    dienstlich arbeit buro firma firmen unternehmen zentrale trabajo oficina empresa ufficio lavoro azienda aziendale
    landline festnetz festnetznummer fixe fijo fisso switchboard profesional centralita
""")
_HOME = word_set("""
    home private privat prive privee domicile maison personnel personnelle personal particular casa privato privata
    zuhause residential
""")
_OTHER = word_set("""
    other others autre autres andere anderes weitere weiteres sonstige sonstiges otro otra altro altra second secondary
    secondaire zweite zweites zweitnummer secundario secondario alternative alternate alternatif alt additional extra
    third dritte tertiary backup former old alte ancien
""")
_FILLERS = word_set("""
    de du des d la le les l el il lo of the a an di del der die das und and et y e value valeur wert valor valore
    primary primar principal principale haupt hauptnummer contact contacts kontakt kontakte person personne persona lead
    leads prospect prospects customer
""")
# The number of somebody else, of something else than a phone, or no number at all.
_NO_PHONE = word_set("""
    fax faxes telefax telecopie telecopieur telex isdn pager beeper radio tty tdd callback
    ext extn extension poste nebenstelle anexo interno
    label etikett etiquette etiqueta etichetta type types typ tipo kind art category categorie kategorie
    assistant assistants assistante assistent assistentin assistenz asistente assistente ayudante secretary secretaire
    secretariat sekretariat secretaria segretaria segreteria
    owner owners proprietaire inhaber besitzer eigentumer propietario proprietario user users agent rep manager by
    emergency notfall urgence urgencia emergenza spouse conjoint parent parents guardian referrer referral partner
    supervisor
    status statut stato estado state country land pays pais paese area code codes prefix prefixe indicatif vorwahl
    landesvorwahl prefijo prefisso iso region
    valid validity validation invalid verified verification verify confidence score quality rank carrier operator
    operateur network provider source sources
    last first next called call calls calling caller count counts attempt attempts total anruf anrufe appel appels
    llamada llamadas chiamata chiamate activity activities interview screen meeting
    opt opted optin optout consent consented permission allowed erlaubt einwilligung zustimmung consentement
    consentimiento consenso blocked blacklist dnc unsubscribed
    id ids key hash uuid guid date dates time times zone timezone datum zeit heure fecha hora data
    email emails mail mails mailing address addresses adresse url link website linkedin title name names app device os
    model brand system plan contract bill note notes notiz notizen comment comments remark remarks bemerkung remarque
    is has hat est preference when bounced asst page available availability vorhanden disponible accuracy intent via
    method channel supplier vertrieb vertriebler betreuer berater vendedor commercial commerciale tariff tarif rating
""")
_EXTENSION = word_set("ext extn extension")
_INCLUDING = word_set("with incl including mit avec con")
_STRONG = _PHONE | _MOBILE
_VOCABULARY = _STRONG | _DIRECT | _LINE | _NUMBER | _WORK | _HOME | _OTHER | _FILLERS | _NO_PHONE
_SHORT_IN_JOINED_WORDS = word_set("tel fon mob nr no de du di fax ext id hq")
_JOINABLE = {word for word in _VOCABULARY if len(word) > 3 or word in _SHORT_IN_JOINED_WORDS}  # noqa: PLR2004
_LAST_DIGIT = 9

# Words that a header may have besides "number" and still say no more than that.
_BARE_FILLERS = word_set("""
    de du des d la le les el il lo of the to a call dial contact contacts kontakt kontakte contacto contatto person
    personne persona lead leads prospect prospects interessent appeler llamar value
    work business office home private personal bureau buro dienst privat domicile
""")

# "Business Number" is not among these: in some countries it is the number by which a company is registered.
_PERSONAL = word_set("work office home private personal bureau buro dienst privat domicile")


def phone_rank(header: str) -> int | None:
    """Return the place of *header* among the phone columns, 0 being called first; `None` if it is of no phone.

    The order is mobile (WhatsApp after it), direct, plain phone, work (also company, HQ, main, landline), home, and
    then those that are called second, other or alternative.
    """
    found = _parts(header)
    known = frozenset(found)
    if not _names_phone(known) or _names_another(known):
        return None
    return _kind(known) + (PhoneRank.OTHER if _is_other(found) else 0)


def is_bare_number(header: str) -> bool:
    """Whether *header* says "number" and not of what: a phone, or as often the id of a record."""
    found = words(header)
    telling = {word for word in found if word not in _BARE_FILLERS and not word.isdigit()}
    return bool(telling) and telling <= _NUMBER


def qualified_number_rank(header: str) -> int | None:
    """Return the place of a header such as "Work Number", "Home Number" or "Direct", if its cells are phones."""
    known = frozenset(words(header))
    if known and known <= _DIRECT:
        return PhoneRank.DIRECT
    if not is_bare_number(header) or not known & _PERSONAL:
        return None
    return PhoneRank.HOME if known & _HOME else PhoneRank.WORK


def is_extension_or_number(header: str) -> bool:
    """Whether *header* is of direct lines for some people and of mere extensions for others."""
    return "durchwahl" in _parts(header)


@functools.lru_cache(maxsize=4096)
def _parts(header: str) -> tuple[str, ...]:
    return tuple(part for word in words(header) for part in (_joined(word) or (word,)))


def _joined(word: str) -> tuple[str, ...] | None:
    """Take `numerodetelephone` apart; `None` if it is no phone or has a part that nobody knows."""
    if word in _VOCABULARY:
        return None
    parts = _taken_apart(word)
    return parts if parts and any(part in _STRONG or part == "durchwahl" for part in parts) else None


@functools.lru_cache(maxsize=4096)
def _taken_apart(word: str) -> tuple[str, ...] | None:
    if not word:
        return ()
    for size in range(len(word), 1, -1):
        if word[:size] in _JOINABLE and (rest := _taken_apart(word[size:])) is not None:
            return (word[:size], *rest)
    return None


def _names_phone(known: frozenset[str]) -> bool:
    direct = known & _DIRECT
    is_line = bool(direct & {"durchwahl", "direktwahl", "ddi"} or (direct and known & _LINE))
    return bool(known & _STRONG or is_line or "whatsapp" in known)


def _names_another(known: frozenset[str]) -> bool:
    other = known & _NO_PHONE
    return bool(other) and not (other <= _EXTENSION and known & _INCLUDING)


def _kind(known: frozenset[str]) -> int:
    kinds = (
        (_MOBILE, PhoneRank.MOBILE),
        (frozenset({"whatsapp"}), PhoneRank.WHATSAPP),
        (_DIRECT, PhoneRank.DIRECT),
        (_HOME, PhoneRank.HOME),
        (_WORK, PhoneRank.WORK),
    )
    return next((rank for vocabulary, rank in kinds if known & vocabulary), PhoneRank.PLAIN)


def _is_other(found: Sequence[str]) -> bool:
    return any(part in _OTHER or (part.isdecimal() and 1 < int(part) <= _LAST_DIGIT) for part in found)
