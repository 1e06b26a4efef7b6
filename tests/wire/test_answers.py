import orjson
import pytest
from multidict import CIMultiDict

from allo_async import QueueSettings, UnreadableReplyError, User
from allo_async._wire.answers import read_page
from allo_async._wire.data import read_any, read_data, read_list, read_removed, read_settings
from allo_async._wire.replies import Reply


def reply(content):
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Reply(200, CIMultiDict(), body, "req_ourownid0001")


@pytest.mark.parametrize("read", [read_page(1, 100), read_removed, read_settings, read_data(User), read_list(User)])
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


def _page(count=3, **odd):
    entries = [{"number_to": f"+1212555001{place}", "position": place} for place in range(count)]
    return {"data": entries, "pagination": {"total_count": 3}, "queue": {}} | odd


def test_page_tells_by_its_count_whether_another_follows():
    """The count and what was asked for tell what a page holds; a queue without an id is none."""
    first, last = read_page(1, 2)(reply(_page(2))), read_page(2, 2)(reply(_page(1)))

    assert [number.position for number in first.numbers()] == [0, 1]
    assert (first.has_more, last.has_more) == (True, False)
    assert (first.state.size, first.state.settings) == (3, None)


CONTRADICTIONS = {
    "entries without a number": _page(data=[{"number_to": None}] * 3),
    "one entry without a number": _page(data=[*_page(2)["data"], {"number": "+12125550012"}]),
    "no entries": _page(data=[]),
    "no list": _page(data=None),
    "too few": _page(2),
    "too many": _page(4),
    "another order": _page(data=_page()["data"][::-1]),
    "a position twice": _page(data=[_page()["data"][0]] * 3),
    "nested": _page(data=[{"entry": entry} for entry in _page()["data"]]),
}


@pytest.mark.parametrize("content", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_page_that_contradicts_itself_is_an_error(content):
    """An entry that is left out and stands in the queue would be taken for a row that did not arrive."""
    with pytest.raises(UnreadableReplyError):
        read_page(1, 100)(reply(content))


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
        read_page(1, 100)(reply(page | odd))
