import orjson
import pytest
from multidict import CIMultiDict

from allo_async import errors
from allo_async._wire.answers import read_append
from allo_async._wire.replies import Reply, api_error, read_added_number


def reply(status, content, **headers):
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Reply(status, CIMultiDict(headers), body, "req_ourownid0001")


DOCUMENTED = [
    (400, "DIALING_QUEUE_LIMIT_REACHED", errors.QueueFullError),
    (400, "VALIDATION_ERROR", errors.BadRequestError),
    (400, "DIALING_QUEUE_DELETE_FILTER_REQUIRED", errors.BadRequestError),
    (401, "API_KEY_INVALID", errors.AuthenticationError),
    (401, "API_KEY_REVOKED", errors.AuthenticationError),
    (401, "UNAUTHORIZED", errors.AuthenticationError),
    (403, "API_KEY_INSUFFICIENT_SCOPE", errors.InsufficientScopeError),
    (403, "API_KEY_TRIAL_NOT_ALLOWED", errors.PermissionDeniedError),
    (403, "FORBIDDEN", errors.PermissionDeniedError),
    (404, "ASSIGNEE_NOT_FOUND", errors.AssigneeNotFoundError),
    (404, "USER_NOT_FOUND", errors.NotFoundError),
    (409, "DIALING_QUEUE_APPEND_CONFLICT", errors.AppendConflictError),
    (409, "OTHER_TRANSACTION_IN_PROGRESS", errors.TransactionInProgressError),
    (409, "IDEMPOTENCY_KEY_REUSE", errors.IdempotencyKeyReuseError),
    (409, "SOMETHING_NEW", errors.ConflictError),
    (413, "BATCH_TOO_LARGE", errors.RequestTooLargeError),
    (400, "BATCH_TOO_LARGE", errors.RequestTooLargeError),
    (422, "SOMETHING_NEW", errors.BadRequestError),
    (429, "RATE_LIMIT_EXCEEDED", errors.RateLimitedError),
    (500, "INTERNAL_SERVER_ERROR", errors.ServerError),
    (503, None, errors.ServerError),
    (418, None, errors.ApiError),
]


@pytest.mark.parametrize(("status", "code", "expected"), DOCUMENTED)
def test_each_code_has_its_class(status, code, expected):
    """Every documented status and code yields its own class, with code, message and request id."""
    content = {"error": {"code": code, "message": "As documented.", "request_id": "req_theirs000001"}}

    error = api_error(reply(status, content), now=0.0)

    assert (expected, status, code) == (type(error), error.status, error.code)
    assert (error.message, error.request_id) == ("As documented.", "req_theirs000001")
    assert "As documented." in str(error)
    assert "req_theirs000001" in str(error)


def test_whole_envelope_is_kept():
    """Every field of the error envelope can be read on the error."""
    envelope = {
        "type": "validation_error",
        "code": "VALIDATION_ERROR",
        "message": "Two fields are wrong.",
        "retryable": False,
        "request_id": "req_abcdefghijkl",
        "doc_url": "https://docs.example/errors",
        "param": "numbers",
        "suggestion": "Mend them.",
        "errors": [{"field": "numbers[3].number", "code": "REQUIRED", "message": "is required"}, "noise"],
        "retry_after_seconds": None,
    }

    error = api_error(reply(400, {"error": envelope}), now=0.0)

    told = (error.type, error.retryable, error.doc_url, error.param, error.suggestion, error.retry_after)
    assert told == ("validation_error", False, "https://docs.example/errors", "numbers", "Mend them.", None)
    assert error.errors[0] == errors.FieldError("numbers[3].number", "REQUIRED", "is required")
    assert "numbers[3].number: is required" in str(error)
    assert "Mend them." in str(error)


@pytest.mark.parametrize("content", [b"<html>Bad gateway</html>", b"", b"[]", b'{"error": "no"}', b'{"error": null}'])
def test_answer_without_envelope_is_an_api_error_all_the_same(content):
    """A proxy's HTML, an empty body or foreign JSON still yields the error of its status."""
    error = api_error(reply(502, content, **{"Content-Type": "text/html; charset=utf-8"}), now=0.0)

    assert (errors.ServerError, None) == (type(error), error.code)
    assert error.request_id == "req_ourownid0001"
    assert "text/html" in str(error)


def test_redirect_says_what_to_check():
    """A redirect is an error that points to the base URL."""
    assert "base URL" in str(api_error(reply(302, b""), now=0.0))


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b'{"data": {"added": [', b"{}", b'{"data": []}', b'{"data": {}}', b"null"]
)
def test_unreadable_success_is_an_error(content):
    """A 2xx that is not an append's answer is not taken for one."""
    with pytest.raises(errors.UnreadableReplyError) as caught:
        read_append(reply(200, content))

    assert (caught.value.status, caught.value.request_id) == (200, "req_ourownid0001")


def test_entries_without_a_number_are_left_out():
    """A malformed entry costs only itself."""
    content = {"data": {"added": [{"number_to": "+1"}, {"position": 3}, None, 7], "skipped": [{"number": None}]}}

    read = read_append(reply(200, content))

    assert (list(read.added), list(read.skipped)) == ([{"number_to": "+1"}], [])


def test_odd_field_costs_no_row():
    """Half a pair of surrogates, an endless number and a byte order mark leave every row of an answer settled."""
    entries = b'{"number_to": "+1", "position": 3, "name": "\\udc00", "x": 1%s}, {"number_to": "+2", "y": NaN}' % (
        b"0" * 400
    )

    read = read_append(reply(200, b'\xef\xbb\xbf{"data": {"added": [%s], "skipped": []}}' % entries))

    assert list(read.added) == [
        {"number_to": "+1", "position": 3, "name": "\ufffd", "x": None},
        {"number_to": "+2", "y": None},
    ]


def test_unknown_fields_and_values_pass_through():
    """What this version does not know, or cannot read, stays readable as it came."""
    entry = {
        "number_to": "+12125550010",
        "position": 4,
        "created_at": "2026-04-30T10:00:00",
        "updated_at": "yesterday",
        "call_id": 17,
        "routing_result": "TELEPATHY",
        "call_status": {"is": "new"},
        "index": "theirs",
        "voicemail_left": None,
    }

    number = read_added_number(entry, 9)

    assert (number.index, number.position, number.routing_result) == (9, 4, "TELEPATHY")
    assert number.created_at is not None
    assert (number.created_at.isoformat(), number.updated_at, number.call_id) == ("2026-04-30T10:00:00", None, None)
    assert number.extra == {
        "updated_at": "yesterday",
        "call_id": 17,
        "call_status": {"is": "new"},
        "index": "theirs",
    }
