"""A stream to its end, and the rest of its rows: one result for all of a list."""

from allo_async._loading.stream import AppendStream, drain
from allo_async.errors import AlloError, InputChangedError
from allo_async.models import AppendResult


async def append_all(stream: AppendStream, result: AppendResult) -> AppendResult:
    """Fill *result* with what *stream* comes to and with what is left of its rows, and return it.

    Raises:
        AlloError: The error that ended the stream; its `.result` is *result*.
    """
    try:
        try:
            async with stream:
                async for chunk in stream:
                    result.extend(chunk)
        finally:
            result.extend(stream.unfinished)
    except AlloError as error:
        error.result = result
        await _add_rest(result, stream)
        raise
    await _add_rest(result, stream)
    return result


async def _add_rest(result: AppendResult, stream: AppendStream) -> None:
    try:
        result.extend(await drain(stream))
    except InputChangedError as error:
        result.extend(error.result)
        error.result = result
        raise
