"""A cell of a spreadsheet or a CRM's export: the phone numbers that people write into one."""


def numbers_in(value: object) -> list[str]:
    """Return each number that a cell holds, as written and in order; none for a blank cell or a placeholder."""
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return [text] if any(map(str.isdigit, text)) else []
