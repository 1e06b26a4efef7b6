"""Work in a process of its own, so that nothing of what was done before is in its memory."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")


def apart(work: Callable[_Parameters, _Returned], *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Returned:
    """Run a module's function in a new process, and return what it returns; raise what it raises."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()
