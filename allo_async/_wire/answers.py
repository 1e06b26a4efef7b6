"""What a 2xx says, endpoint by endpoint."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from allo_async import errors
from allo_async._wire.converter import read_model
from allo_async._wire.decoding import PADDING, read_json
from allo_async._wire.replies import Reply, items, mapping
from allo_async.models import QueueNumber, QueueSettings, QueueState

_Model = TypeVar("_Model")


@attrs.frozen
class AppendReply:
    """The two lists of an append's answer; an entry that has no number is left out.

    Attributes:
        added: Entries with at least a string `number_to`.
        skipped: Entries with at least a string `number`.
        recovered: Whether it is the answer to an earlier attempt, whose own was lost.
        doubt: Why a row that it does not mention is in doubt.
    """

    added: Sequence[Mapping[str, Any]]
    skipped: Sequence[Mapping[str, Any]]
    recovered: bool = False
    doubt: str = "the server's answer does not mention this row"


@attrs.frozen
class QueuePage:
    """A page of a queue.

    Attributes:
        entries: As they came; one without a number is left out.
        state: The queue as a whole.
        has_more: Whether another page follows.
        date: The reply's `Date`.
    """

    entries: Sequence[Mapping[str, Any]]
    state: QueueState
    has_more: bool
    date: str | None = None

    def numbers(self) -> Iterator[QueueNumber]:
        """Read the entries."""
        return (read_model(entry, QueueNumber) for entry in self.entries)


def read_append(reply: Reply) -> AppendReply:
    """Read an append's answer.

    Raises:
        UnreadableReplyError: It is not the JSON that the API documents.
    """
    data = mapping(mapping(read_json(reply.body)).get("data"))
    if not {"added", "skipped"} & data.keys():
        raise _unreadable(reply, "append")
    return AppendReply(
        added=_entries(data.get("added"), "number_to"),
        skipped=_entries(data.get("skipped"), "number"),
        recovered=reply.headers.get("Idempotency-Replayed", "").lower() == "true",
    )


def read_page(reply: Reply) -> QueuePage:
    """Read a page of `GET /current`; a user without a queue has an empty one.

    Raises:
        UnreadableReplyError: It is not the JSON that the API documents.
    """
    content = mapping(read_json(reply.body))
    pagination = mapping(content.get("pagination"))
    total = pagination.get("total_count")
    if not isinstance(total, int):
        raise _unreadable(reply, "queue")
    queue = content.get("queue")
    return QueuePage(
        entries=_entries(content.get("data"), "number_to"),
        state=QueueState(total, read_model(queue, QueueSettings) if mapping(queue).get("id") else None),
        has_more=pagination.get("has_more") is True,
        date=reply.headers.get("Date"),
    )


def read_data(model: type[_Model]) -> Callable[[Reply], _Model]:
    """Give what reads an answer whose `data` is a *model*, and raises `UnreadableReplyError` where it is none."""

    def read(reply: Reply) -> _Model:
        try:
            return read_model(mapping(read_json(reply.body)).get("data"), model)
        except TypeError as error:
            raise _unreadable(reply, model.__name__) from error

    return read


def read_settings(reply: Reply) -> QueueSettings:
    """Read the queue that a reset or an update answers with; its numbers are read page by page instead.

    Raises:
        UnreadableReplyError: It is none.
    """
    queue = dict(mapping(mapping(read_json(reply.body)).get("data")))
    queue.pop("numbers", None)
    try:
        return read_model(queue, QueueSettings)
    except TypeError as error:
        raise _unreadable(reply, "queue") from error


def read_list(model: type[_Model]) -> Callable[[Reply], list[_Model]]:
    """Give what reads an answer whose `data` is a list of *model*, and raises likewise."""

    def read(reply: Reply) -> list[_Model]:
        content = mapping(read_json(reply.body))
        try:
            if isinstance(content.get("data"), list):
                return [read_model(item, model) for item in items(content["data"])]
        except TypeError as error:
            raise _unreadable(reply, model.__name__) from error
        raise _unreadable(reply, model.__name__)

    return read


def read_removed(reply: Reply) -> int:
    """Read how many numbers a clear removed.

    Raises:
        UnreadableReplyError: It does not say.
    """
    removed = mapping(mapping(read_json(reply.body)).get("data")).get("removed")
    if not isinstance(removed, int):
        raise _unreadable(reply, "clear")
    return removed


def read_any(reply: Reply) -> Any:
    """Read any JSON; an empty answer is `None`.

    Raises:
        UnreadableReplyError: It is no JSON.
    """
    content = read_json(reply.body)
    if content is None and reply.body.decode(errors="replace").strip(PADDING) not in {"", "null"}:
        raise _unreadable(reply, "request")
    return content


def _unreadable(reply: Reply, what: str) -> errors.UnreadableReplyError:
    return errors.UnreadableReplyError(
        f"a {reply.status} that is not the answer to a {what} request ({len(reply.body)} bytes)",
        status=reply.status,
        request_id=reply.request_id,
    )


def _entries(value: object, number_field: str) -> list[Mapping[str, Any]]:
    found = (mapping(item) for item in items(value))
    return [entry for entry in found if isinstance(entry.get(number_field), str)]
