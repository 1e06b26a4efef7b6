"""The command's front door: nothing leaves through it as a traceback, and nothing obeys what a text says."""

import errno
import functools
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from allo_async.cli.exit_code import ExitCode
from allo_async.cli.inert import inert
from allo_async.cli.logs import last_words
from allo_async.cli.signals import ending_at_once, exit_code, first_signal, ignore_for_good
from allo_async.cli.terminal import ERR, OUT, tolerate_every_encoding

# The narrowest width for help.
_LEAST_WIDTH = 40

_READER_GONE = {errno.EPIPE, errno.EIO}


class Door(TyperGroup):
    """The command as a whole: it turns whatever ends a run into one line and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        *,
        ends_process: bool = False,
        **extra: Any,
    ) -> Any:
        """Run the command, and exit with its code unless *standalone_mode* is off.

        With *ends_process*, nothing comes after it in the process, and no signal replaces its exit code.
        """
        tolerate_every_encoding()
        _widen()
        given = list(sys.argv[1:] if args is None else args)
        run = functools.partial(
            super().main, given, prog_name, complete_var, standalone_mode=False, windows_expand_args=windows_expand_args
        )

        def ended(code: int) -> int:
            if ends_process:
                ignore_for_good()
            return code

        try:
            with ending_at_once(), last_words(ERR):
                code = ended(_delivered(_code(lambda: run(**extra), given)))
        except KeyboardInterrupt:
            # A signal came before the run, or after it was told.
            code = ended(exit_code())
        if not standalone_mode:
            return code
        sys.exit(code)

    def make_context(self, info_name: str | None, *args: Any, **extra: Any) -> Any:
        """Make the context that help is printed of, with the program's name inert: the maker of a link chose it."""
        return super().make_context(None if info_name is None else inert(info_name), *args, **extra)


def _widen() -> None:
    """Return a width in which help can be printed, whatever `COLUMNS` says."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) < _LEAST_WIDTH:
        os.environ["COLUMNS"] = str(_LEAST_WIDTH)


def _code(run: Callable[[], object], args: Sequence[str]) -> int:
    """Run the command, and return its exit code, once it is told what went wrong."""
    try:
        code = run()
    except typer.TyperException as error:
        return _wrong_usage(error)
    except typer.Abort:
        ERR.say("Nothing was done.")
        return _unless_signalled(ExitCode.ERROR)
    except KeyboardInterrupt:
        return exit_code()
    except Exception as error:  # noqa: BLE001 - this is where it is told
        return _failed(error, verbose=not {"--verbose", "-v"}.isdisjoint(args))
    if code == ExitCode.INTERRUPTED:
        # Typer calls every interrupt so.
        return exit_code()
    return code if isinstance(code, int) else ExitCode.OK


def _wrong_usage(error: typer.TyperException) -> int:
    # A message that concerns no single option says all by itself.
    told = (
        error.format_message() if getattr(error, "param", None) is not None else error.message or error.format_message()
    )
    if told:
        context = getattr(error, "ctx", None)
        ERR.say("Wrong usage: ", told, style="red")
        ERR.say(f"See: {inert(context.command_path)} --help" if context is not None else "See: allo-async --help")
    return int(error.exit_code)


def _failed(error: Exception, *, verbose: bool) -> int:
    from allo_async.cli.wording import sentence  # noqa: PLC0415 - help does without it
    from allo_async.errors import AlloError  # noqa: PLC0415 - help does without it

    ERR.say(sentence(error), style="red")
    if verbose and not isinstance(error, AlloError | OSError):
        ERR.show_traceback(error)
    return _unless_signalled(ExitCode.ERROR)


def _unless_signalled(code: int) -> int:
    """Return *code*, or that of a signal: what it has broken, such as a question or a terminal, is no failure."""
    return code if first_signal() is None else exit_code()


def _delivered(code: int) -> int:
    """Return *code*, unless nobody got the answer that it is of."""
    lost, _ = OUT.lost, ERR.lost
    if lost is None or code != ExitCode.OK:
        return code
    if lost.errno not in _READER_GONE:
        ERR.say(f"The output cannot be written: {lost.strerror}", style="red")
    return ExitCode.ERROR
