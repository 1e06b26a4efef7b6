"""What a queue that was read back says of a chunk whose answer was lost."""

import attrs
import pytest

from allo_async import Contact
from allo_async._loading.load_log import BY_CLIENT
from allo_async._loading.prepare import Preparer
from allo_async._loading.reconcile import QueueSnapshot, ServerTimes, find_append
from allo_async._sending.verdict import Timestamp
from allo_async._wire.answers import ClockReading, KnownEnd, QueueEnd, seconds_of

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


def seen(entries, end=None, *, exists=True, seconds=None, **more):
    return QueueSnapshot(end or QueueEnd(exists=True), exists, entries, seconds, **more)


def unknown(entries, *, seconds=None):
    return QueueSnapshot(None, exists=True, entries=entries, seconds=seconds)


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


def test_numbers_in_a_queue_whose_end_is_gone_are_in_doubt():
    """What stood last was called or cleared away: nothing tells whether the numbers came before it or after."""
    gone = QueueEnd(exists=True, number_to=X, position=7)

    reply = find_append(rows_of(A, B), seen(entries_of(A, B), gone, seconds=60))

    assert told(reply) == ([], [])
    assert "may have stood there before" in reply.doubt


def test_others_may_write_around_the_chunk():
    """What strangers added before and behind does not matter."""
    entries = entries_of(X, Y, A, B, C, Z)

    assert told(find_append(rows_of(A, B, C), seen(entries, end_at(entries, 0))))[0] == [2, 3, 4]


def test_rows_that_the_server_must_have_skipped():
    """One that stood there before is skipped as this client knows; of one that is no number, nobody gave a reason."""
    entries = entries_of(B, A, C)

    reply = find_append(rows_of(A, INVALID, B, C), seen(entries, end_at(entries, 0)))

    assert told(reply) == ([1, 2], [(B, "ALREADY_QUEUED")])
    assert reply.skipped[0][BY_CLIENT]
    assert "not this row" in reply.doubt


def test_nobody_knows_how_the_queue_ended():
    """Without any end, the chunk's numbers are in doubt where they stand there, and did not land where they do not."""
    assert "may have stood there before" in find_append(rows_of(A, B), unknown(entries_of(A, B))).doubt
    assert find_append(rows_of(A, B), unknown(entries_of(X, Y))) is None
    assert "worked off" in find_append(rows_of(A, B), unknown(entries_of(X, Y), seconds=60)).doubt


def test_queue_that_was_reset_leaves_doubt():
    """Another queue than before tells nothing of a batch that went to the one before, even if that was empty."""
    for end in (QueueEnd(exists=True, queue_id="pdl_1"), QueueEnd(exists=True, number_to=X, queue_id="pdl_1")):
        assert "worked off" in find_append(rows_of(A), seen([], end, queue_id="pdl_2")).doubt
        assert told(find_append(rows_of(A), seen(entries_of(X, A), end, queue_id="pdl_2"))) == ([], [])


def test_queue_that_was_moved_away_leaves_doubt():
    """There was a queue and there is none: somebody has given it to another rep."""
    assert "worked off" in find_append(rows_of(A), seen([], QueueEnd(exists=True), exists=False)).doubt


def test_two_entries_that_look_like_the_end():
    """Its number came twice in one second: if entries were taken off, nothing tells which of the two it was."""
    entries = [{"number_to": X, "created_at": "2026-11-24T10:00:00"} for _ in range(2)]
    end = QueueEnd(exists=True, number_to=X, created_at="2026-11-24T10:00:00", position=2)

    assert "worked off" in find_append(rows_of(A), seen(entries, end)).doubt
    assert find_append(rows_of(A), seen(entries, attrs.evolve(end, position=1))) is None


def test_same_list_twice_behind_the_end_is_in_doubt():
    """A colleague appended the same numbers meanwhile: nothing tells which entries are ours, or that any are."""
    entries = entries_of(X, A, B, A, B)

    assert "more than once" in find_append(rows_of(A, B), seen(entries, end_at(entries, 0))).doubt


def times(looked, began):
    start = seconds_of("2026-11-24T10:00:00")
    return ServerTimes(start + looked, start + began, start + began + 1)


def test_what_was_made_before_the_first_attempt_is_not_ours():
    """Dates tell a colleague's entries from ours where both stand behind the end."""
    entries = entries_of(X, A, B)

    assert find_append(rows_of(A, B), seen(entries, end_at(entries, 0), times=times(0, 3))) is None
    assert told(find_append(rows_of(A, B), seen(entries, end_at(entries, 0), times=times(0, 1.5))))[0] == [1, 2]
    again = entries_of(X, A, B, A, B)
    assert told(find_append(rows_of(A, B), seen(again, end_at(again, 0), times=times(0, 3))))[0] == [3, 4]


def test_half_a_run_that_reaches_beyond_what_is_older_is_in_doubt():
    """A colleague's rows, the first of them surely older, are not a batch of ours that lost its first row."""
    entries = entries_of(X, A, B, C)

    reply = find_append(rows_of(A, B, C), seen(entries, end_at(entries, 0), times=times(0, 2)))

    assert told(reply) == ([], [])
    assert "not as this append" in reply.doubt


@pytest.mark.parametrize("date", [None, "yesterday", 7, "2026-11-24T05:00:00"])
def test_dates_that_cannot_be_believed_leave_it_to_the_position(date):
    """An entry behind the end cannot be hours older than it: that clock is another."""
    entries = [entries_of(X)[0], {"number_to": A, "position": 1, "created_at": date}]

    assert told(find_append(rows_of(A), seen(entries, end_at(entries, 0), times=times(0, 60))))[0] == [1]


@pytest.mark.parametrize(("began", "landed"), [(None, False), (1.0, False), (-1.0, True)])
def test_called_entries_are_ours_only_if_they_are_surely_of_now(began, landed):
    """Whoever queued the numbers has called them: in the second in which ours left, nothing tells them apart."""
    entries = [dict(entry, call_id="cll-1") if entry["number_to"] == A else entry for entry in entries_of(X, A, B)]
    moments = None if began is None else times(-2, began)

    reply = find_append(rows_of(A, B), seen(entries, end_at(entries, 0), times=moments))

    assert told(reply)[0] == ([1, 2] if landed else [])
    assert landed or "were called" in reply.doubt


def test_entries_that_were_all_called_are_anybodys():
    """A colleague who queues and calls the same numbers does so after our first attempt, too."""
    entries = [dict(entry, call_id="cll-1") for entry in entries_of(X, A)]

    reply = find_append(rows_of(A), seen(entries, end_at(entries, 0), times=times(-2, -1)))

    assert told(reply) == ([], [])
    assert "were called" in reply.doubt


def test_call_before_the_first_attempt_was_not_of_our_entry():
    """Dates of calls tell as much as those of entries."""
    entries = [entries_of(X)[0], {"number_to": A, "call_start_date": "2026-11-24T10:00:05"}]

    assert find_append(rows_of(A), seen(entries, end_at(entries, 0), times=times(0, 7))) is None


def test_moments_are_told_by_the_clock_that_dates_entries():
    """A reading says what that clock shows at any moment of ours, within what the reading itself took."""
    reading = ClockReading.of_entries(entries_of(A), earliest=100.0, latest=102.0)
    known = KnownEnd(QueueEnd(exists=True), 102.0, reading)
    start = seconds_of("2026-11-24T10:00:00")

    assert ServerTimes.of(known, Timestamp(0.0, 110.0)) == ServerTimes(start, start + 8, start + 11)
    assert ServerTimes.of(known, Timestamp(0.0)) is None
    assert ServerTimes.of(None, Timestamp(0.0, 1.0)) is None
    assert ServerTimes.of(KnownEnd(QueueEnd(exists=True), 1.0), Timestamp(0.0, 1.0)) is None


def test_clock_is_read_from_what_a_reply_says():
    """`Date` allows for the skew of two clocks; what cannot be read is no reading."""
    header = ClockReading.of_header("Tue, 24 Nov 2026 10:00:00 GMT", earliest=1.0, latest=2.0)

    assert header.at == seconds_of("2026-11-24T10:00:00Z") == seconds_of("2026-11-24T10:00:00")
    assert header.at_least(2.0) < header.at < header.at_most(1.0)
    assert ClockReading.of_header(None, earliest=1.0, latest=2.0) is None
    assert ClockReading.of_header("soon", earliest=1.0, latest=2.0) is None
    assert ClockReading.of_entries([{"number_to": A}], earliest=1.0, latest=2.0) is None


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
