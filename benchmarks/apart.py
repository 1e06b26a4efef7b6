"""Work in a process of its own, so that nothing of what was done before is in its memory."""

import contextlib
import multiprocessing
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")


def apart(work: Callable[_Parameters, _Returned], *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Returned:
    """Run a module's function in a new process, and return what it returns; raise what it raises."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


@contextlib.contextmanager
def served(serve: Callable[..., None], *args: object) -> Generator[str]:
    """Run a server in a new process, and yield its URL on loopback.

    Args:
        serve: A module's function; called with *args* and with a pipe to which it sends the port once it listens.
        args: What it is called with.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(*args, there), daemon=True)
    process.start()
    # Left open here, it would keep `recv` waiting for a server that died.
    there.close()
    port: int = here.recv()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()
