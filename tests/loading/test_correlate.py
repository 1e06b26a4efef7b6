from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from allo_async._loading import correlate as correlate_module
from allo_async._loading.correlate import correlate
from allo_async._loading.prepare import Preparer
from allo_async._loading.prepared_rows import PreparedRow
from allo_async._wire.answers import AppendReply


def rows_of(*numbers, region=None):
    preparer = Preparer(region=region, keep_duplicates=True)
    return [preparer.prepare(index, number) for index, number in enumerate(numbers)]


def told(correlation):
    return (
        [(row.index, entry["number_to"]) for row, entry in correlation.added],
        [(row.index, entry["reason"]) for row, entry in correlation.skipped],
        [row.index for row in correlation.unanswered],
        correlation.surplus,
    )


def added(*numbers):
    return [{"number_to": number, "position": place} for place, number in enumerate(numbers)]


def test_server_reads_what_we_could_not():
    """A number sent as written finds its entry by the last digits."""
    rows = rows_of("06 12 34 56 78", "0033 1 99 00 12 34", "+1 5550010")

    correlation = correlate(
        rows, AppendReply(added("+33612345678", "+33199001234"), [{"number": "+1 5550010", "reason": "X"}])
    )

    assert told(correlation) == ([(0, "+33612345678"), (1, "+33199001234")], [(2, "X")], [], 0)


def test_server_spells_otherwise():
    """A server that writes an E.164 of its own, or normalises what it skips, is understood."""
    rows = rows_of("+5215512345678", "+12125550010")

    correlation = correlate(rows, AppendReply(added("+525512345678"), [{"number": "(212) 555-0010", "reason": "X"}]))

    assert told(correlation) == ([(0, "+525512345678")], [(1, "X")], [], 0)


def test_made_up_and_missing_rows():
    """An entry that answers no row is surplus; a row that nothing answers stays unanswered."""
    rows = rows_of("+12125550010", "+12125550011")

    correlation = correlate(rows, AppendReply(added("+12125550011", "+442079460958"), [{"number": "?", "reason": "X"}]))

    assert told(correlation) == ([(1, "+12125550011")], [], [0], 2)


def test_repeats_follow_their_positions():
    """Rows of one number get its entries in the order of the queue, however the reply orders them."""
    rows = rows_of("+12125550010", "+12125550010", "+12125550010")
    entries = [{"number_to": "+12125550010", "position": place} for place in (9, 7)]

    correlation = correlate(rows, AppendReply(entries, [{"number": "+12125550010", "reason": "ALREADY"}]))

    assert [(row.index, entry["position"]) for row, entry in correlation.added] == [(0, 7), (1, 9)]
    assert [row.index for row, _ in correlation.skipped] == [2]


def test_repeats_keep_their_order_around_what_is_left_out():
    """Where a reply leaves rows out, an entry goes to the repeat that its place allows."""
    rows = rows_of("+12125550000", "+12125550001", "+12125550000", "+12125550001")
    entries = [{"number_to": "+12125550000", "position": place} for place in (0, 2)]
    entries.append({"number_to": "+12125550001", "position": 3})

    correlation = correlate(rows, AppendReply(entries, []))

    assert [(row.index, entry["position"]) for row, entry in correlation.added] == [(0, 0), (2, 2), (3, 3)]
    assert [row.index for row in correlation.unanswered] == [1]


NUMBERS = st.sampled_from([f"+1212555{digits:04d}" for digits in range(12)] + ["06 12 34 56 78", "0612345679"])
FATES = st.sampled_from(["added", "skipped", "left out", "twice"])


@given(rows=st.lists(st.tuples(NUMBERS, FATES), max_size=40), made_up=st.lists(NUMBERS, max_size=5), seed=st.randoms())
def test_every_row_gets_one_answer_at_most(rows, made_up, seed):
    """Under repeats, reordering, omissions and inventions, rows and entries are paired one to one."""
    sent = [_row(index, number) for index, (number, _) in enumerate(rows)]
    reply_added = [{"number_to": _server(number)} for number, fate in rows if fate in {"added", "twice"}]
    reply_added += [{"number_to": _server(number)} for number in made_up]
    reply_skipped = [{"number": number, "reason": "R"} for number, fate in rows if fate in {"skipped", "twice"}]
    seed.shuffle(reply_added)
    seed.shuffle(reply_skipped)

    found = correlate(sent, AppendReply(reply_added, reply_skipped))

    answered = [row.index for row, _ in [*found.added, *found.skipped]] + [row.index for row in found.unanswered]
    assert sorted(answered) == list(range(len(rows)))
    assert all(_server(row.wire) == entry["number_to"] for row, entry in found.added)
    assert all(row.wire == entry["number"] for row, entry in found.skipped)
    assert len(found.added) + len(found.skipped) + found.surplus == len(reply_added) + len(reply_skipped)


@given(rows=st.lists(st.tuples(NUMBERS, st.sampled_from(["added", "skipped"])), max_size=40), seed=st.randoms())
def test_honest_reply_answers_every_row(rows, seed):
    """A reply that answers each row, in whatever order, leaves none unanswered and no entry over."""
    sent = [_row(index, number) for index, (number, _) in enumerate(rows)]
    reply_added = [{"number_to": _server(number)} for number, fate in rows if fate == "added"]
    reply_skipped = [{"number": number, "reason": "R"} for number, fate in rows if fate == "skipped"]
    seed.shuffle(reply_added)
    seed.shuffle(reply_skipped)

    found = correlate(sent, AppendReply(reply_added, reply_skipped))

    assert (list(found.unanswered), found.surplus) == ([], 0)
    assert len(found.added) == len(reply_added)


@given(
    st.lists(NUMBERS, max_size=6),
    st.data(),
)
def test_reply_in_order_is_read_as_any_other(numbers, data):
    """The short way for a reply that adds all rows in order comes to what the long one comes to."""
    sent = [_row(index, number) for index, number in enumerate(numbers)]
    places = data.draw(st.permutations(range(len(numbers))))
    entries = [{"number_to": _server(number), "position": place} for number, place in zip(numbers, places, strict=True)]
    entries = data.draw(st.sampled_from([entries, entries[::-1], entries[1:]]))
    reply = AppendReply(entries, data.draw(st.sampled_from([[], [{"number": "+1", "reason": "R"}]])))

    with mock.patch.object(correlate_module, "_correlated_in_order", return_value=None):
        long = correlate(sent, reply)

    assert _told_all(correlate(sent, reply)) == _told_all(long)


def _row(index, number):
    return PreparedRow(index, {"number": number}, number if number.startswith("+") else None, number)


def _server(number):
    return number if number.startswith("+") else "+33" + number.replace(" ", "")[1:]


def _told_all(correlation):
    pairs = [[(row.index, entry) for row, entry in pairs] for pairs in (correlation.added, correlation.skipped)]
    return pairs, [row.index for row in correlation.unanswered], correlation.surplus
