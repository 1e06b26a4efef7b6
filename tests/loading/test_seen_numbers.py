"""Which numbers came up before, and in which row, in little memory and without a stall."""

import asyncio
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allo_async import clock
from allo_async._loading import seen_numbers
from allo_async._loading.seen_numbers import SeenNumbers
from allo_async.clock import free_in_steps

E164 = st.integers(1, 60).map("+{}".format) | st.integers(10**14, 10**14 + 9).map("+{}".format)
# An integer would give back another text for each of these, or none.
ODD = [
    "",
    "+",
    "+0",
    "+012",
    "12",
    " +12",
    "+12 ",
    "+1_2",
    "+-12",
    "++12",
    "+12.0",
    "+١٢",
    "+1٢",
    "+12\n",
    "+1" + "0" * 15,
]


def check(numbers, *, in_full, page):
    """Compare what is known of *numbers* with a plain dictionary, however few it keeps in full or on a page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_numbers, "_MOST_IN_FULL", in_full)
        patch.setattr(seen_numbers, "_LARGEST_PAGE", page)
        seen, plain = SeenNumbers(), {}

        for index, number in enumerate(numbers):
            assert (number in seen) == (number in plain)
            assert seen.first(number, index) == plain.setdefault(number, index)

        assert sorted(seen) == sorted(plain)
        assert len(seen) == len(plain)
        assert [number for number in plain if number not in seen] == []
        assert [seen.first(number, len(numbers)) for number in plain] == list(plain.values())


@given(st.lists(E164 | st.sampled_from(ODD), max_size=120), st.integers(0, 9), st.integers(2, 5))
def test_every_number_has_its_first_row(numbers, in_full, page):
    """Whatever came up, in whatever order: the first row, the count and the list are those of a plain dictionary."""
    check(numbers, in_full=in_full, page=page)


@pytest.mark.parametrize("odd", ODD)
def test_odd_text_is_no_number_in_e164(odd):
    """A text that looks like a number, or is longer than any, is another one than the number that it looks like."""
    check([odd, "+12", odd, "+1" + "0" * 14, "+0", odd], in_full=0, page=2)


@pytest.mark.parametrize("order", ["ascending", "none"])
@pytest.mark.parametrize("page", [2, 3, 8, 512])
def test_many_numbers_have_their_first_rows(order, page):
    """Numbers are found again on whichever of many pages they stand."""
    numbers = numbers_in(order, 3_000)

    check([*numbers, *numbers_in("none", 500), *reversed(numbers)], in_full=100, page=page)


def numbers_in(order, count):
    """Return *count* numbers of one country, in order or in none."""
    numbers = [f"+33{600_000_000 + 7 * place}" for place in range(count)]
    if order == "none":
        random.Random(5).shuffle(numbers)
    return numbers


@pytest.mark.parametrize("order", ["ascending", "none"])
def test_later_numbers_take_little_memory(monkeypatch, order):
    """Beyond the first ones, a number takes no more than 24 bytes."""
    monkeypatch.setattr(seen_numbers, "_MOST_IN_FULL", 0)
    numbers = numbers_in(order, 60_000)
    seen = SeenNumbers()

    tracemalloc.start()
    try:
        for index, number in enumerate(numbers):
            seen.first(number, index)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(seen) == len(numbers)
    assert taken / len(numbers) < 24


@pytest.mark.parametrize("in_full", [0, 100_000])
def test_no_call_copies_much(monkeypatch, in_full):
    """However many numbers there are, no new one moves more than some ten thousand, in a fraction of a millisecond."""
    monkeypatch.setattr(seen_numbers, "_MOST_IN_FULL", in_full)
    seen, most = SeenNumbers(), 0

    tracemalloc.start()
    try:
        for index, number in enumerate(numbers_in("none", 60_000)):
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            seen.first(number, index)
            most = max(most, tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()

    assert most < 450_000


@pytest.mark.parametrize("order", ["ascending", "none"])
def test_no_call_moves_much(monkeypatch, order):
    """A new number moves no more than one page of others, however many there are."""
    monkeypatch.setattr(seen_numbers, "_MOST_IN_FULL", 0)
    seen = SeenNumbers()

    for index, number in enumerate(numbers_in(order, 5_000)):
        seen.first(number, index)

    assert max(map(len, seen._pages._numbers)) <= 512


@given(st.lists(st.lists(E164 | st.sampled_from(ODD), max_size=4), max_size=20), st.integers(0, 30), st.integers(1, 6))
def test_several_numbers_are_kept_if_all_are_new(groups, in_full, largest):
    """Numbers that are added together have the rows that each would have by itself; else nothing is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_numbers, "_MOST_IN_FULL", in_full)
        patch.setattr(seen_numbers, "_LARGEST_DICTIONARY", largest)
        seen, plain, index = SeenNumbers(), {}, 0
        for group in groups:
            are_new = len(set(group)) == len(group) and not plain.keys() & set(group)
            kept = seen.add_new(group, index)
            assert are_new or not kept
            if not kept:
                assert [number for number in group if (number in seen) != (number in plain)] == []
                assert [seen.first(number, place) for place, number in enumerate(group, index)] == [
                    plain.setdefault(number, place) for place, number in enumerate(group, index)
                ]
            plain.update({number: place for place, number in enumerate(group, index) if number not in plain})
            index += len(group)

        assert {number: seen.first(number, -1) for number in seen} == plain


async def test_numbers_are_freed_some_a_turn(monkeypatch):
    """To free all at once holds up others."""
    monkeypatch.setattr(clock, "_FREED_AT_ONCE", 2)
    dictionaries = [{1: "a"}, {2: "b", 3: "c", 4: "d"}]

    free_in_steps(dictionaries)
    left = []
    for _ in range(5):
        left.append(sum(map(len, dictionaries)))
        await asyncio.sleep(0)

    assert left == [4, 2, 1, 0, 0]


async def test_numbers_that_were_let_go_are_forgotten():
    """Nothing came up before."""
    seen = SeenNumbers()
    seen.first("+12125550010", 0)

    seen.let_go()

    assert len(seen) == 0
    assert "+12125550010" not in seen
