"""The options as `help()`, an editor and a type checker show them."""

import inspect
import re
import typing

import pytest

from allo_async import (
    AlloClient,
    AppendOptions,
    DialingQueue,
    PlanOptions,
    SpreadOptions,
    SpreadPlanOptions,
)

METHODS = {
    "append": (DialingQueue.append, AppendOptions, {"numbers", "into"}),
    "append_stream": (DialingQueue.append_stream, AppendOptions, {"numbers"}),
    "plan": (DialingQueue.plan, PlanOptions, {"numbers"}),
    "spread": (AlloClient.spread, SpreadOptions, {"numbers", "over", "into"}),
    "plan of several": (AlloClient.plan, SpreadPlanOptions, {"numbers", "over"}),
}
SECONDS = {"deadline", "poll_interval", "max_rate_limit_wait", "timeout", "retry_budget", "max_retry_after"}


def documented(method):
    """Return the arguments that a docstring describes, each with its text."""
    section = re.search(r"\nArgs:\n(.*?)(?:\n\n\S|\Z)", inspect.getdoc(method), re.DOTALL)[1]
    entries = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", section, re.DOTALL | re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


@pytest.mark.parametrize(("method", "options", "others"), METHODS.values(), ids=METHODS)
def test_options_for_wrappers_are_those_of_the_method(method, options, others):
    """A wrapper that is typed with the options takes exactly what the method takes, each of the same type."""
    hints = typing.get_type_hints(method)
    named = {name: hints[name] for name in inspect.signature(method).parameters if name not in {"self", *others}}

    assert typing.get_type_hints(options) == named


@pytest.mark.parametrize("method", [*(method for method, *_ in METHODS.values()), AlloClient], ids=[*METHODS, "client"])
def test_each_argument_is_documented(method):
    """Whatever the signature names, the docstring describes, in the same order; seconds are said first."""
    names = [name for name in inspect.signature(method).parameters if name != "self"]

    told = documented(method)

    assert list(told) == names
    assert [name for name in SECONDS & set(told) if not told[name].startswith("Seconds ")] == []


@pytest.mark.parametrize("method", [method for method, *_ in METHODS.values()], ids=METHODS)
def test_signature_names_each_option_with_its_default(method):
    """Nothing hides behind `**options`: `inspect.signature`, and so an editor, shows all."""
    parameters = inspect.signature(method).parameters.values()

    assert {each.kind for each in parameters} <= {
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    }
    assert [each.name for each in parameters if each.default is inspect.Parameter.empty] in (
        ["self", "numbers"],
        ["self", "numbers", "over"],
    )
    assert inspect.iscoroutinefunction(method) == (method is not DialingQueue.append_stream)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda allo: allo.queue().append([], regoin="FR"), "DialingQueue.append() {} 'regoin': did you mean region?"),
        (
            lambda allo: allo.queue().append_stream([], chunksize=5),
            "append_stream() {} 'chunksize': did you mean chunk_size?",
        ),
        (lambda allo: allo.queue().plan([], supress=[]), "DialingQueue.plan() {} 'supress': did you mean suppress?"),
        (lambda allo: allo.spread([], over=[], stratgy="fill"), "spread() {} 'stratgy': did you mean strategy?"),
        (
            lambda allo: allo.plan([], over=[], skip_queue=True),
            "AlloClient.plan() {} 'skip_queue': did you mean skip_queued?",
        ),
        # Options of a spread, which an append does not have.
        (
            lambda allo: allo.queue().append([], on_progress=print),
            "append() {} 'on_progress': it takes numbers, region, ",
        ),
        (lambda allo: allo.queue().append([], strategy="even"), "append() {} 'strategy': it takes numbers, region, "),
        (lambda allo: allo.queue().append_stream([], into=None), "append_stream() {} 'into': it takes "),
    ],
)
async def test_misspelt_option_is_told_with_the_one_that_is_meant(call, told):
    """The error is Python's own kind, and names the method that was called and the likely option."""
    async with AlloClient("ak_live_x") as allo:
        with pytest.raises(TypeError, match=re.escape(told.format("got an unexpected keyword argument"))):
            await call(allo)
