import pytest

from allo_async.leads.calling_headers import allows_calls, forbids_calls
from allo_async.leads.columns import find_columns
from allo_async.leads.do_not_call import find_do_not_call

FORBIDDING = """
    Do Not Call|DoNotCall|DO_NOT_CALL|do-not-call|Do not call?|DONOTCALL|Don't call|Do Not Phone|Do Not Dial|Never call
    Do Not Contact|Do Not Disturb|Do not allow Phone Calls|Do Not Email or Call|DNC|DNC Status|is_dnc|Phone DNC
    Mobile - Do not call|HasOptedOutOfCall|Opted out of calls|Opted Out of Phone Calls|Call opt-out|Phone Opt Out
    Opt Out|Opted Out|Unsubscribed from calls|TPS|CTPS
    Blacklisted|Call blocked|No calls|Not to be called
    Opposition|Opposition au démarchage|Ne pas appeler|Ne plus appeler|Ne pas contacter|Bloctel|Inscrit Bloctel
    Ne souhaite pas être appelé|Refus d'appel|Liste rouge|Pas de démarchage
    Nicht anrufen|Bitte nicht anrufen|Nicht mehr kontaktieren|Werbesperre|Robinson|Robinsonliste|Anrufsperre
    Keine Anrufe|Keine Telefonwerbung|Werbewiderspruch|Telefonverbot
    No llamar|Lista Robinson|No contactar|No molestar|Oposición|No desea ser llamado|Excluir de llamadas
    Non chiamare|Non contattare|Registro delle opposizioni|Opposizione|Divieto di chiamata|Niet bellen|Não ligar
"""
NOT_FORBIDDING = """
    Email Opt Out|HasOptedOutOfEmail|HASOPTEDOUTOFFAX|Do Not Email|Do not mail|SMS opt out|Unsubscribed from all email
    Do not contact by email|Opted out of email: Marketing|Ne pas envoyer d'email|Werbesperre E-Mail|Fax Opt Out
    Call|Called|Last Called|Calls|No. Calls|Number of calls|Not Called|Not contacted yet|First contacted
    Call Disposition
    DNC checked|DNC check date|Opportunity|Proposition|Position|Robin|Notes|Contact|Phone|Opt In|Email opt-in|Competitor
    Can call|OK to call|Call consent
"""
ALLOWING = """
    Can call|Can be called|OK to call|Ok to Call?|May we call|Call consent|Consent to call|Phone consent|Opt-in calls
    Call opt-in|Opted in to calls|Allow calls|Calls allowed|Callable|OK to contact|Permission to call|TCPA Consent
    Appel autorisé|Appels autorisés|Peut être appelé|Consentement appel|Consentement téléphonique
    Anruf erlaubt|Anrufe erlaubt|Darf angerufen werden|Telefonische Einwilligung|Einwilligung Telefon
    Se puede llamar|Permite llamadas|Consentimiento llamadas|Consenso chiamate|Consenso telefonico|Si può chiamare
"""
NOT_ALLOWING = "Call|Email consent|Marketing consent|Consent|Contact|Last call|Best time to call|Call result|Recall"


def each(headers):
    return [header.strip() for line in headers.strip().splitlines() for header in line.split("|")]


@pytest.mark.parametrize("header", each(FORBIDDING))
def test_column_that_forbids_calls_is_known(header):
    """However a product or a person says "do not call", the column is obeyed."""
    assert forbids_calls(header)
    assert not allows_calls(header)


@pytest.mark.parametrize("header", each(NOT_FORBIDDING))
def test_column_of_something_else_forbids_nothing(header):
    """Opt-outs of mail, and columns about calls that were made, cost no lead."""
    assert not forbids_calls(header)


@pytest.mark.parametrize("header", each(ALLOWING))
def test_column_that_allows_calls_is_known(header):
    """A column of consent to calls is read the other way round."""
    assert allows_calls(header)


@pytest.mark.parametrize("header", each(NOT_ALLOWING))
def test_consent_to_something_else_is_none_to_calls(header):
    """Only what is clearly about calling is read as consent to it."""
    assert not allows_calls(header)


YES = [
    "yes",
    "Yes",
    True,
    1,
    1.0,
    "1",
    "x",
    "X",
    "✓",
    "oui",
    "Ja",
    "si",
    "sí",
    "2026-11-26",
    "asked by mail",
    "unknown",
]
NO = ["", " ", None, float("nan"), "no", "No.", "FALSE", False, 0, 0.0, "0", "0.0", "non", "Nein", "n", "-", "—", "N/A"]
PLACEHOLDERS = ["#N/A", "\\N", "null", "none", "☐", "Allow", "clean", "not listed"]


@pytest.mark.parametrize("cell", YES)
def test_any_other_text_than_no_forbids(cell):
    """In doubt nobody is called: a date, a remark and a tick forbid the call."""
    assert find_do_not_call(["Do Not Call"]).column_that_forbids({"Do Not Call": cell}) == "Do Not Call"


@pytest.mark.parametrize("cell", NO + PLACEHOLDERS)
def test_no_and_nothing_forbid_nothing(cell):
    """An empty cell, a placeholder and every way to say no leave the lead in the list."""
    assert find_do_not_call(["Do Not Call"]).column_that_forbids({"Do Not Call": cell}) is None
    assert find_do_not_call(["Do Not Call"]).column_that_forbids({}) is None


@pytest.mark.parametrize("cell", ["no", "No", False, 0, "0", "non", "Nein", "refusé", "abgelehnt", "opted out", "DNC"])
def test_explicit_no_to_calls_forbids(cell):
    """In a column of consent, who said no is not called."""
    found = find_do_not_call(["Call consent"])

    assert found.column_that_forbids({"Call consent": cell}) == "Call consent"


@pytest.mark.parametrize("cell", ["", None, "yes", "x", "oui", "-", "N/A", "pending", 1, True])
def test_no_answer_to_consent_forbids_nothing(cell):
    """In a column of consent, an empty cell is no refusal."""
    assert find_do_not_call(["Call consent"]).column_that_forbids({"Call consent": cell}) is None


@pytest.mark.parametrize(
    "cell",
    [
        "Do Not Call", "DNC", "dnc", "Do not contact", "Attempted - DO NOT CALL again", "DNC list; Webinar",
        "* myContacts ::: Do not call", "Ne pas appeler", "Nicht mehr anrufen!", "No llamar", "Non chiamare", "Bloctel",
        "Opted out of calls",
    ],
)  # fmt: skip
@pytest.mark.parametrize("header", ["Lead Status", "Statut", "Etiqueta", "Tags", "Disposition"])
def test_status_that_says_so_forbids(header, cell):
    """A status or a tag with the value "do not call" is as good as a column of that name."""
    assert find_do_not_call([header]).column_that_forbids({header: cell}) == header


@pytest.mark.parametrize(
    "cell",
    [
        "Not called", "Not contacted", "No llamado", "Nicht angerufen", "Pas appelé", "Non chiamato", "Called",
        "Call back", "Wrong number", "Open - Not Contacted", "not on DNC", "New", "Robinson", 5, None,
    ],
)  # fmt: skip
def test_status_of_another_kind_forbids_nothing(cell):
    """Somebody who was not called yet is no one who must not be called."""
    assert find_do_not_call(["Lead Status"]).column_that_forbids({"Lead Status": cell}) is None


def test_remark_in_any_column_is_obeyed():
    """A note or a phone cell that says no more than "do not call" forbids the call; a name does not."""
    columns = find_columns(["Name", "Company", "Mobile", "Phone", "Notes"])
    base = {"Name": "Jo", "Company": "Acme", "Mobile": "", "Phone": "+12125550110", "Notes": ""}

    def forbidden(**cells):
        return columns.do_not_call.column_that_forbids(base | cells)

    assert forbidden(Notes="Do not call!") == "Notes"
    assert forbidden(Mobile="do not call") == "Mobile"
    assert forbidden(Mobile="DNC") == "Mobile"
    assert forbidden(Company="DNC") is None
    assert forbidden(Notes="Do not call before ten, she says; use the direct line of her colleague instead") is None


def test_columns_are_named():
    """The columns that are obeyed stand among those that are used."""
    columns = find_columns(["Phone", "Do Not Call", "Call consent", "Email Opt Out"])

    assert str(columns) == "number ← Phone, do not call ← Do Not Call + Call consent"
    assert columns.not_used == ["Email Opt Out"]
