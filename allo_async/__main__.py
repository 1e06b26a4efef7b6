"""`python -m allo_async`, and the `allo-async` command."""

import signal
import sys


def main() -> None:
    """Run the command, or say how to install what it needs."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Until the command begins, and once it has ended, Ctrl-C has nothing to put in order.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from allo_async.cli.app import app  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.exit(f"the allo-async command needs {error.name}: pip install 'allo-async[cli]'")
    app(ends_process=True)


if __name__ == "__main__":
    main()
