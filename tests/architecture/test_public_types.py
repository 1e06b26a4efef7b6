"""Whatever a caller is given or may pass is of a type that the caller can name."""

import importlib
import inspect
import types
import typing

PUBLIC = [
    "allo_async",
    *(f"allo_async.{name}" for name in ("events", "file", "otel", "redis", "sandbox", "testing", "worker")),
]


def public_things():
    """Return each public thing by the name that a caller imports."""
    for module in map(importlib.import_module, PUBLIC):
        names = getattr(module, "__all__", None) or [
            name
            for name, thing in vars(module).items()
            if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
        ]
        yield from ((f"{module.__name__}.{name}", getattr(module, name)) for name in names)


def classes_in(hint):
    """Return the classes that a type hint names, those of its arguments included."""
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        yield hint
    for argument in typing.get_args(hint):
        yield from (
            classes_in(argument)
            if not isinstance(argument, list)
            else (kind for each in argument for kind in classes_in(each))
        )


def hints_of(kind):
    """Return the hints of a class's public attributes, methods and properties, by name."""
    yield from ((name, hint) for name, hint in typing.get_type_hints(kind).items() if not name.startswith("_"))
    for owner in kind.__mro__:
        if not owner.__module__.startswith("allo_async"):
            continue
        for name, member in vars(owner).items():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            # A class that callers make says what it is made of.
            made = name == "__init__" and "Args:" in (kind.__doc__ or "")
            if inspect.isfunction(function) and (made or not name.startswith("_")):
                yield from ((f"{name}.{part}", hint) for part, hint in typing.get_type_hints(function).items())


def test_public_values_are_of_public_types():
    """No public method, property or attribute has a class of the package in its hints that is not public."""
    public = {thing for _, thing in public_things() if isinstance(thing, type)}

    private = sorted(
        f"{name}.{where}: {kind.__qualname__}"
        for name, thing in public_things()
        if isinstance(thing, type)
        for where, hint in hints_of(thing)
        for kind in classes_in(hint)
        if kind.__module__.startswith("allo_async") and kind not in public
    )

    assert private == []
