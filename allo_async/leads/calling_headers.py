"""Headers that say whether people may be called, in six languages."""

import re

from allo_async.leads.words import plain, words

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
    r"(call|calls|calling|dial|phone|phonecalls|telephone|voice|mobile)(s)?(marketing)?(opt(ed)?out|block(ed)?|suppress)",
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
#: Short names of the lists of people not to call.
SHORT = {"dnc", "dncr", "tps", "ctps", "rpo"}
_ALLOWS = (
    r"((can|may)(we|i)?|okay|ok|allow(ed)?|permi(t|ssion)|consent(ed|s)?|agree[sd]?)(to|be|forus)*(call|phone|contact)",
    r"(call(ing)?|phone(call)?|telephone|voice)s?(marketing)?(consent|permission|permitted|allowed|opt(ed)?in|isok|ok$)",
    r"(consent|permission|opt(ed)?in)(to|for|into|of|via|by)*(receive)?(marketing)?(call|phone|telephone|voice)",
    r"^callable|allow(s)?(phone|voice)?calls|tcpaconsent",
    r"appels?(est|sont)?(autorise|accepte|permis|possible)|autoris(e|er|ation)(les|des|d|a|aux)*appel",
    r"peut(on)?(l)?(etre)?(appele|contacte)",
    r"(consentement|accord|optin)(aux|au|d|pour|les|des|par|a)*(appel|telephon)|accepte(les|des|d)*appel",
    r"anrufe?n?(ist|sind)?(erlaubt|gestattet|moglich|ok$)|darf(man)?(angerufen|anrufen)",
    r"telefon(isch|ische|ischer|kontakt|werbung|ischekontaktaufnahme)?(einwilligung|zustimmung|erlaub|gestattet|optin)",
    r"(einwilligung|zustimmung|erlaubnis)(zu|zum|zur|fur|in)?(telefon|anruf)",
    r"puedellamar|permitellamar|(permite|acepta|autoriza)(las)?llamada|llamadas?(permitida|autorizada|aceptada)",
    r"consentimiento(de|para|a|las)*(llamada|telefon)",
    r"puo(i)?(essere)?(chiama)|consenso(alle|alla|per|a|le)*(chiamat|telefon)|(accetta|autorizza)(le)?chiamate",
    r"chiamate(consentite|autorizzate|permesse)",
)
#: Found in text that asks for no calls.
SENTENCE = re.compile("|".join(_SENTENCES))
_FORBIDS = re.compile("|".join(f"(?:{pattern})" for pattern in (*_SENTENCES, *_HEADERS_ONLY)))
_ALLOWED = re.compile("|".join(f"(?:{pattern})" for pattern in _ALLOWS))
#: Text that says no more than that.
WHOLE_SENTENCE = re.compile(f"(?:{'|'.join(_SENTENCES)})(list|anymore|again|please|plus)?")
_OTHER_MEDIA = re.compile(
    r"e?mail|newsletter|courriel|correo|sms|faxe?|texto|textmes|brief|postal|perpost|post$|courrier|whatsapp"
)
_CALLING = re.compile(r"call|phon|telef|anruf|appel|llama|chiam|dnc|bloctel|voice|ligar|bellen")
_CHECKING = re.compile(r"checke?d?|scrub|verif|screen|gepruft|lastrefresh")


def forbids_calls(header: str) -> bool:
    """Whether *header* says that a person marked in its column must not be called."""
    written = plain(header)
    said = _FORBIDS.search(written) is not None or not SHORT.isdisjoint(words(header))
    return said and not _is_of_other_media(written) and not _CHECKING.search(written) and not _denies(header)


def allows_calls(header: str) -> bool:
    """Whether *header* clearly says that a person marked in its column may be called."""
    written = plain(header)
    return not forbids_calls(header) and bool(_ALLOWED.search(written)) and not _is_of_other_media(written)


def _denies(header: str) -> bool:
    # "OK to call (not DNC)" means the contrary, and "No. Calls" a count.
    return plain(header).startswith(("oktocall", "cancall", "notdnc")) or header.strip().casefold().startswith("no.")


def _is_of_other_media(written: str) -> bool:
    return bool(_OTHER_MEDIA.search(written)) and not _CALLING.search(written)
