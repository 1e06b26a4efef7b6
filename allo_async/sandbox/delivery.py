"""How an answer leaves, or does not: whole, cut, silent, or not at all."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from allo_async.sandbox.answers import Answer
from allo_async.sandbox.clock import Clock
from allo_async.sandbox.ledger import RecordedRequest

# How soon a silence notices that nobody listens any more; the machine's seconds, whatever the clock.
_LISTENING = 0.005


async def deliver(
    request: web.BaseRequest, record: RecordedRequest, answer: Answer, headers: Mapping[str, str], clock: Clock
) -> web.StreamResponse:
    """Send *answer* with *headers*, and note in *record* what was sent."""
    delivery = answer.delivery
    if delivery == "stalled":
        heard = await _keep_silent(request, answer.seconds, clock)
        delivery = answer.then if heard else "dropped"
    if delivery == "dropped" or _gone(request):
        _abort(request)
        return web.Response()
    body = answer.encode(record.request_id)
    record.status, record.code, record.answered_at = answer.status, answer.code, clock.monotonic()
    if delivery == "cut_body":
        return await _cut(request, answer, body, headers)
    return web.Response(status=answer.status, body=body, content_type=answer.content_type, headers=headers)


async def _keep_silent(request: web.BaseRequest, seconds: float, clock: Clock) -> bool:
    """Wait, and tell whether the client is still there at the end."""
    silence = asyncio.ensure_future(clock.sleep(seconds))
    try:
        while not silence.done() and not _gone(request):
            await asyncio.wait({silence}, timeout=_LISTENING)
    finally:
        silence.cancel()
    return not _gone(request)


async def _cut(request: web.BaseRequest, answer: Answer, body: bytes, headers: Mapping[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_type = answer.content_type
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        # Not an abort: what was written so far is to arrive.
        request.transport.close()
    return response


def _gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


def _abort(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()
