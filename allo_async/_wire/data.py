"""The contents of a 2xx of the other endpoints: an object, a list, a count, or anything else."""

from collections.abc import Callable
from typing import Any, TypeVar

from allo_async._wire.replies import PADDING, Reply, items, mapping, read_json, read_model, unreadable
from allo_async.models import QueueSettings

_Model = TypeVar("_Model")


def read_data(model: type[_Model]) -> Callable[[Reply], _Model]:
    """Return what reads an answer whose `data` is a *model*, and raises `UnreadableReplyError` where it is none."""

    def read(reply: Reply) -> _Model:
        try:
            return read_model(mapping(read_json(reply.body)).get("data"), model)
        except TypeError as error:
            raise unreadable(reply, model.__name__) from error

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
        raise unreadable(reply, "queue") from error


def read_list(model: type[_Model]) -> Callable[[Reply], list[_Model]]:
    """Return what reads an answer whose `data` is a list of *model*, and raises likewise."""

    def read(reply: Reply) -> list[_Model]:
        content = mapping(read_json(reply.body))
        try:
            if isinstance(content.get("data"), list):
                return [read_model(item, model) for item in items(content["data"])]
        except TypeError as error:
            raise unreadable(reply, model.__name__) from error
        raise unreadable(reply, model.__name__)

    return read


def read_removed(reply: Reply) -> int:
    """Read how many numbers a clear removed.

    Raises:
        UnreadableReplyError: It does not say.
    """
    removed = mapping(mapping(read_json(reply.body)).get("data")).get("removed")
    if not isinstance(removed, int):
        raise unreadable(reply, "clear")
    return removed


def read_any(reply: Reply) -> Any:
    """Read any JSON; an empty answer is `None`.

    Raises:
        UnreadableReplyError: It is no JSON.
    """
    content = read_json(reply.body)
    if content is None and reply.body.decode(errors="replace").strip(PADDING) not in {"", "null"}:
        raise unreadable(reply, "request")
    return content
