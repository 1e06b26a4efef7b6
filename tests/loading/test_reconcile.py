"""What a queue that was read back says of a chunk whose answer was lost."""

import attrs
import pytest

from allo_async import Contact
from allo_async._loading.prepare import Preparer
from allo_async._loading.reconcile import QueueSnapshot, find_append
from allo_async._wire.queue_end import QueueEnd

A, B, C, D = (f"+121255500{place}" for place in (10, 11, 12, 13))
X, Y, Z = (f"+164655500{place}" for place in (20, 21, 22))
INVALID = "+1 123 456 7890"


def rows_of(*numbers, region=None):
    preparer = Preparer(region=region, keep_duplicates=True)
    return [preparer.prepare(index, number) for index, number in enumerate(numbers)]


def entries_of(*numbers):
    return [
        {"number_to": number, "position": place, "created_at": f"2026-11-24T10:00:{place:02d}"}
        for place, number in enumerate(numbers)
    ]


def seen(entries, end=None, *, exists=True, seconds=None):
    return QueueSnapshot(end or QueueEnd(exists=True), exists, entries, seconds)


def seen_late(entries, end, *, seconds=None, late=0.03):
    return QueueSnapshot(end, exists=True, entries=entries, seconds=seconds, late=late)


def end_at(entries, place):
    return QueueEnd.at(entries[place])


def told(reply):
    return [entry["position"] for entry in reply.added], [(row["number"], row["reason"]) for row in reply.skipped]


def test_whole_chunk_behind_the_end_has_landed():
    """The chunk's numbers in their order behind what stood last before: they are added, with their positions."""
    entries = entries_of(X, A, B, C)

    reply = find_append(rows_of(A, B, C), seen(entries, end_at(entries, 0)))

    assert told(reply) == ([1, 2, 3], [])
    assert reply.recovered


def test_none_of_its_numbers_means_that_it_has_not():
    """Where nothing of the chunk stands behind the end, it was not carried out, whatever others have added."""
    entries = entries_of(X, Y, Z)

    assert find_append(rows_of(A, B, C), seen(entries, end_at(entries, 0), seconds=10_000)) is None


def test_what_stood_there_before_is_not_the_chunk():
    """The same list, loaded before, is not taken for this one."""
    entries = entries_of(A, B, C)

    assert find_append(rows_of(A, B, C), seen(entries, end_at(entries, 2))) is None
    assert find_append(rows_of(A, B, C), seen(entries, QueueEnd(exists=False))) is not None


def test_second_copy_is_the_chunk():
    """Loaded twice on purpose, the second copy's positions are told."""
    entries = entries_of(A, B, C, A, B, C)

    assert told(find_append(rows_of(A, B, C), seen(entries, end_at(entries, 2))))[0] == [3, 4, 5]


def test_end_is_found_after_entries_were_taken_off():
    """Entries taken off in front move the end up: it is known by its number and time, not by its place."""
    before = entries_of(X, Y, A, Z)
    entries = [dict(entry, position=place) for place, entry in enumerate([*before[2:], *entries_of(B, C)])]

    assert told(find_append(rows_of(B, C), seen(entries, end_at(before, 3))))[0] == [2, 3]
    assert find_append(rows_of(A), seen(entries, end_at(before, 3), seconds=10_000)) is None


def test_end_that_was_called_away_leaves_the_chunk():
    """What stood last before is gone, and all in front of it: the chunk is what stands there now."""
    gone = QueueEnd(exists=True, number_to=X, position=7)

    assert told(find_append(rows_of(A, B), seen(entries_of(A, B), gone, seconds=60)))[0] == [0, 1]


def test_others_may_write_around_the_chunk():
    """What strangers added before and behind does not matter."""
    entries = entries_of(X, Y, A, B, C, Z)

    assert told(find_append(rows_of(A, B, C), seen(entries, end_at(entries, 0))))[0] == [2, 3, 4]


def test_rows_that_the_server_must_have_skipped():
    """A row that is no number, and one that stood there before, may be missing: they were skipped."""
    entries = entries_of(B, A, C)

    reply = find_append(rows_of(A, INVALID, B, C), seen(entries, end_at(entries, 0)))

    assert told(reply) == ([1, 2], [("+11234567890", "INVALID_PHONE_NUMBER"), (B, "ALREADY_QUEUED")])


@pytest.mark.parametrize(
    "place", [0, 1, 2, 3], ids=["at its first row", "in its midst", "at its last row", "behind it"]
)
def test_end_seen_late_may_be_the_chunk_itself(place):
    """What was seen while the chunk was under way cannot tell it from the same list, loaded before: it is in doubt."""
    entries = entries_of(A, B, C, X)

    reply = find_append(rows_of(A, B, C), seen_late(entries, end_at(entries, place)))

    assert told(reply) == ([], [])
    assert "may have stood there before" in reply.doubt


def test_nobody_knows_how_the_queue_ended():
    """Without any end, the chunk's numbers are in doubt where they stand there, and did not land where they do not."""
    assert "may have stood there before" in find_append(rows_of(A, B), seen_late(entries_of(A, B), None)).doubt
    assert find_append(rows_of(A, B), seen_late(entries_of(X, Y), None)) is None


def test_end_seen_late_that_is_gone():
    """What stood last then was taken off since: whatever is there may have come before it."""
    gone = QueueEnd(exists=True, number_to=X)

    assert "may have stood there before" in find_append(rows_of(A, B), seen_late(entries_of(A, B), gone)).doubt


@pytest.mark.parametrize("entries", [entries_of(X, A, B, C), entries_of(A, B, C, X, A, B, C)], ids=["new", "again"])
def test_whole_chunk_behind_an_end_seen_late_has_landed(entries):
    """Nothing else puts all of its numbers there in their order, after the look."""
    end = QueueEnd.at(next(entry for entry in entries if entry["number_to"] == X))

    reply = find_append(rows_of(A, B, C), seen_late(entries, end))

    assert told(reply)[0] == [entry["position"] for entry in entries[-3:]]


def test_queue_seen_empty_while_the_chunk_was_under_way():
    """Whatever stands there came after the look, and so did the chunk."""
    for empty in (QueueEnd(exists=True), QueueEnd(exists=False)):
        assert told(find_append(rows_of(A, B), seen_late(entries_of(A, B), empty)))[0] == [0, 1]


@pytest.mark.parametrize(
    ("seconds", "late", "position", "landed"),
    [
        (60, 0.9, 0, "not"),
        (60, 1.0, 0, "who knows"),
        (60, 0.1, 1, "who knows"),
        (60, 0.1, None, "who knows"),
        (0.9, 5.0, 7, "not"),
        (None, 5.0, 7, "not"),
    ],
    ids=[
        "too soon",
        "time to call it before",
        "moved up since",
        "nobody knows where",
        "no time at all",
        "replay tells",
    ],
)
def test_none_of_its_numbers_where_the_end_was_seen_late(seconds, late, position, landed):
    """The chunk did not land, unless it stood in front of that end, and there was time to call all of its numbers."""
    entries = entries_of(X, Y)
    end = attrs.evolve(end_at(entries, 0), position=position)

    reply = find_append(rows_of(A), seen_late(entries, end, seconds=seconds, late=late))

    assert (reply is None) == (landed == "not")
    assert reply is None or "worked off" in reply.doubt


def test_single_row_that_is_missing_is_in_doubt_by_itself():
    """The rest of the chunk stands there in order: it has landed, and one row alone cannot be told."""
    entries = entries_of(A, B, D)

    reply = find_append(rows_of(A, B, C, D), seen(entries))

    assert told(reply) == ([0, 1, 2], [])
    assert "not this row" in reply.doubt


@pytest.mark.parametrize(
    "numbers",
    [(C,), (A, X, B, Y, C), (C, B, A), (X, B)],
    ids=["a repeat", "scattered", "backwards", "a repeat behind others"],
)
def test_what_no_append_would_leave_is_in_doubt(numbers):
    """Numbers of the chunk, but not as one append puts them there: others may have added them."""
    reply = find_append(rows_of(A, B, C), seen(entries_of(*numbers)))

    assert told(reply) == ([], [])
    assert not reply.recovered
    assert "not as this append" in reply.doubt


@pytest.mark.parametrize(
    ("seconds", "landed"), [(None, "not"), (1.5, "not"), (2.0, "who knows"), (7_200.0, "who knows")]
)
def test_empty_queue_may_have_been_worked_off(seconds, landed):
    """A queue that was empty before may have held the chunk, if there was time to call all of its numbers."""
    reply = find_append(rows_of(A, B), seen([], QueueEnd(exists=True), seconds=seconds))

    assert (reply is None) == (landed == "not")
    assert reply is None or "worked off" in reply.doubt


def test_no_queue_then_and_no_queue_now_is_certain():
    """The first append makes the queue: where there is none, none was carried out, however long ago."""
    assert find_append(rows_of(A), seen([], QueueEnd(exists=False), exists=False, seconds=10_000)) is None


def test_end_that_is_gone_leaves_doubt():
    """Where what stood last was taken off, what came behind may have been as well."""
    reply = find_append(rows_of(A), seen(entries_of(Y), QueueEnd(exists=True, number_to=X), seconds=60))

    assert "worked off" in reply.doubt


def test_national_numbers_are_known_by_their_last_digits():
    """What only the server could read stands in the queue in E.164."""
    entries = entries_of(A, B)

    assert told(find_append(rows_of("(212) 555-0010", "212.555.0011"), seen(entries)))[0] == [0, 1]


def test_national_number_in_an_unknown_form_is_skipped_over():
    """A row that only the server could read, and read unexpectedly, does not break the run."""
    entries = entries_of(A, "+12125550098", B, C)

    reply = find_append(rows_of(A, "212 555 0099 ext. 5", B, C), seen(entries))

    assert told(reply) == ([0, 2, 3], [])


def test_same_last_digits_elsewhere_are_another_number():
    """A stranger's number in another area is not taken for ours."""
    assert find_append(rows_of("+12122000007"), seen(entries_of("+16462000007"))) is None


def test_digit_that_comes_and_goes_is_the_same_number():
    """Mexico's mobile 1 is written by some and not by others."""
    assert told(find_append(rows_of("+5215512345678"), seen(entries_of("+525512345678"))))[0] == [0]


def test_repeats_within_a_chunk_keep_their_order():
    """A number that is sent twice on purpose stands there twice."""
    entries = entries_of(A, B, A)

    assert told(find_append(rows_of(A, B, A), seen(entries)))[0] == [0, 1, 2]


def test_entries_of_a_contact_are_what_was_sent():
    """What is compared is the number as it was sent, whatever else a row says."""
    row = Preparer(region="FR", keep_duplicates=False).prepare(0, Contact("06 12 34 56 78", name="Marie"))

    assert row.entry["number"] == "+33612345678"
    assert told(find_append([row], seen(entries_of("+33612345678"))))[0] == [0]
