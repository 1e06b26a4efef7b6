from pathlib import Path

import attrs
import pytest

from allo_async.cli.dealing import deal
from allo_async.leads.columns import ColumnsError
from allo_async.leads.leads_file import read_leads_file

EXPORTS = Path(__file__).parent / "exports"


@attrs.frozen
class Expected:
    """What must come out: the phone columns, each row's number as written, and the lines that must not be called."""

    phones: list[str]
    numbers: list[str]
    do_not_call: dict[int, str] = attrs.field(factory=dict)
    first: dict[str, object] = attrs.field(factory=dict)
    aside: tuple[int, ...] = ()


def us(*lines):
    return [f"(212) 555-01{line}" for line in lines]


PRODUCTS = {
    "aircall.csv": Expected(
        ["phone1", "phone2", "phone3", "phone4"],
        [f"+3361234561{place}" for place in range(8)],
        first={"name": "Zoe", "last_name": "Martin", "company": "Acme Inc"},
    ),
    "airtable.csv": Expected(
        ["Phone (mobile)"],
        [f"(917) 555-011{place}" for place in range(8)],
        first={"name": "Zoe Martin", "job_title": "VP Sales"},
    ),
    "apollo.csv": Expected(
        [
            "Mobile Phone", "Work Direct Phone", "Corporate Phone", "Company Phone", "Home Phone", "Other Phone",
        ],
        [
            "+1 917-555-0110", "+1 917-555-0111", "+1 212-555-0132", "+1 212-555-0113", "+1 212-555-0135",
            "+1 212-555-0136", "+1 212-555-0137",
        ],
        {6: "Do Not Call"},
        {"name": "Zoe", "company": "Acme Inc", "website": "https://acme.example", "job_title": "VP Sales"},
    ),
    "close.csv": Expected(
        ["primary_contact_primary_phone", "primary_contact_other_phones"],
        ["+12125550110", "+12125550111", "+12125550142", *(f"+1212555011{place}" for place in range(3, 7))],
        {9: "status_label"},
        {"name": "Zoe Martin", "job_title": "VP Sales", "emails": ["zoe@lead.example"]},
    ),
    "excel_german.csv": Expected(
        ["Handy", "Telefon geschäftlich"],
        ["030 23125 111", *(f"0171 392001{place}" for place in range(2, 8))],
        {2: "Werbesperre"},
        {"name": "Tom", "last_name": "O'Neil", "addresses": ["Hauptstr. 2"]},
    ),
    "google_contacts.csv": Expected(
        ["Phone 1 - Value", "Phone 2 - Value"],
        [
            "(917) 555-0110", "(917) 555-0111 ::: (212) 555-0111", "(212) 555-0112", "(917) 555-0113",
            "(917) 555-0114", "(917) 555-0115", "(917) 555-0117",
        ],
        {9: "Labels"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "hubspot_de.csv": Expected(
        ["Mobiltelefonnummer", "Telefonnummer"],
        [
            "030 23125 110", "0171 3920011", "0171 3920012", "030 23125 113", "0171 3920014", "0171 3920015",
            "0171 3920017",
        ],
        {8: "Nicht anrufen"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "hubspot_en.csv": Expected(
        ["Mobile Phone Number", "Phone Number"],
        [
            "(212) 555-0110", "(917) 555-0111", "(917) 555-0112", "(212) 555-0113", "(917) 555-0114",
            "(917) 555-0115", "(917) 555-0117",
        ],
        {8: "Do Not Call"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "hubspot_es.csv": Expected(
        ["Número de teléfono móvil", "Número de teléfono"],
        ["910 000 010", "600 000 011", "600 000 012", "910 000 013", "600 000 014", "600 000 015", "600 000 017"],
        {8: "No llamar"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "hubspot_fr.csv": Expected(
        ["Numéro de téléphone mobile", "Numéro de téléphone"],
        [
            "01 99 00 12 10", "06 12 34 56 11", "06 12 34 56 12", "01 99 00 12 13", "06 12 34 56 14",
            "06 12 34 56 15", "06 12 34 56 17",
        ],
        {8: "Opposition au démarchage"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "linkedin_lead_gen.csv": Expected(
        ["Phone number", "Work phone number"],
        [f"+1212555011{place}" for place in range(8)],
        first={"name": "Zoe", "last_name": "Martin", "company": "Acme Inc"},
    ),
    "lusha.csv": Expected(
        ["Phone 1", "Phone 2"],
        ["+12125550111", "+19175550122", *(f"+1212555011{place}" for place in range(3, 8))],
        {2: "Do not call"},
        {"name": "Tom", "company": "Blue Fig Ltd", "emails": ["tom@lead.example"]},
    ),
    "monday.xlsx": Expected(
        ["Mobile phone", "Phone"],
        ["12125550110", "19175550111", "19175550113", "12125550114", "12125550116", "19175550117"],
        {7: "Status", 10: "Do not call"},
        {"name": "Zoe Martin", "company": "Acme Inc"},
        (1, 2, 14),
    ),
    "old_excel.xls": Expected(
        ["Handy", "Telefon"], ["491713920010", "493023125111"], first={"name": "Ida Berg", "company": "Nordlicht GmbH"}
    ),
    "outlook.csv": Expected(
        [
            "Mobile Phone", "Car Phone", "Primary Phone", "Business Phone", "Company Main Phone", "Home Phone",
            "Other Phone", "Business Phone 2", "Home Phone 2",
        ],
        ["(917) 555-0110", *us(11, 12, 63, 14, 15, 16, 17)],
        first={"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "pipedrive.csv": Expected(
        [
            "Person - Phone - Mobile", "Person - Phone - Work", "Person - Phone - Home", "Person - Phone - Other",
        ],
        [
            "(917) 555-0110", "(212) 555-0111, (212) 555-0131", "(212) 555-0112", "(917) 555-0114",
            *us(15, 16, 17),
        ],
        {5: "Person - Label"},
        {"name": "Zoe Martin", "company": "Acme Inc"},
    ),
    "salesforce_api.json": Expected(
        ["MobilePhone", "Phone"],
        [
            "(917) 555-0110", "(212) 555-0111", "(917) 555-0112", "(917) 555-0114", "(212) 555-0115",
            "(917) 555-0116", "(212) 555-0117",
        ],
        {4: "DoNotCall"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "salesforce_data_loader.csv": Expected(
        ["MOBILEPHONE", "PHONE"],
        [
            "(917) 555-0110", "(917) 555-0112", "(917) 555-0113", "(212) 555-0114", "(917) 555-0115",
            "(917) 555-0116", "(917) 555-0117",
        ],
        {3: "DONOTCALL"},
        {"name": "Zoe", "last_name": "Martin", "addresses": ["1 Pine St"]},
    ),
    "salesforce_report.csv": Expected(
        ["Mobile", "Phone"],
        ["(212) 555-0110", "(917) 555-0111", "(917) 555-0113", "(212) 555-0114", "(212) 555-0116", "(917) 555-0117"],
        {4: "Do Not Call", 7: "Lead Status"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
        (12, 13, 14, 15, 16),
    ),
    "zoho.csv": Expected(
        ["Mobile", "Phone"],
        ["(917) 555-0110", "(917) 555-0111", *us(12, 13, 14, 16, 17)],
        {7: "Tag"},
        {"name": "Zoe", "company": "Acme Inc", "job_title": "VP Sales"},
    ),
    "zoominfo.csv": Expected(
        ["Mobile phone", "Direct Phone Number", "Company HQ Phone"],
        ["(917) 555-0110", "(917) 555-0111", *us(42, 13, 44, 15, 46, 17)],
        first={"name": "Zoe", "company": "Acme Inc", "website": "www.acme.example"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_export_is_read_as_its_owner_means_it(name):
    """Each product's export gives each person's best number, and leaves out whom it says not to call."""
    expected = PRODUCTS[name]
    file = read_leads_file(EXPORTS / name)

    dealt = deal(file, to="marie@acme.example", to_column=None, field_map=())

    rows = [lead.row for lead in dealt.loads[0].leads]
    assert list(dealt.columns.by_field["number"]) == expected.phones
    assert [row["number"] for row in rows] == expected.numbers
    assert expected.first.items() <= rows[0].items()
    assert tuple(file.aside) == expected.aside
    assert list(dealt.unusable) == list(expected.do_not_call)
    for line, reason in dealt.unusable.items():
        assert reason == f"DO_NOT_CALL: {file.unit} {line} says so in {expected.do_not_call[line]!r}"


def test_every_export_is_expected_to_give_something():
    """No fixture lies there unread."""
    assert {path.name for path in EXPORTS.iterdir()} - {"linkedin_connections.csv"} == set(PRODUCTS)


def test_connections_of_linkedin_have_no_phone():
    """LinkedIn's connections are read below their notes, and the error says that no column is of a phone."""
    file = read_leads_file(EXPORTS / "linkedin_connections.csv")

    assert (list(file.columns)[:2], len(file.rows), list(file.aside)) == (["First Name", "Last Name"], 8, [1, 2])
    with pytest.raises(ColumnsError, match="no column looks like a phone number; the file has 'First Name'"):
        deal(file, to=None, to_column=None, field_map=())


def test_numbers_of_people_not_to_be_called_are_told_apart():
    """All numbers of a row that must not be called are named, whichever column they stand in."""
    file = read_leads_file(EXPORTS / "salesforce_data_loader.csv")

    dealt = deal(file, to=None, to_column=None, field_map=())

    assert dealt.opted_out == ["(917) 555-0111", "(212) 555-0111"]
    assert deal(file, to=None, to_column=None, field_map=(), ignore_do_not_call=True).opted_out == []


def test_columns_of_no_use_are_listed():
    """What is not loaded is named, so that nothing is lost in silence."""
    file = read_leads_file(EXPORTS / "zoho.csv")

    not_used = deal(file, to=None, to_column=None, field_map=()).columns.not_used

    assert not_used[:4] == ["Record Id", "Lead Owner.id", "Lead Owner", "Fax"]
    assert "Phone" not in not_used
