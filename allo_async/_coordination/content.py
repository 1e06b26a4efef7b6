"""The shared state as bytes, for a file or a server."""

from cattrs import BaseValidationError
from cattrs.preconf.orjson import make_converter

from allo_async._coordination.state import State

_json = make_converter(omit_if_default=True)


def encode(state: State) -> bytes:
    """Return the bytes of *state*."""
    return _json.dumps(state)


def decode(content: bytes) -> State:
    """Read a state; an empty one where a process died while it wrote, or another version has written."""
    try:
        return _json.loads(content, State)
    except (BaseValidationError, ValueError, TypeError):
        return State()
