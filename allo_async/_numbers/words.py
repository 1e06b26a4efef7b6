"""The words that people write beside a number, in English, French, German, Spanish, Italian and some others."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words for the kind of a number: cut off, also where no space stands between.
LABELS = _words("""
    t tel tele telefon telephone téléphone telephono telefono teléfono telefone telf telno fon fone phone ph p m
    mobil mobile mobiltelefon handy cell cel cellular celular cellulare movil móvil portable port gsm h home w work o
    off office b buero büro bureau business g privat private pro perso fixe festnetz fix direct direkt dir main
    zentrale whatsapp wa mob
""")

#: A number that a machine answers.
FAX = _words("fax telefax fx telecopie télécopie telecopieur télécopieur faxnummer faxnr faks")

#: Words before an extension.
EXTENSION = _words("""
    x xt ext extn extension ex durchwahl dw nst nebenstelle klappe kl poste int interno interna anexo ramal extensión
    toestel tst доб wew
""")

#: Words before a code, and not before a phone number.
CODES = _words("""
    id inv invoice order ref reference ticket siret siren iban bic vat ust ustid plz zip cp rechnung facture factura
    auftrag bestellung commande pedido sku isbn
""")

#: Words that count the digits before them, so that those are no part of a number.
UNITS = _words("uhr heure heures mal times fois veces volte jahre jahr years year ans años anni stock etage floor")

#: Words between two numbers.
BETWEEN = _words("or oder ou o and und et y e u bzw sowie")

#: Words that say nothing but how to take the digits beside them.
NEUTRAL = LABELS | FAX | EXTENSION | BETWEEN

#: Words that are never spelled out on a keypad, because they say what kind of number it is.
NO_VANITY = NEUTRAL | UNITS
