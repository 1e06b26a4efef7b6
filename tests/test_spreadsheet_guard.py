import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async.spreadsheet_guard import guarded, unguarded

CELLS = st.text(
    alphabet=st.sampled_from("'=+-@\t\r\n 1a|;,!()\N{FULLWIDTH EQUALS SIGN}") | st.characters(), max_size=12
)


@given(CELLS)
def test_every_cell_comes_back(cell):
    """Whatever a cell holds, guarding it for a spreadsheet and reading it again gives the same cell."""
    assert unguarded(guarded(cell)) == cell


@given(CELLS)
def test_no_cell_that_could_run_is_written(cell):
    """A written cell begins with none of the marks of a formula, unless it is a number that is no formula."""
    written = guarded(cell)

    assert not written.startswith(("=", "@", "\t", "\r"))
    assert not written.startswith(("+", "-")) or not any(map(str.isalpha, written))


@pytest.mark.parametrize(
    "cell", ["=1+1", "=HYPERLINK(1)", "+cmd|' /C calc'!A0", "-2+3+cmd|x", "@SUM(1)", "\tx", "\rx", "'=1", "''+x"]
)
def test_cell_that_a_spreadsheet_would_run_is_guarded(cell):
    """A formula gets one apostrophe in front."""
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["+33 6 12 34 56 78", "+1 (212) 555-0110", "-5", "-1.5", "-", "--", "plain", "'tis", "'"]
)
def test_harmless_cell_stays(cell):
    """A phone number with its plus, a negative number, a dash and plain text stay as they are."""
    assert guarded(cell) == cell


def test_apostrophe_of_other_products_is_taken_off():
    """Apollo writes its numbers behind an apostrophe; it is no part of the number."""
    assert unguarded("'+1 212-555-0110") == "+1 212-555-0110"
    assert unguarded("'t Hart") == "'t Hart"


@pytest.mark.parametrize("separator", [";", ",", "|", "\t", "\n", "\r\n"])
@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "@SUM(1)", "+x", "'=1"])
def test_formula_within_a_cell_is_guarded(separator, formula):
    """A spreadsheet that cuts at another mark than the file's gets no formula either, and the cell comes back."""
    cell = f"x{separator}{formula}"

    assert guarded(cell) == f"x{separator}'{formula}"
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize(
    "cell", ["tel +33 6 12 34 56 78;+33 6 12 34 56 79", "a;-5", "a\n-\nb", "it's; 't Hart", "x;'t"]
)
def test_harmless_piece_of_a_cell_stays(cell):
    """Several phone numbers in a cell, and plain text, stay as they are."""
    assert guarded(cell) == unguarded(cell) == cell
