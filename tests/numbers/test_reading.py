import pytest

from allo_async import AlloClient
from allo_async._numbers.damage import NoNumber
from allo_async._numbers.reading import first_number, numbers_in
from allo_async.sandbox import Sandbox
from tests.numbers.cells import EACH, LOST, NONE


@pytest.mark.parametrize(("kind", "cell", "region", "expected"), EACH, ids=map(repr, EACH))
def test_cell_becomes_the_right_number_or_goes_as_written(kind, cell, region, expected):
    """Each cell of the table is sent as the table says, or skipped with its reason."""
    found = first_number(cell.strip(), region)

    assert (found.reason if isinstance(found, NoNumber) else found.wire) == expected


async def test_append_sends_what_the_table_says():
    """The server gets exactly what must be sent for each cell, in order, and each other row is skipped here."""
    for region in sorted({region for _, _, region, _ in EACH}, key=str):
        cases = [(cell, expected) for _, cell, wanted, expected in EACH if wanted == region]
        async with Sandbox(write_per_second=None) as server, AlloClient(server.api_key, base_url=server.url) as allo:
            result = await allo.queue().append([cell for cell, _ in cases], region=region, keep_duplicates=True)

            sent = [number for append in server.ledger.appends for number in append.rows]
            assert sent == [expected for _, expected in cases if expected not in {NONE, LOST}]
            here = [row.reason for row in result.skipped if row.source == "client"]
            assert here == [expected for _, expected in cases if expected in {NONE, LOST}]


@pytest.mark.parametrize(
    ("cell", "region", "expected"),
    [
        ("06 12 34 56 78 ::: 06 87 65 43 21", "FR", ["06 12 34 56 78", "06 87 65 43 21"]),
        ("M: 0171 1234567 T: 030 123456 Fax: 030 123457", "DE", ["0171 1234567", "030 123456"]),
        ("030 123456 / 123457", "DE", ["030 123456"]),
        ("1) 0171 1234567 2) 030 123456", "DE", ["0171 1234567", "030 123456"]),
        ('["+33612345678", "+33687654321"]', None, ["+33612345678", "+33687654321"]),
        (33612345678, "FR", ["33612345678"]),
        (33612345678.0, "FR", ["33612345678"]),
        (float("nan"), "FR", []),
        (True, "FR", []),
        (None, "FR", []),
    ],
)
def test_every_number_of_a_cell(cell, region, expected):
    """All numbers of a cell are found, as written and in order, but for faxes and the ends of numbers."""
    assert numbers_in(cell, region) == expected


async def test_extension_is_told_with_the_row():
    """An added row says which extension is not dialed, and that its cell held other numbers."""
    rows = ["+1 212 555 0010 ext. 5", "+1 212 555 0011 / +1 646 555 0100", "+1 212 555 0012"]
    async with Sandbox() as server, AlloClient(server.api_key, base_url=server.url) as allo:
        result = await allo.queue().append(rows)

    assert [row.detail for row in result.added] == [
        "extension 5 is not dialed",
        "the first of 2 numbers in the cell",
        None,
    ]


async def test_shortened_number_says_so():
    """A number that a spreadsheet has shortened is skipped with a reason and what to do about it."""
    async with Sandbox() as server, AlloClient(server.api_key, base_url=server.url) as allo:
        (skipped,) = (await allo.queue().append(["3.36E+10"])).skipped

    assert skipped.reason == "DIGITS_LOST"
    assert "export it again" in skipped.detail


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0171 1234567 " + "then I called and nobody answered; " * 3_000, "+491711234567"),
        ("lorem ipsum " * 100_000 + "0171 1234567", NONE),
        ("1 " * 500_000, NONE),
        ("2026-11-26 " * 100_000, NONE),
        ("+" * 1_000_000 + "491711234567", NONE),
        ("x" * 494 + " 0171 1234567", NONE),
    ],
)
def test_note_is_read_at_its_beginning_alone(cell, expected):
    """Of a cell that is as long as a note, only the beginning is read, and no number is cut in two."""
    found = first_number(cell, "DE")

    assert (found.reason if isinstance(found, NoNumber) else found.wire) == expected
