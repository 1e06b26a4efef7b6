"""How the small commands ask the API: one client, one coroutine, errors as one line."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import typer

from allo_async import AlloClient, AlloError
from allo_async.cli.cancelling import run
from allo_async.cli.exit_code import ExitCode
from allo_async.cli.terminal import ERR
from allo_async.cli.wording import sentence

_Answer = TypeVar("_Answer")


def ask(question: Callable[[AlloClient], Awaitable[_Answer]], *, rep: str | None = None) -> _Answer:
    """Run *question* with a client whose key, base URL and proxy come from the environment.

    Args:
        question: The question.
        rep: Whose queue it is about.

    Raises:
        typer.Exit: The API said no; it was told on standard error.
    """

    async def asked() -> _Answer:
        async with AlloClient(trust_env=True) as allo:
            return await question(allo)

    return answered(asked(), rep=rep)


def answered(question: Coroutine[Any, Any, _Answer], *, rep: str | None = None) -> _Answer:
    """Run *question*, and tell an error in one line.

    Raises:
        typer.Exit: It raised one that is no mistake of the program's; it was told on standard error.
    """
    try:
        return run(question)
    except (AlloError, OSError) as error:
        ERR.say(sentence(error, rep=rep), style="red")
        raise typer.Exit(ExitCode.ERROR) from error
