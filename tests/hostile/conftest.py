from tests.cli.conftest import _run, _sandbox

__all__ = ["_run", "_sandbox"]
