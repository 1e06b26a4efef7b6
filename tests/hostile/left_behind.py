"""Everything that a run leaves behind, as one text: what is looked through for secrets."""

import pickle
from collections.abc import Iterator


def chain(error):
    """Yield *error* and whatever hangs on it, suppressed or not."""
    waiting, seen = [error], []
    while waiting:
        one = waiting.pop()
        if one is None or any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def frames(error, *, ours) -> Iterator[str]:
    """Yield the locals of each frame of *error*, as an error tracker records them; not those of the test's file."""
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_filename != ours:
            where = f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
            yield from (f"{where}: {name} = {_repr(value)}" for name, value in frame.f_locals.items())
        traceback = traceback.tb_next


def _repr(value) -> str:
    try:
        return repr(value)
    except AttributeError:
        # An object that is half made, as a client is whose settings are refused.
        return repr(vars(value))


def of_error(error, *, ours) -> str:
    """Return all that can be seen of *error*: texts, reprs, attributes, locals, and its pickle."""
    seen = []
    for one in chain(error):
        seen += [str(one), repr(one), repr(one.args), repr(vars(one)), *getattr(one, "__notes__", ())]
        seen += frames(one, ours=ours)
    seen.append(pickle.dumps(error).decode("latin-1"))
    return "\n".join(seen)


def of_files(folder) -> str:
    """Return the content of every file below *folder*."""
    return "\n".join(file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file())


def of_redis(redis) -> str:
    """Return every key of *redis* with its content."""
    dumps = [f"{key!r}: {redis.dump(key)!r}" for key in redis.keys("*")]
    return "\n".join(dumps)
