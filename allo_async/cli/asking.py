"""How the small commands ask the API: one client, one coroutine, errors as one line."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from allo_async import AlloClient, AlloError
from allo_async.cli.report import ExitCode

_Answer = TypeVar("_Answer")


def ask(question: Callable[[AlloClient], Awaitable[_Answer]]) -> _Answer:
    """Run *question* with a client whose key and base URL come from the environment.

    Raises:
        typer.Exit: The API said no; it was told on standard error.
    """

    async def asked() -> _Answer:
        async with AlloClient() as allo:
            return await question(allo)

    return answered(asked())


def answered(question: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Run *question*, and tell an error in one line.

    Raises:
        typer.Exit: It raised one that is no mistake of the program's; it was told on standard error.
    """
    try:
        return asyncio.run(question)
    except (AlloError, OSError) as error:
        Console(stderr=True).print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        raise typer.Exit(ExitCode.ERROR) from error
