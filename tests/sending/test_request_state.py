import pytest

from allo_async import errors
from allo_async._sending.verdict import Ending, RequestState, Stage, Timestamp, ending_of

FIRST, SECOND = Timestamp(1.0), Timestamp(2.0)


@pytest.mark.parametrize(
    ("error", "left", "expected"),
    [
        (errors.ConnectionFailedError("x"), False, Ending.UNSENT),
        (errors.TransportError("x"), False, Ending.UNSENT),
        (errors.TransportError("x"), True, Ending.LOST),
        (errors.ConnectionLostError("x"), True, Ending.LOST),
        (errors.AttemptTimeoutError("x"), True, Ending.LOST),
        (errors.DeadlineExceededError("x"), True, Ending.LOST),
        (errors.UnreadableReplyError("x", status=200), True, Ending.UNREADABLE),
        (errors.ReplyTooLargeError("x", status=200), True, Ending.UNREADABLE),
        (errors.BadRequestError("x", status=400, code="BAD"), True, Ending.REFUSED),
        (errors.RateLimitedError("x", status=429, code="RATE_LIMIT_EXCEEDED"), True, Ending.REFUSED),
        (errors.ServerError("x", status=500, code="INTERNAL_SERVER_ERROR"), True, Ending.FAILED),
        (errors.ServerError("x", status=502), True, Ending.GATEWAY_GAVE_UP),
        (errors.ApiError("x", status=408), True, Ending.GATEWAY_GAVE_UP),
        (errors.ApiError("x", status=302), True, Ending.NOT_BY_THE_API),
        (errors.RateLimitedError("x", status=429), True, Ending.NOT_BY_THE_API),
    ],
)
def test_each_failure_has_its_ending(error, left, expected):
    """The API's own words are believed; anything else leaves open what it leaves open."""
    assert ending_of(error, left=left) is expected


@pytest.mark.parametrize("ending", Ending)
def test_doubt_is_never_ended_by_a_later_attempt(ending):
    """An unclear attempt stays unclear, and its moment the first one's, however the next one ends."""
    state = RequestState().after(Ending.LOST, FIRST).after(ending, SECOND)

    assert (state.stage, state.unclear_since, state.may_arrive_since) == (Stage.UNCLEAR, FIRST, FIRST)


def test_key_counts_as_kept_until_an_answer_was_no_2xx():
    """A failure of the API or a gateway's answer makes a replay worth nothing, until a look has settled it."""
    unclear = [ending for ending in Ending if not RequestState().after(ending, FIRST).key_kept]

    assert unclear == [Ending.FAILED, Ending.NOT_BY_THE_API, Ending.GATEWAY_GAVE_UP]
    assert RequestState().after(Ending.FAILED, FIRST).refused(looked=True).key_kept


def test_look_ends_doubt_but_not_the_chance_of_a_late_arrival():
    """An attempt that nobody answered may arrive after the look that did not find it."""
    state = RequestState().after(Ending.LOST, FIRST).refused(looked=True)

    assert (state.stage, state.unclear_since, state.looked) == (Stage.REFUSED, None, True)
    assert state.may_arrive_since == FIRST
    assert RequestState().after(Ending.UNREADABLE, FIRST).may_arrive_since is None
