"""People who must not be called: the columns that say so, in six languages, and what their cells mean."""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from allo_async.leads.cell_shapes import is_blank
from allo_async.leads.words import plain, word_set, words

# All patterns read text as `plain` writes it.
_SENTENCES = (
    r"do(es)?not((e?mail|text|sms|fax)(or|and)|allow|want|any)*(phone|voice)?(call|dial|phone|ring|telephone|contact)",
    r"donot(disturb|solicit)|dont(call|contact|phone|dial|ring)|never(call|contact)(?!ed)|not(to)?be(call|contact|phon)ed",
    r"(no|wantsno|wantno)phonecalls|wantsnocalls|notcallable",
    r"opt(ed|s|ing)?outof(all)?(phone|voice|telephone)?(calls?|calling|phone)|unsubscribedfrom(all)?(phone)?calls",
    r"ne(pas|plus|jamais)(appeler|contacter|telephoner|demarcher|joindre|rappeler|deranger)|stopappel|pasdappel",
    r"ne(souhaite|veut|doit|desire)(pas|plus)(etre)?(appel|contact|rappel|demarch|telephon)|bloctel|pasdedemarchage",
    r"nicht(mehr)?(telefonisch)?(anrufen|anrufbar|kontaktieren|telefonieren)|nicht(mehr)?(angerufen|kontaktiert)werden",
    r"keine?(weiteren)?(werbe)?(anrufe?|telefonate|telefonwerbung|telefonischekontaktaufnahme|kontaktaufnahme)",
    r"no(se|le|debe|volver|a)*(llamar|contactar|telefonear|molestar)|listarobinson",
    r"no(quiere|desea)(mas|ser|recibir|que|le)*(llama|contact)|prohibidollamar",
    r"non(piu|si|deve)*(chiamare|contattare|telefonare|disturbare)|registro(pubblico)?delleopposizioni",
    r"non(vuole|desidera|deve)(piu|essere|ricevere)*(chiama|contatta|telefona)|divietodichiamata",
    r"nao(ligar|contactar|contatar|telefonar)|niet(meer)?(bellen|contacteren)|belmenietregister",
)
_HEADERS_ONLY = (
    r"(call|calls|calling|phone|phonecalls|telephone|voice|mobile)(s)?(marketing)?(opt(ed)?out|block(ed)?|suppress)",
    r"optout(dial|phone|calls?|voice|tele|anruf|appel|llama|chiama)|^nocalls?$|nocalllist|donotcalllist",
    r"(gdpr|global|marketing|^)(has|is)?opt(ed)?out(status|flag|date|all)?$|^(gdpr)?consent(withdrawn|revoked)",
    r"blacklist|suppressionlist|suppresscall|exclude(d)?from(call|dial)|nocontact|^blocked$",
    r"refus(e|ed)?(les|le|des|d|du)?(appel|demarchage)|(des(inscrit|abonne))(des|aux)?appels|listerouge",
    r"demarchage(refuse|interdit)|opposition(au|aux|a|appel|demarchage|telephon|commercial)?|oppose(a|au)(l|la)?demarch",
    r"listerepoussoir|(anruf|telefon|kontakt|werbe)(verbot|sperre|gesperrt)|werbewiderspruch|robinson|^gesperrt$",
    r"widerspruch|keinewerbung|sperrvermerk",
    r"oposicion|(excluir|exclusion|excluido)(de)?llamadas|rechazallamadas|bajallamadas|exclusionpublicitaria",
    r"opposizione|nochiamate|rifiutachiamate",
)
_SHORT = {"dnc", "dncr", "tps", "ctps", "rpo"}
_ALLOWS = (
    r"((can|may)(we|i)?|okay|ok|allow(ed)?|permi(t|ssion)|consent(ed|s)?|agree[sd]?)(s)?(to|be|forus)*(call|phone|contact)(ed)?",
    r"(call(ing)?|phone(call)?|telephone|voice)s?(marketing)?(consent|permission|permitted|allowed|opt(ed)?in|isok|ok$)",
    r"(consent|permission|opt(ed)?in)(to|for|into|of|via|by)*(receive)?(marketing)?(call|phone|telephone|voice)",
    r"^callable|allow(s)?(phone|voice)?calls|tcpaconsent",
    r"appels?(est|sont)?(autorise|accepte|permis|possible)|autoris(e|er|ation)(les|des|d|a|aux)*appel|peut(on)?(l)?(etre)?(appele|contacte)",
    r"(consentement|accord|optin)(aux|au|d|pour|les|des|par|a)*(appel|telephon)|accepte(les|des|d)*appel",
    r"anrufe?n?(ist|sind)?(erlaubt|gestattet|moglich|ok$)|darf(man)?(angerufen|anrufen)",
    r"telefon(isch|ische|ischer|kontakt|werbung|ischekontaktaufnahme)?(einwilligung|zustimmung|erlaub|gestattet|optin)",
    r"(einwilligung|zustimmung|erlaubnis)(zu|zum|zur|fur|in)?(telefon|anruf)",
    r"puedellamar|permitellamar|(permite|acepta|autoriza)(las)?llamada|llamadas?(permitida|autorizada|aceptada)",
    r"consentimiento(de|para|a|las)*(llamada|telefon)",
    r"puo(i)?(essere)?(chiama)|consenso(alle|alla|per|a|le)*(chiamat|telefon)|(accetta|autorizza)(le)?chiamate",
    r"chiamate(consentite|autorizzate|permesse)",
)
_sentence = re.compile("|".join(_SENTENCES))
_forbids = re.compile("|".join(f"(?:{pattern})" for pattern in (*_SENTENCES, *_HEADERS_ONLY)))
_allows = re.compile("|".join(f"(?:{pattern})" for pattern in _ALLOWS))
_whole_sentence = re.compile(f"(?:{'|'.join(_SENTENCES)})(list|anymore|again|please|plus)?")
_other_media = re.compile(
    r"e?mail|newsletter|courriel|correo|sms|faxe?|texto|textmes|brief|postal|perpost|post$|courrier|whatsapp"
)
_calling = re.compile(r"call|phon|telef|anruf|appel|llama|chiam|dnc|bloctel|voice|ligar|bellen")
_checking = re.compile(r"checke?d?|scrub|verif|screen|gepruft|lastrefresh")

_STATUS_WORDS = word_set("""
    status statut stato estado stage etape phase fase disposition outcome result resultat ergebnis resultado risultato
    tag tags label labels etikett etiquette etiquettes etiqueta etiquetas list lists liste listes lista listas category
    categories kategorie kategorien categorie categoria categorias group groups gruppe groupe grupo gruppo segment
    segments flag flags lifecycle state
""")
_NOT_LISTED = word_set("not no non kein nicht clear cleared clean checked removed")

_NO = word_set("""
    no n non nein not nee nao false falsch faux falso 0 00 off f null none nil nan na n.a n/a #n/a \\n aucun aucune
    keine keiner kein ninguno nessuno unchecked - -- --- \u2013 \u2014 . / \u2610 \u25a1 \u25cb clean clear ok okay
    callable allow allowed safe
""") | {
    "",
    "not listed",
    "not on dnc",
    "not registered",
    "no restriction",
    "can call",
    "ok to call",
    "(none)",
    "#name?",
}
_EXPLICIT_NO = word_set("""
    no n non nein nee nao false falsch faux falso 0 off f denied refused declined withdrawn revoked rejected refuse
    refusee abgelehnt widerrufen verweigert rechazado denegado negato rifiutato revocato optout optedout
    unsubscribed donotallow notallowed notgiven never jamais nie nunca mai \u2717 \u2718 \u2610
""")
# Cells with none of this say nothing of calls, and most cells of a file are like that.
_hint = re.compile(r"dnc|call|dial|phone|contact|appel|téléph|teleph|joindre|démarch|demarch|anruf|kontakt|telefon|llam"
    r"|molest|robinson|bloctel|chiam|contatt|disturb|opposiz|ligar|bellen|tps|ring", re.IGNORECASE)  # fmt: skip
_LONGEST_VALUE = 80


@attrs.frozen
class DoNotCall:
    """Where a file says who must not be called.

    Attributes:
        forbidding: Columns such as "Do Not Call": each cell but an empty one or a "no" forbids the call.
        allowing: Columns such as "Can call": a "no" forbids the call, an empty cell does not.
        statuses: Columns such as "Lead Status": the value "Do Not Call" forbids the call.
        others: Columns of no known meaning, and those of phone numbers: a cell that says "do not call" forbids it.
    """

    forbidding: Sequence[str] = ()
    allowing: Sequence[str] = ()
    statuses: Sequence[str] = ()
    others: Sequence[str] = ()

    def column_that_forbids(self, cells: Mapping[str, Any]) -> str | None:
        """Return the column by which the person of this row must not be called; `None` if they may be."""
        checks = (
            (self.forbidding, _is_yes),
            (self.allowing, _is_explicit_no),
            (self.statuses, _mentions_do_not_call),
            (self.others, _says_do_not_call),
        )
        return next((column for columns, check in checks for column in columns if check(cells.get(column))), None)

    def __bool__(self) -> bool:
        """Whether a header says that its column is about calling."""
        return bool(self.forbidding or self.allowing)

    def __str__(self) -> str:
        return " + ".join((*self.forbidding, *self.allowing))


def find_do_not_call(headers: Iterable[str], besides: Iterable[str] = ()) -> DoNotCall:
    """Find the columns that say who must not be called; *besides* are those of names and the like."""
    left = [header for header in headers if header not in set(besides)]
    forbidding = [header for header in left if forbids_calls(header)]
    allowing = [header for header in left if allows_calls(header)]
    rest = [header for header in left if header not in forbidding and header not in allowing]
    statuses = [header for header in rest if _STATUS_WORDS.intersection(words(header))]
    return DoNotCall(forbidding, allowing, statuses, [header for header in rest if header not in statuses])


def forbids_calls(header: str) -> bool:
    """Whether *header* says that who is marked in its column must not be called."""
    written = plain(header)
    said = _forbids.search(written) is not None or not _SHORT.isdisjoint(words(header))
    return said and not _is_of_other_media(written) and not _checking.search(written) and not _denies(header)


def allows_calls(header: str) -> bool:
    """Whether *header* clearly says that who is marked in its column may be called."""
    written = plain(header)
    return not forbids_calls(header) and bool(_allows.search(written)) and not _is_of_other_media(written)


def _denies(header: str) -> bool:
    # "OK to call (not DNC)" means the contrary, and "No. Calls" a count.
    return plain(header).startswith(("oktocall", "cancall", "notdnc")) or header.strip().casefold().startswith("no.")


def _is_of_other_media(written: str) -> bool:
    return bool(_other_media.search(written)) and not _calling.search(written)


def _is_yes(value: object) -> bool:
    return not is_blank(value) and _folded(value) not in _NO


def _is_explicit_no(value: object) -> bool:
    if is_blank(value):
        return False
    folded = _folded(value)
    return folded in _EXPLICIT_NO or plain(folded) in _EXPLICIT_NO or _says_do_not_call(value)


def _mentions_do_not_call(value: object) -> bool:
    if not _may_say(value):
        return False
    found = words(str(value))
    short = not _SHORT.isdisjoint(found) and _NOT_LISTED.isdisjoint(found)
    return short or _sentence.search(plain(str(value))) is not None


def _says_do_not_call(value: object) -> bool:
    if not _may_say(value):
        return False
    written = plain(str(value))
    return written == "dnc" or _whole_sentence.fullmatch(written) is not None


def _may_say(value: object) -> bool:
    return isinstance(value, str) and _is_worth_a_look(value)


@functools.lru_cache(maxsize=4096)
def _is_worth_a_look(text: str) -> bool:
    return len(text) <= _LONGEST_VALUE and _hint.search(text) is not None


def _folded(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "0" if value == 0 else str(value)
    text = str(value).strip().casefold()
    # 0.0 of a float column, "No." and "nein!" of people.
    return "0" if re.fullmatch(r"0+(\.0+)?", text) else text.rstrip(".!") or text
