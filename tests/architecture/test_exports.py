import importlib
import inspect
import pkgutil

import allo_async
from allo_async import errors, models


def test_all_is_true():
    """Every name in `__all__` exists, and stands there once."""
    assert len(set(allo_async.__all__)) == len(allo_async.__all__)
    assert [name for name in allo_async.__all__ if not hasattr(allo_async, name)] == []


def test_everything_public_is_exported():
    """Every error and every model can be had from `allo_async` alone."""
    kinds = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}
    public = kinds | set(models.__all__)

    assert public - set(allo_async.__all__) == set()


def test_every_error_is_in_the_tree():
    """Whatever exception class the package makes public descends from AlloError."""
    exported = [getattr(allo_async, name) for name in allo_async.__all__]

    classes = [kind for kind in exported if inspect.isclass(kind) and issubclass(kind, Exception)]
    assert [kind for kind in classes if not issubclass(kind, errors.AlloError)] == []


def test_public_callables_are_documented():
    """Every public class and each of its public methods has a docstring."""
    undocumented = []
    for name in allo_async.__all__:
        thing = getattr(allo_async, name)
        if not inspect.isclass(thing):
            continue
        members = [thing, *(m for n, m in vars(thing).items() if inspect.isfunction(m) and not n.startswith("_"))]
        undocumented += [member.__qualname__ for member in members if not member.__doc__]

    assert undocumented == []


def test_every_module_says_its_concept():
    """Each module of the package begins with a docstring."""
    names = [module.name for module in pkgutil.walk_packages(allo_async.__path__, "allo_async.")]

    silent = [name for name in names if not name.endswith("__main__") and not importlib.import_module(name).__doc__]
    assert silent == []
