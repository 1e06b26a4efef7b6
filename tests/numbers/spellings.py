"""Numbers of every region in many spellings, for which the fast reading is compared with the slow one.

`python -m tests.numbers.spellings 200000 [seed]` compares so many and prints how often each kind took the short cut.
"""

import itertools
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from unittest import mock

import attrs
import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from allo_async._numbers import reading
from allo_async._numbers.plans import Number, read_digits
from allo_async._numbers.shortcut import plain_reader

REGIONS = [*sorted(phonenumbers.SUPPORTED_REGIONS), None]
_TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
_MARKS = (" ", " ", "-", ".", "", "  ", " - ", ".-", ") ", "(", ")", " (", "\u00a0", "/", "\t")
_DATES = ("2012-10-11", "11.10.2012", "1.2.2013", "2012-2013", "2012-10", "12-10-11", "10-11-2012", "45123.25")


@attrs.frozen
class Spelling:
    """A cell, its region, and the kind of the spelling."""

    kind: str
    region: str | None
    text: str


def spellings(seed: int) -> Iterator[Spelling]:
    """Yield spellings without an end, of one region after the other; the same for the same *seed*."""
    dice = random.Random(seed)
    while True:
        for region in REGIONS:
            country = region or dice.choice(REGIONS[:-1])
            national = _national(dice, country)
            for kind, text in _written(dice, country, national):
                yield Spelling(kind, region, _roughened(dice, text))


def general(text: str, region: str | None) -> reading.Cell:
    """Read a cell without any short cut."""
    with mock.patch.object(reading, "read_international", return_value=None):
        return reading.read_cell(text, region)


def differs(case: Spelling) -> bool:
    """Return whether the fast reading of a spelling is neither the slow one's nor none."""
    e164 = plain_reader(case.region)(case.text)
    if e164 is None:
        return False
    if case.text.startswith("+"):
        # The marks of an international number are its own, even a date's, since nothing else is left of the cell.
        found = read_digits(case.text, case.region)
        return found is None or found.e164 != e164
    return general(case.text, case.region).numbers != (Number(e164, e164, case.text),)


def _national(dice: random.Random, region: str) -> str:
    """Return the digits of an example, of one with other last digits, or of none."""
    example = phonenumbers.example_number_for_type(region, dice.choice(_TYPES)) or phonenumbers.example_number(region)
    digits = phonenumbers.national_significant_number(example)
    fate = dice.random()
    if fate < 0.4:
        kept = dice.randrange(len(digits))
        return digits[:kept] + _digits(dice, len(digits) - kept)
    if fate < 0.6:
        return (digits[: dice.randrange(4)] + _digits(dice, 15))[: dice.randint(3, 15)]
    return digits


def _digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices("0123456789", k=count))


def _written(dice: random.Random, region: str, national: str) -> Iterator[tuple[str, str]]:
    code = str(phonenumbers.country_code_for_region(region))
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
    other = str(dice.choice([*phonenumbers.COUNTRY_CODE_TO_REGION_CODE, 0, 999]))
    yield "plus", f"+{code}{national}"
    yield "plus, grouped", f"+{code}{dice.choice(_MARKS)}{_grouped(dice, national)}"
    yield "plus, another code", f"+{other}{national}"
    yield "bare", national
    yield "trunk", trunk + national
    yield "grouped", _grouped(dice, national)
    yield "code, bare", f"{code}{national}"
    yield "trunk, grouped", _grouped(dice, trunk + national)
    mark, other_mark = (" " if dice.random() < 0.5 else dice.choice(_MARKS) for _ in range(2))
    yield "trunk apart", f"{trunk}{mark}{_grouped(dice, national)}"
    yield "parenthesis", f"({trunk}{national[:3]}) {_grouped(dice, national[3:])}"
    yield "code without plus", f"{code}{mark}{_grouped(dice, national)}"
    yield "00", f"00{mark}{code}{other_mark}{_grouped(dice, national)}"
    yield "00, bare", f"00{dice.choice((code, other))}{national}"
    yield "exit code", f"{dice.choice(('011', '0011', '010', '810', '001', '119', '00'))}{code} {national}"
    yield "trunk 0, 1 or 8", f"{dice.choice('018')} {_grouped(dice, national)}"
    yield (
        "date",
        f"{dice.choice(('', f'({national[:3]}) ', f'{national[:3]} ', f'({national[:3]})'))}{dice.choice(_DATES)}",
    )
    yield "float", f"{national[:-1]}.{dice.choice(('0', '00', '000', '5', '50', national[-1:]))}"
    shape = dice.choice((PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966))
    parsed = phonenumbers.PhoneNumber(int(code), int(national), italian_leading_zero=national.startswith("0") or None)
    yield "as libphonenumber writes it", phonenumbers.format_number(parsed, shape)


def _grouped(dice: random.Random, digits: str) -> str:
    """Put marks between the digits, one and the same throughout or any."""
    groups = re.findall(rf"\d{{1,{dice.randint(1, 5)}}}", digits)
    marks = _MARKS if dice.random() < 0.2 else [dice.choice(_MARKS[:6])]
    return "".join(group + dice.choice(marks) for group in groups[:-1]) + "".join(groups[-1:])


def _roughened(dice: random.Random, text: str) -> str:
    fate = dice.random()
    if fate < 0.02:
        return dice.choice(
            (f" {text}", f"{text} ", f"{text}.", f"-{text}", f"{text})", f"({text}", f"{text}.0", f"+{text}")
        )
    if fate < 0.04:
        at = dice.randint(0, len(text))
        return text[:at] + dice.choice((*_MARKS, "0", "1", "+", "\u0663", "x")) + text[at:]
    return text


def _main(count: int, seed: int) -> None:
    taken: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    wrong: list[Spelling] = []
    for case in itertools.islice(spellings(seed), count):
        seen[case.kind] += 1
        taken[case.kind] += plain_reader(case.region)(case.text) is not None
        if differs(case):
            wrong.append(case)
    shares = [f"{kind:28} {of:7} {taken[kind] / of:6.1%}" for kind, of in seen.items()]
    summary = f"{count} spellings, {taken.total() / count:.1%} short cuts, {len(wrong)} differ"
    print(*wrong, *shares, summary, sep="\n")  # noqa: T201 - a command


if __name__ == "__main__":
    _main(int(sys.argv[1]), int((*sys.argv, "1")[2]))
