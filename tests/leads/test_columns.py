import pytest

from allo_async.leads.columns import ColumnsError, find_column, find_columns

EXPORTS = {
    "HubSpot": (
        [
            "Record ID",
            "First Name",
            "Last Name",
            "Email",
            "Phone Number",
            "Mobile Phone Number",
            "Contact owner",
            "Company name",
            "Job Title",
        ],
        {
            "number": ["Mobile Phone Number", "Phone Number"],
            "name": ["First Name"],
            "last_name": ["Last Name"],
            "company": ["Company name"],
            "job_title": ["Job Title"],
            "emails": ["Email"],
        },
    ),
    "Salesforce": (
        [
            "First Name",
            "Last Name",
            "Title",
            "Account Name",
            "Mailing Street",
            "Phone",
            "Mobile",
            "Email",
            "Account Owner",
        ],
        {
            "number": ["Mobile", "Phone"],
            "name": ["First Name"],
            "last_name": ["Last Name"],
            "job_title": ["Title"],
            "company": ["Account Name"],
            "addresses": ["Mailing Street"],
            "emails": ["Email"],
        },
    ),
    "Pipedrive": (
        [
            "Person - Name",
            "Person - Phone - Work",
            "Person - Phone - Mobile",
            "Person - Email - Work",
            "Organization - Name",
            "Person - Owner",
        ],
        {
            "number": ["Person - Phone - Mobile", "Person - Phone - Work"],
            "name": ["Person - Name"],
            "company": ["Organization - Name"],
            "emails": ["Person - Email - Work"],
        },
    ),
    "French": (
        [
            "Prénom",
            "Nom",
            "Société",
            "Fonction",
            "Téléphone portable",
            "Téléphone",
            "Adresse e-mail",
            "Adresse",
            "Site web",
        ],
        {
            "number": ["Téléphone portable", "Téléphone"],
            "name": ["Prénom"],
            "last_name": ["Nom"],
            "company": ["Société"],
            "job_title": ["Fonction"],
            "emails": ["Adresse e-mail"],
            "addresses": ["Adresse"],
            "website": ["Site web"],
        },
    ),
    "French with a whole name": (["NOM", "TEL"], {"number": ["TEL"], "name": ["NOM"]}),
    "German": (
        ["Vorname", "Nachname", "Firma", "Straße", "Handy-Nr.", "Telefon", "E-Mail"],
        {
            "number": ["Handy-Nr.", "Telefon"],
            "name": ["Vorname"],
            "last_name": ["Nachname"],
            "company": ["Firma"],
            "addresses": ["Straße"],
            "emails": ["E-Mail"],
        },
    ),
    "German with a bare Name": (
        ["Name", "Vorname", "Mobil", "Tel."],
        {"number": ["Mobil", "Tel."], "name": ["Vorname"], "last_name": ["Name"]},
    ),
    "HubSpot in Spanish": (
        ["Nombre", "Apellidos", "Número de teléfono", "Número de teléfono móvil", "Nombre de la empresa", "Cargo"],
        {
            "number": ["Número de teléfono móvil", "Número de teléfono"],
            "name": ["Nombre"],
            "last_name": ["Apellidos"],
            "company": ["Nombre de la empresa"],
            "job_title": ["Cargo"],
        },
    ),
    "HubSpot in French": (
        ["Prénom", "Nom de famille", "Numéro de téléphone", "Nom de l'entreprise", "Intitulé du poste", "Fax"],
        {
            "number": ["Numéro de téléphone"],
            "name": ["Prénom"],
            "last_name": ["Nom de famille"],
            "company": ["Nom de l'entreprise"],
            "job_title": ["Intitulé du poste"],
        },
    ),
    "Italian": (
        ["Nome", "Cognome", "Azienda", "Cellulare", "Telefono", "Indirizzo e-mail"],
        {
            "number": ["Cellulare", "Telefono"],
            "name": ["Nome"],
            "last_name": ["Cognome"],
            "company": ["Azienda"],
            "emails": ["Indirizzo e-mail"],
        },
    ),
    "Salesforce's Data Loader": (
        ["FIRSTNAME", "LASTNAME", "MOBILEPHONE", "PHONE", "EMAIL", "OWNERID"],
        {
            "number": ["MOBILEPHONE", "PHONE"],
            "name": ["FIRSTNAME"],
            "last_name": ["LASTNAME"],
            "emails": ["EMAIL"],
        },
    ),
    "Outlook": (
        ["Title", "First Name", "Last Name", "Company", "Business Fax", "Business Phone", "Mobile Phone"],
        {
            "number": ["Mobile Phone", "Business Phone"],
            "name": ["First Name"],
            "last_name": ["Last Name"],
            "company": ["Company"],
            "job_title": ["Title"],
        },
    ),
    "Google": (
        ["First Name", "Last Name", "Organization Name", "E-mail 1 - Value", "Phone 1 - Value", "Phone 2 - Value"],
        {
            "number": ["Phone 1 - Value", "Phone 2 - Value"],
            "name": ["First Name"],
            "last_name": ["Last Name"],
            "company": ["Organization Name"],
            "emails": ["E-mail 1 - Value"],
        },
    ),
    "a whole name beside its last name": (
        ["Full Name", "Last Name", "Phone"],
        {"number": ["Phone"], "name": ["Full Name"]},
    ),
    "Spanish": (
        ["Nombre", "Apellidos", "Empresa", "Teléfono móvil", "Correo electrónico"],
        {
            "number": ["Teléfono móvil"],
            "name": ["Nombre"],
            "last_name": ["Apellidos"],
            "company": ["Empresa"],
            "emails": ["Correo electrónico"],
        },
    ),
    "the API's own": (
        ["number", "name", "last_name", "emails"],
        {"number": ["number"], "name": ["name"], "last_name": ["last_name"], "emails": ["emails"]},
    ),
}


@pytest.mark.parametrize("crm", EXPORTS)
def test_exports_of_common_crms_are_understood(crm):
    """The headers of each CRM's export find their fields, whatever else the export has."""
    headers, expected = EXPORTS[crm]

    assert {field: list(columns) for field, columns in find_columns(headers).by_field.items()} == expected


def test_first_name_beats_a_whole_name():
    """Where both are there, the first name is the name."""
    assert find_columns(["Full Name", "First Name", "Phone"]).by_field["name"] == ["First Name"]


def test_phone_falls_back_on_the_next_column():
    """A row without a mobile number is called on its other one; e-mail cells are split."""
    columns = find_columns(["Phone", "Mobile", "Email", "Work Email", "Address"])

    contact = columns.contact(
        {
            "Phone": "+12125550010",
            "Mobile": " ",
            "Email": "a@x.example; b@x.example",
            "Work Email": "",
            "Address": "1 Road, Town",
        }
    )

    assert contact == {
        "number": "+12125550010",
        "emails": ["a@x.example", "b@x.example"],
        "addresses": ["1 Road, Town"],
    }


def test_values_of_json_lines_stay_as_they_are():
    """Lists stay lists, and a number that is no string is for `append` to refuse."""
    columns = find_columns(["number", "emails"])

    assert columns.contact({"number": 33612345678, "emails": ["a@x.example"]}) == {
        "number": 33612345678,
        "emails": ["a@x.example"],
    }


def test_users_mapping_wins():
    """--map names a column whatever its case, and wins over what was found."""
    columns = find_columns(["Phone", "Ligne Directe 2", "Who"], ["number=ligne directe 2", "name = Who"])

    assert columns.by_field == {"number": ["Ligne Directe 2"], "name": ["Who"]}
    assert str(columns) == "number ← Ligne Directe 2, name ← Who"


def test_user_ranks_phone_columns():
    """--map number, given twice, calls the second column where the first is empty."""
    columns = find_columns(["Phone", "Line A", "Line B"], ["number=Line B", "number=Line A"])

    assert columns.contact({"Phone": "0", "Line A": "1", "Line B": ""}) == {"number": "1"}
    assert str(columns) == "number ← Line B, else Line A"


def test_column_of_the_rep_is_no_contact_s():
    """An e-mail column that names the rep is not the contact's address."""
    columns = find_columns(["Phone", "Email", "Work Email"], besides="Email")

    assert columns.by_field["emails"] == ["Work Email"]


def test_file_without_headers_keeps_its_numbers_to_itself():
    """Where a number stands in place of a header, the error says so without showing it."""
    with pytest.raises(ColumnsError, match="line with headers above it") as told:
        find_columns(["Jo", "+33199000001"])

    assert "99000001" not in str(told.value)


@pytest.mark.parametrize(
    ("mapped", "told"),
    [
        ("phone=Phone", "one of number, name, last_name"),
        ("number", "FIELD=HEADER"),
        ("number=", "FIELD=HEADER"),
        ("number=Fax", "no column 'Fax'; the file has 'Phone', 'Who'"),
    ],
)
def test_wrong_mapping_is_told(mapped, told):
    """A mapping that cannot be meant says what can."""
    with pytest.raises(ColumnsError, match=told):
        find_columns(["Phone", "Who"], [mapped])


def test_field_with_one_column_is_mapped_once():
    """A second column for a field that takes one is an error, not a silent choice."""
    with pytest.raises(ColumnsError, match="name takes one column, and has 'Who'"):
        find_columns(["Phone", "Who", "Nick"], ["name=Who", "name=Nick"])


def test_file_without_a_phone_column_is_told():
    """The error lists the headers and shows how to name one."""
    with pytest.raises(ColumnsError, match=r"'Who', 'Fax'.*--map number="):
        find_columns(["Who", "Fax"])


def test_rep_column_is_found_by_any_spelling():
    """--to-column ignores case, accents and punctuation."""
    assert find_column(["Phone", "Propriétaire (e-mail)"], "proprietaire email") == "Propriétaire (e-mail)"
