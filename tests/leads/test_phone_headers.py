import pytest

from allo_async.leads.columns import ColumnsError, find_columns
from allo_async.leads.phone_headers import PhoneRank, is_bare_number, phone_rank

MOBILE, WHATSAPP, DIRECT, PLAIN, WORK, HOME, OTHER = PhoneRank

PHONES = {
    MOBILE: """Mobile|Mobile Phone|MobilePhone|MOBILEPHONE|mobile_phone|mobilephone|Cell|Cell Phone|CellPhone|Cell #
        Handy|Handynr.|Handy-Nr.|Handynummer|Mobilnummer|Mobiltelefon|Mobilfunknummer|Diensthandy|Privathandy
        Portable|Téléphone portable|Numéro de portable|Tél. mobile|Numéro GSM|GSM|Móvil|Teléfono móvil|Celular
        Número de móvil|Teléfono celular|Cellulare|Telefono cellulare|Numero di cellulare|Numero cellulare|Telemóvel
        Phone (Mobile)|Phone - Mobile|Person - Phone - Mobile|Contact Mobile|Mobile/WhatsApp|Telefonnummer (mobil)""",
    WHATSAPP: "WhatsApp|WhatsApp Number|Whatsapp Nr",
    DIRECT: """Direct Phone|Direct Dial|Direct Line|Direct Number|Direct Phone Number|Work Direct Phone
        workdirectphone|Durchwahl|Direktwahl|Ligne directe|Línea directa|directPhone""",
    PLAIN: """Phone|phone|PHONE|Ph.|phonenumber|phone_number|phoneNumber|PhoneNumber|Phone Number|Telephone No
        Telephone Number|Tel|Tel.|TEL|Tél.|Téléphone|N° de téléphone|Numéro de téléphone|numerodetelephone|Telefon
        Telefonnummer|Rufnummer|Teléfono|Número de teléfono|Telefono|Numero di telefono|Recapito telefonico
        Primary Phone|primary_phone_number|Contact Phone|Lead Phone|Phone 1|Phone Number 1|Telefon1|Phone 1 - Value
        phone_e164|Phone (E164)|formatted_phone_number|Phone Number (with extension)|Preferred phone|Car Phone""",
    WORK: """Business Phone|Work Phone|work_phone|Company Phone|Company HQ Phone|HQ Phone|Corporate Phone|Main Phone
        Office Phone|Company Main Phone|Person - Phone - Work|Telephone (work)|Landline|Festnetz|Téléphone fixe|Fixe
        Telefon geschäftlich|Telefon (dienstlich)|Geschäftstelefon|Firmentelefon|Bürotelefon|Telefon Zentrale""",
    HOME: "Home Phone|Personal Phone|Telefon privat|Téléphone domicile|Phone - Home|Teléfono personal|Telefono casa",
    OTHER + PLAIN: """Other Phone|Phone 2|Phone 2 - Value|Telefon 2|Teléfono 2|Secondary Phone|Alt Phone
        Alternative phone|Autre téléphone|Phone (2)|2nd phone""",
    OTHER + WORK: "Business Phone 2|Other Work Phone",
    OTHER + MOBILE: "Mobile 2|Zweites Handy",
}

NO_PHONES = """
    Fax|Business Fax|Fax Phone|Telefax|Tel/Fax|Phone Extension|Phone Ext.|Extension|Poste|Nebenstelle|Phone Type
    Phone Label|Phone 1 - Label|Phone 1 - Type|Telephone Type|Telefontyp|Tipo de teléfono|Type de téléphone
    Assistant's Phone|Assistant Phone|AssistantPhone|Asst. Phone|Phone Status|Phone Country|Phone Country Code
    Phone Area Code|Phone Prefix|Vorwahl|Indicatif téléphonique|Phone Validity|Phone Valid|Phone Verified
    Phone Verification Status|Phone Last Called|Last Called|Last Phone Call|Next Call|Phone Count|Phone calls
    Number of calls|Call count|Phone Opt Out|Mobile Opt In|SMS Opt In|Phone Consent|Telephone consent
    Telefonische Einwilligung|Einwilligung Telefon|Phone Source|Phone ID|phone_id|Phone Hash|Phone Provider
    Phone Carrier|Mobile carrier|Do Not Call|Phone Do Not Call|Mobile DNC|Owner Phone|Account Owner Mobile
    Contact Owner Phone|Sales Rep Phone|Account Manager Phone|Emergency Contact Phone|Referrer Phone|Supplier phone
    Phone Date|Phone Time|Phone Timezone|E-mail Type|Radio Phone|Pager|Callback|ISDN|Telex|TTY/TDD Phone|Phone Notes
    Mobile App|Mobile Device|Mobile OS|Mobile Page|Is Mobile|Has Phone|Phone Available|Telefon vorhanden|Direct
    Direct Reports|Directory Server|Handyman|Excel|Hotel|Cellar|Company|Home City|Standard|Ansprechpartner
    Lead Number|Contact Number|Number|Account Number|Customer No|Nº|Numéro client|Kundennummer|Portabilité|Cartel
"""


@pytest.mark.parametrize(
    ("header", "rank"),
    [
        (header.strip(), rank)
        for rank, headers in PHONES.items()
        for line in headers.splitlines()
        for header in line.split("|")
    ],
)
def test_header_of_a_phone_is_known_by_its_words(header, rank):
    """Whatever a product calls its phone columns, each is found, and has its place in the documented order."""
    assert phone_rank(header) == rank


@pytest.mark.parametrize(
    "header", [header.strip() for line in NO_PHONES.strip().splitlines() for header in line.split("|")]
)
def test_header_of_something_else_is_none(header):
    """A fax, an extension, an id, a label, somebody else's phone: none of these may be called."""
    assert phone_rank(header) is None


@pytest.mark.parametrize(
    ("header", "is_bare"),
    [
        ("Number", True),
        ("numero", True),
        ("Nº", True),
        ("N°", True),
        ("Nummer", True),
        ("Contact Number", True),
        ("Lead No.", True),
        ("Number to call", True),
        ("Business Number", True),
        ("Account Number", False),
        ("Customer No", False),
        ("Numéro client", False),
        ("Kundennummer", False),
        ("Company Number", False),
        ("Contact ID", False),
    ],
)
def test_number_of_nothing_in_particular(header, is_bare):
    """A header that says "number" may be of phones; one that says of which records is not."""
    assert is_bare_number(header) is is_bare


@pytest.mark.parametrize("header", ["Lead Number", "Contact Number", "Number", "Nº", "number", "Account Number"])
def test_number_never_outranks_a_phone(header):
    """Beside a phone column, a column of "numbers" is not called, whatever its cells look like."""
    rows = [{header: f"+1212555{place:04}", "Phone": f"+1917555{place:04}"} for place in range(4)]

    columns = find_columns([header, "Phone"], rows=rows)

    assert (columns.by_field["number"], columns.not_used) == (["Phone"], [header])


PHONE_CELLS = {
    "with a plus, even if they count up": ["+12125550110", "+12125550111", "+12125550112"],
    "with separators": ["212-555-0110", "(212) 555-0110", "N/A"],
    "with a leading zero": ["0639981210", "0712345678", ""],
    "of one row": ["12125550110"],
    "of a float column": ["33639981210.0", "33712340098.0", "33199001755.0"],
    "typed": [33639981210, 33712340098, 33199001755],
    "none yet": ["", ""],
}
ID_CELLS = {
    "short and counting up": ["1001", "1002", "1003"],
    "short": ["5012", "1702", "93"],
    "of seven digits": ["4821932", "5912345", "1230987"],
    "of ten digits, counting up": ["4005550001", "4005550002", "4005550009"],
    "of ten digits, in order": ["4005550001", "4105559902", "4305551009", "4805553001", "4905550411"],
    "padded": ["00010001", "00010002", "00010003"],
    "of Salesforce": ["00Q5g00000Ab1cdEAB", "00Q5g00000Ab2cdEAB"],
    "with letters": ["L-0001", "L-0002"],
    "typed": [1001, 1002, 1003],
}


@pytest.mark.parametrize("kind", PHONE_CELLS)
def test_number_alone_counts_if_its_cells_are_phones(kind):
    """The API's own `number` is called where its cells look like phone numbers."""
    rows = [{"number": cell, "name": "Jo"} for cell in PHONE_CELLS[kind]]

    assert find_columns(["number", "name"], rows=rows).by_field["number"] == ["number"]


@pytest.mark.parametrize("kind", ID_CELLS)
def test_number_alone_does_not_count_if_its_cells_are_ids(kind):
    """Ids of records are no phone numbers: the error says so, and shows how to insist."""
    rows = [{"Number": cell, "Name": "Jo"} for cell in ID_CELLS[kind]]

    with pytest.raises(ColumnsError, match=r"'Number' holds what may be ids of records.*--map number="):
        find_columns(["Number", "Name"], rows=rows)
    assert find_columns(["Number", "Name"], ["number=Number"], rows=rows).by_field["number"] == ["Number"]


def test_durchwahl_is_called_only_if_it_is_more_than_an_extension():
    """A German direct line of a few digits is an extension, which nobody can call from outside."""
    short = find_columns(["Durchwahl", "Telefon"], rows=[{"Durchwahl": "-23", "Telefon": "030 23125 110"}])
    whole = find_columns(["Durchwahl", "Telefon"], rows=[{"Durchwahl": "030 23125 111", "Telefon": "030 23125 110"}])

    assert short.by_field["number"] == ["Telefon"]
    assert whole.by_field["number"] == ["Durchwahl", "Telefon"]


def test_column_of_counts_under_a_phones_header_is_no_phone():
    """A column with a phone's header and nothing to call gives way to one with numbers."""
    rows = [{"Mobile usage": "3", "WhatsApp": "yes", "Phone": "+12125550110"}]

    assert find_columns(["Mobile usage", "WhatsApp", "Phone"], rows=rows).by_field["number"] == ["WhatsApp", "Phone"]


def test_columns_of_one_rank_are_called_in_the_files_order():
    """The order of the file decides between columns that are for the same."""
    headers = ["Other Phone", "Home Phone", "Office Phone", "Company Phone", "Phone", "Direct Dial", "Cell", "Handy"]

    assert find_columns(headers).by_field["number"] == [
        "Cell", "Handy", "Direct Dial", "Phone", "Office Phone", "Company Phone", "Home Phone", "Other Phone",
    ]  # fmt: skip


@pytest.mark.parametrize("header", ["Direct", "Direkt", "Directo", "Diretto"])
def test_direct_alone_is_a_line_by_its_cells(header):
    """A column called "Direct" comes before the company's number if it holds numbers, and not for its yes and no."""
    lines = [{header: "+12125550111", "HQ Phone": "+12125550110"}]
    answers = [{header: "yes", "HQ Phone": "+12125550110"}]

    assert find_columns([header, "HQ Phone"], rows=lines).by_field["number"] == [header, "HQ Phone"]
    assert find_columns([header, "HQ Phone"], rows=answers).by_field["number"] == ["HQ Phone"]


@pytest.mark.parametrize("blank", ["", " ", None, float("nan")])
def test_cell_without_a_number_makes_the_next_column_count(blank):
    """A row whose first phone cell is blank is called on its next one."""
    columns = find_columns(["Mobile", "Phone"])

    assert columns.contact({"Mobile": blank, "Phone": "+12125550110"}) == {"number": "+12125550110"}
    assert columns.contact({"Mobile": "no mobile", "Phone": "+12125550110"}) == {"number": "+12125550110"}
    assert columns.contact({"Mobile": "no mobile", "Phone": blank}) == {"number": "no mobile"}


def test_fax_is_not_called_whatever_its_column_is_called():
    """A number whose label says that it is a fax's is left out, and the next one is called."""
    columns = find_columns(["Phone 1 - Label", "Phone 1 - Value", "Phone 2 - Label", "Phone 2 - Value"])
    cells = {"Phone 1 - Label": "Work Fax", "Phone 1 - Value": "+12125550110"}
    cells |= {"Phone 2 - Label": "Home", "Phone 2 - Value": "+12125550111"}

    assert columns.contact(cells) == {"number": "+12125550111"}
    assert columns.numbers(cells) == ["+12125550111"]


@pytest.mark.parametrize(
    "header",
    [
        "Company Owner",
        "Account Owner",
        "Contact Owner",
        "Company Phone",
        "Company Country",
        "Email Opt Out",
        "Assistant's Name",
        "Name of assistant",
        "Contact ID",
        "Lead Source",
        "Last Activity",
        "First Contacted",
        "Company ID",
    ],
)
def test_columns_of_something_else_are_no_name_and_no_company(header):
    """What belongs to somebody or something else never becomes the contact's name, company or title."""
    assert set(find_columns([header, "Mobile"]).by_field) == {"number"}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Account", ["10023", "10024"]),
        ("Contact", ["003Dn00000AbcdeIAB", "003Dn00000AbcdfIAB"]),
        ("Contact", ["jo@lead.example"]),
        ("Position", ["0", "1", "2"]),
        ("Company", ["TRUE", "FALSE"]),
        ("URL", ["https://www.linkedin.com/in/jo"]),
    ],
)
def test_cells_that_are_no_words_are_no_name(header, cells):
    """Ids, mail addresses, places and yes and no are not shown to a rep as a name, a title or a site."""
    rows = [{header: cell, "Phone": "+12125550110"} for cell in cells]

    assert set(find_columns([header, "Phone"], rows=rows).by_field) == {"number"}


def test_work_number_beside_a_mobile_is_called_if_it_is_a_phone():
    """A work or home number is a phone beside others, if its cells say so; a business number may be a register's."""
    headers = ["Mobile", "Work Number", "Home Number", "Business Number"]
    rows = [
        {"Mobile": "", "Work Number": "(212) 555-0110", "Home Number": "12", "Business Number": "51 824 753 556"},
        {"Mobile": "+19175550111", "Work Number": "", "Home Number": "14", "Business Number": "51 824 753 557"},
    ]

    assert find_columns(headers, rows=rows).by_field["number"] == ["Mobile", "Work Number"]
