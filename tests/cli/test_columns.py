import pytest

from allo_async.cli.columns import ColumnsError, find_column, find_columns

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
            "number": ["Telefon"],
            "name": ["Vorname"],
            "last_name": ["Nachname"],
            "company": ["Firma"],
            "addresses": ["Straße"],
            "emails": ["E-Mail"],
        },
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


def test_file_without_a_phone_column_is_told():
    """The error lists the headers and shows how to name one."""
    with pytest.raises(ColumnsError, match=r"'Who', 'Fax'.*--map number="):
        find_columns(["Who", "Fax"])


def test_rep_column_is_found_by_any_spelling():
    """--to-column ignores case, accents and punctuation."""
    assert find_column(["Phone", "Propriétaire (e-mail)"], "proprietaire email") == "Propriétaire (e-mail)"
