"""The rows that are loaded."""

Row = dict[str, object]

# As people write numbers: five formats in turn, two of them national.
_FORMATS = ("+1 (212) {}-{}", "(212) {}-{}", "212.{}.{}", "+1-212-{}-{}", "00 1 212 {} {}")


def clean_rows(count: int) -> list[Row]:
    """Return rows with distinct numbers as a system writes them, in E.164."""
    return [_row(f"+1212{2_000_000 + place}", place) for place in range(count)]


def messy_rows(count: int) -> list[Row]:
    """Return rows with the same numbers as people write them."""
    rows: list[Row] = []
    for place in range(count):
        digits = str(2_000_000 + place)
        rows.append(_row(_FORMATS[place % len(_FORMATS)].format(digits[:3], digits[3:]), place))
    return rows


def _row(number: str, place: int) -> Row:
    return {"number": number, "name": "Marie", "last_name": f"Dupont {place}", "company": "Acme Inc"}
