"""Cells that say whether a person may be called."""

import re

from allo_async.leads.calling_headers import SENTENCE, SHORT, WHOLE_SENTENCE
from allo_async.leads.cell_shapes import is_blank
from allo_async.leads.words import plain, word_set, words

_NOT_LISTED = word_set("not no non kein nicht clear cleared clean checked removed")

_NO = word_set("""
    no n non nein not nee nao false falsch faux falso 0 00 off f null none nil nan na n.a n/a #n/a \\n aucun aucune
    keine keiner kein ninguno nessuno unchecked - -- --- \u2013 \u2014 . / \u2610 \u25a1 \u25cb clean clear ok okay
    callable allow allowed safe optin opt-in subscribed
""") | {
    "",
    "not listed",
    "not on dnc",
    "not registered",
    "no restriction",
    "can call",
    "ok to call",
    "(none)",
    "not opted out",
    "opted in",
    "opt in",
    "#name?",
}
_EXPLICIT_NO = word_set("""
    no n non nein nee nao false falsch faux falso 0 off f denied refused declined withdrawn revoked rejected refuse
    refusee abgelehnt widerrufen verweigert rechazado denegado negato rifiutato revocato optout optedout
    unsubscribed donotallow notallowed notgiven never jamais nie nunca mai \u2717 \u2718 \u2610
""")
_LISTS = word_set("dnc tps rpo bloctel robinson")
# Text without one of each says nothing of calls, and most text of a file is like that.
_CALLS = word_set("""
    call dial phone contact appel t\u00e9l\u00e9ph teleph joindre d\u00e9march demarch d\u00e9rang derang anruf kontakt
    telef llam chiam contatt disturb solicit molest opposiz ligar bellen belmeniet ring
""")
_DENIALS = word_set("""
    no n't n\u2019t dont never opt unsub pas plus stop jamais nicht kein niet n\u00e3o nao prohib registro divieto
""")
_CALLING = re.compile("|".join(sorted(_CALLS | _LISTS)))
_DENYING = re.compile("|".join(sorted(_DENIALS | _LISTS)))
_LONGEST_VALUE = 80


def is_yes(value: object) -> bool:
    """Whether a cell of a "Do Not Call" column forbids the call: all but nothing and a "no" does."""
    return not is_blank(value) and _folded(value) not in _NO


def is_explicit_no(value: object) -> bool:
    """Whether a cell of a "Can call" column forbids the call, which only a "no" does."""
    if is_blank(value):
        return False
    folded = _folded(value)
    return folded in _EXPLICIT_NO or plain(folded) in _EXPLICIT_NO or says_do_not_call(value)


def mentions_do_not_call(value: object) -> bool:
    """Whether a status or a tag asks for no calls."""
    if not _may_say(value):
        return False
    found = words(str(value))
    short = not SHORT.isdisjoint(found) and _NOT_LISTED.isdisjoint(found)
    return short or SENTENCE.search(plain(str(value))) is not None


def says_do_not_call(value: object) -> bool:
    """Whether a cell of any column says "do not call", and no more than that."""
    if not _may_say(value):
        return False
    written = plain(str(value))
    return written == "dnc" or WHOLE_SENTENCE.fullmatch(written) is not None


def may_say_do_not_call(text: str) -> bool:
    """Whether *text*, of one or many cells, is worth a closer look."""
    folded = text.casefold()
    return _CALLING.search(folded) is not None and _DENYING.search(folded) is not None


def _may_say(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_VALUE and may_say_do_not_call(value)


def _folded(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "0" if value == 0 else str(value)
    text = str(value).strip().casefold()
    # 0.0 of a float column, "No." and "nein!" of people.
    return "0" if re.fullmatch(r"0+(\.0+)?", text) else text.rstrip(".!") or text
