"""Numbers for tests: valid, distinct, and as many as needed."""


def us_numbers(count, start=0):
    """Valid US numbers in E.164: 212-2xx-xxxx upwards."""
    return [f"+1212{2_000_000 + start + place}" for place in range(count)]


def fates(result):
    """Each row's fate by index, which fails when a row has two."""
    lists = {"added": result.added, "skipped": result.skipped, "pending": result.pending, "in doubt": result.in_doubt}
    told = [(row.index, fate) for fate, rows in lists.items() for row in rows]
    assert len({index for index, _ in told}) == len(told), "a row has two fates"
    return dict(sorted(told))
