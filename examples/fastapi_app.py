"""A FastAPI application that appends leads to a rep's dialing queue.

Start a sandbox in one terminal, paste the two lines that it prints into another, and run this there:

    allo-async sandbox
    uvicorn --app-dir examples --workers 4 fastapi_app:app

    curl -s localhost:8000/reps/rep@acme.com/leads -H 'content-type: application/json' -d '[{"number": "+12125550010"}]'
"""

import math
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response, status

from allo_async import (
    AlloClient,
    AlloError,
    AppendResult,
    AssigneeNotFoundError,
    DeadlineExceededError,
    InvalidTeammateError,
    QueueFullError,
    RateLimitedError,
)
from allo_async.file import FileCoordination

#: The directory where all processes of the key on this machine keep its limits together.
TOGETHER = os.environ.get("ALLO_COORDINATION_DIRECTORY", "allo-together")

#: Seconds within which a request is answered, whatever Allo does.
DEADLINE = 10.0

#: Seconds that a rate limit may hold a request up; above it, the handler replies 503 with a Retry-After.
MAX_RATE_LIMIT_WAIT = 2.0


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Keep one client for the whole process: its queues share connections, and its pace is that of all workers."""
    async with AlloClient(coordination=FileCoordination(TOGETHER)) as allo:
        app.state.allo = allo
        yield


app = FastAPI(lifespan=lifespan)


def client(request: Request) -> AlloClient:
    """Return the process's client."""
    allo: AlloClient = request.app.state.allo
    return allo


@app.post("/reps/{email}/leads")
async def append_leads(
    email: str, leads: list[dict[str, Any]], allo: Annotated[AlloClient, Depends(client)], response: Response
) -> AppendResult:
    """Append the leads, and tell the caller the fate of each: a result is returned as it is."""
    try:
        result = await allo.queue(email=email).append(leads, deadline=DEADLINE, max_rate_limit_wait=MAX_RATE_LIMIT_WAIT)
    except AlloError as error:
        raise refusal(error) from error
    if result.in_doubt:
        response.status_code = status.HTTP_202_ACCEPTED
    return result


def refusal(error: AlloError) -> HTTPException:
    """Turn an error into a response that says what to do about it."""
    headers = {}
    match error:
        case InvalidTeammateError() | AssigneeNotFoundError():
            code = status.HTTP_404_NOT_FOUND
        case QueueFullError():
            code = status.HTTP_409_CONFLICT
        case RateLimitedError():
            code = status.HTTP_503_SERVICE_UNAVAILABLE
            headers = {"Retry-After": str(math.ceil(error.retry_after or 1))}
        case DeadlineExceededError():
            code = status.HTTP_504_GATEWAY_TIMEOUT
        case _:
            code = status.HTTP_502_BAD_GATEWAY
    return HTTPException(code, {"error": str(error), **error.result.to_dict()}, headers)
