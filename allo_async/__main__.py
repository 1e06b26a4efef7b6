"""`python -m allo_async`, and the `allo-async` command."""

import sys

from allo_async._command_start import let_ctrl_c_end_it


def main() -> None:
    """Run the command, or say how to install what it needs."""
    let_ctrl_c_end_it()
    try:
        from allo_async.cli.app import app  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.exit(f"the allo-async command needs {error.name}: pip install 'allo-async[cli]'")
    app(ends_process=True)


if __name__ == "__main__":
    main()
