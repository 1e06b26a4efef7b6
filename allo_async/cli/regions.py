"""A hint about numbers without a country code, if no region was named."""

from collections.abc import Sequence

from allo_async._numbers.plans import likely_region
from allo_async._numbers.reading import lacks_country, numbers_in
from allo_async.cli.job import RepLoad

# So many numbers show where they are from.
_SAMPLE = 40


def without_region(loads: Sequence[RepLoad], region: str | None) -> str | None:
    """Say how many numbers of *loads* lack a country code while no region is given; `None` if none does."""
    if region is not None:
        return None
    numbers = [lead.row.get("number") for load in loads for lead in load.leads]
    national = [number for number in numbers if lacks_country(number)]
    if not national:
        return None
    likely = likely_region([numbers_in(number)[0] for number in national[:: max(1, len(national) // _SAMPLE)]])
    way_on = f"give --region {likely}" if likely else "give --region with the two letters of their country"
    count = "1 number has" if len(national) == 1 else f"{len(national):,} numbers have"
    return f"{count} no country code: {way_on}"
