import inspect
import pickle
import re

import pytest

from allo_async import AppendResult, Contact, PendingContact, errors

PLAIN = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.AlloError) and not issubclass(kind, errors.ApiError | errors.UnreadableReplyError)
]
WITH_STATUS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.ApiError | errors.UnreadableReplyError)
]


def made(kind):
    more = {"status": 400} if kind in WITH_STATUS else {"index": 3} if kind is errors.InputChangedError else {}
    error = kind("It went wrong.", **more)
    error.result = AppendResult(pending=[PendingContact(index=7, contact=Contact("+12125550010", name="Zoe"))])
    return error


@pytest.mark.parametrize("kind", PLAIN + WITH_STATUS)
def test_every_error_pickles(kind):
    """An error that crosses a process boundary arrives whole, result included."""
    error = made(kind)

    revived = pickle.loads(pickle.dumps(error))

    assert (type(error), str(error), error.__dict__) == (type(revived), str(revived), revived.__dict__)
    assert revived.result == error.result


@pytest.mark.parametrize("kind", PLAIN + WITH_STATUS)
def test_every_error_says_where_the_rows_are(kind):
    """The message counts the rows by fate and shows neither a number nor a name."""
    error = made(kind)

    for text in (str(error), repr(error)):
        assert "It went wrong." in text
        assert "1 rows: 0 added, 0 skipped, 1 pending, 0 in doubt" in text
        assert "2125550010" not in text
        assert "Zoe" not in text


def test_numbers_quoted_by_the_api_are_not_printed():
    """A phone number inside the API's own message is masked in print and kept in `.message`."""
    error = errors.BadRequestError("The phone number '+33612345678' is no good, nor 0612345678.", status=400)

    assert "612345678" not in str(error)
    assert "612345678" not in repr(error)
    assert "+33612345678" in error.message


def test_request_ids_stay_readable():
    """What looks like a number inside an id is part of the id."""
    assert "req_12345678abcd" in str(errors.ServerError("No.", status=500, request_id="req_12345678abcd"))


HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\nnext line\u202e\u2028\x9b31m\ud800"


def test_words_from_outside_are_inert():
    """No control character, escape sequence or line break of a server reaches a terminal or a log."""
    error = errors.BadRequestError(
        HOSTILE,
        status=400,
        code=HOSTILE,
        request_id=f"req_{HOSTILE}",
        suggestion=HOSTILE,
        errors=(errors.FieldError(field=HOSTILE, message=HOSTILE),),
    )

    for text in (str(error), repr(error), error.request_id, str(errors.TransportError(HOSTILE, request_id=HOSTILE))):
        assert text.isprintable()
        assert text.encode()
    assert r"\x1b[2J" in str(error)
    assert errors.ServerError("No.", status=500, request_id="\x1b\n").request_id is None


@pytest.mark.parametrize("unit", ["r", "+1 ()", "+1 ", "+1" + " ()" * 100, "2125550010", "\x1b"])
def test_long_words_from_outside_are_cut(unit):
    """A message of megabytes costs no time and no log its room, and the request id stays in sight."""
    long = unit * (3_000_000 // len(unit))
    fields = tuple(errors.FieldError(field=f"numbers[{at}].number", message=long) for at in range(1_000))
    error = errors.BadRequestError(
        long, status=400, code=long, suggestion=long, errors=fields, request_id="req_abcdefghijkl"
    )
    named = errors.ServerError("No.", status=500, request_id=long)

    assert len(str(error)) < 10_000
    assert "req_abcdefghijkl" in str(error)
    assert "980 more" in str(error)
    assert len(named.request_id or "") <= 200
    assert "2125550010" not in str(error)


def test_standard_bases_still_catch():
    """Whoever catches TimeoutError, ConnectionError or ValueError catches ours too."""
    assert issubclass(errors.AttemptTimeoutError, TimeoutError)
    assert issubclass(errors.DeadlineExceededError, TimeoutError)
    assert issubclass(errors.ConnectionLostError, ConnectionError)
    assert issubclass(errors.InvalidTeammateError, ValueError)
    assert issubclass(errors.MissingApiKeyError, ValueError)


def test_tree_in_the_docstring_is_the_tree():
    """Every class is drawn in the module's docstring."""
    drawn = errors.__doc__ or ""

    assert [kind.__name__ for kind in PLAIN + WITH_STATUS if not re.search(rf"\b{kind.__name__}\b", drawn)] == []
