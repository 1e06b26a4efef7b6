"""How many rows go into a request, after some were refused as too large."""

from math import inf

import pytest

from allo_async._sending.rows_per_request import RowsPerRequest


def send(limit, rows, *, takes):
    """Send *rows* rows to a server that *takes* so many at once; return the sizes of all requests, and the refused."""
    sizes, refused = [], []
    while rows:
        size = int(min(rows, limit.most))
        sizes.append(size)
        if size > takes:
            limit.refused(size)
            refused.append(size)
        else:
            limit.taken(size)
            rows -= size
    return sizes, refused


@pytest.mark.parametrize("refusals", range(1, 10))
def test_refusals_of_a_moment_do_not_cost_requests_for_ever(refusals):
    """Whatever a gateway has refused for a while goes in again as soon as it may."""
    limit, size = RowsPerRequest(), 900
    for _ in range(refusals):
        limit.refused(size)
        size = limit.most
    sizes, _ = send(limit, 900, takes=inf)
    assert len(sizes) <= 30
    for _ in range(12):
        send(limit, 900, takes=inf)
    assert limit.most >= 900
    assert send(limit, 900, takes=inf) == ([900], [])


@pytest.mark.parametrize("takes", [1, 7, 100, 500, 899])
@pytest.mark.parametrize("rows", [900, 250])
def test_real_limit_costs_a_refusal_now_and_then(takes, rows):
    """A limit that stays is tried again, and less and less often."""
    limit = RowsPerRequest()
    first, refused = send(limit, rows, takes=takes)
    all_sizes, all_refused = list(first), list(refused)
    for _ in range(200):
        sizes, refused = send(limit, rows, takes=takes)
        all_sizes += sizes
        all_refused += refused
    assert len(all_refused) <= 20 + len(all_sizes) / 500
    assert len(all_sizes) - len(all_refused) <= 201 * (2 * rows / takes + 1)


def test_limit_that_rises_is_followed():
    """Where the server takes more than before, it gets more."""
    limit = RowsPerRequest()
    for takes in (100, 500, 1_000):
        for _ in range(30):
            send(limit, 900, takes=takes)
        assert takes / 2 <= limit.most


@pytest.mark.parametrize("known", [None, 500])
@pytest.mark.parametrize("place", [0, 1, 449, 899])
def test_row_that_is_too_large_by_itself_changes_nothing(known, place):
    """The row is found by halving, and then as many rows as before go into a request."""
    limit = RowsPerRequest()
    for _ in range(5 if known else 0):
        send(limit, 900, takes=known)
    before, begin = limit.most, 0
    while True:
        size = int(min(900 - begin, limit.most))
        if begin <= place < begin + size:
            limit.refused(size)
            if size == 1:
                break
        else:
            limit.taken(size)
            begin += size
    assert limit.most == before


def test_callers_of_few_rows_get_more_room_again():
    """Rows of one caller stay together, so that requests have a little less than they might."""
    limit = RowsPerRequest()
    limit.refused(9)
    for _ in range(20):
        limit.taken(3)
    assert limit.most >= 6
