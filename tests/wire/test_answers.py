import orjson
import pytest
from multidict import CIMultiDict

from allo_async import QueueSettings, UnreadableReplyError, User
from allo_async._wire.answers import read_any, read_data, read_list, read_page, read_removed, read_settings
from allo_async._wire.replies import Reply


def reply(content):
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Reply(200, CIMultiDict(), body, "req_ourownid0001")


@pytest.mark.parametrize("read", [read_page, read_removed, read_settings, read_data(User), read_list(User)])
@pytest.mark.parametrize(
    "content", [b"", b"<html>", b'{"data":', b"[]", {}, {"data": None}, {"data": [5]}, {"data": {}}]
)
def test_answers_that_make_no_sense_are_errors(read, content):
    """A 2xx that is not what the endpoint documents is never taken for an answer."""
    with pytest.raises(UnreadableReplyError, match="req_ourownid0001"):
        read(reply(content))


@pytest.mark.parametrize(
    ("content", "expected"), [(b"", None), (b"null", None), (b" ", None), ({"a": [1]}, {"a": [1]})]
)
def test_any_json_is_an_answer(content, expected):
    """An empty answer is None, JSON is itself."""
    assert read_any(reply(content)) == expected
    with pytest.raises(UnreadableReplyError):
        read_any(reply(b"<html>"))


def test_page_leaves_out_what_has_no_number():
    """A malformed entry costs only itself, and a queue without an id is none."""
    page = read_page(
        reply(
            {
                "data": [{"position": 1}, {"number_to": "+1", "position": 2}],
                "pagination": {"total_count": 2},
                "queue": {},
            }
        )
    )

    assert [number.position for number in page.numbers()] == [2]
    assert (page.state.size, page.state.settings, page.has_more) == (2, None, False)


def test_models_keep_what_they_do_not_know():
    """Unknown fields and unreadable values stay on every model, under their own names."""
    user = read_data(User)(reply({"data": {"id": "usr-1", "role": "OVERLORD", "email": 5, "shoe_size": 46}}))
    settings = read_settings(
        reply({"data": {"id": "pdl_1", "voicemail_handling": "MAYBE", "numbers": [], "mood": "x"}})
    )

    assert (user.role, user.email, user.extra) == ("OVERLORD", None, {"email": 5, "shoe_size": 46})
    assert settings == QueueSettings(id="pdl_1", voicemail_handling="MAYBE", extra={"mood": "x"})


@pytest.mark.parametrize(
    "odd", [{"queue": {"id": 7}}, {"pagination": {"total_count": -1}}, {"pagination": {"total_count": True}}]
)
def test_page_that_counts_or_names_its_queue_oddly_is_an_error(odd):
    """A count below zero, or a queue whose id is no text, is not what the API documents."""
    page = {"data": [], "pagination": {"total_count": 0, "has_more": False}, "queue": None}

    with pytest.raises(UnreadableReplyError):
        read_page(reply(page | odd))
