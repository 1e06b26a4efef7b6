"""What tests that drive a load through a sandbox wait for, and read in its ledger."""

import asyncio


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def sizes(sandbox):
    """How many rows each append had."""
    return [len(request.rows) for request in sandbox.ledger.appends]


def appends(sandbox):
    """How many rows each append had, and how it was answered."""
    return [(len(request.rows), request.status) for request in sandbox.ledger.appends]


def looks(sandbox):
    """The moments at which a queue was looked at."""
    return [request.received_at for request in sandbox.ledger.requests if request.method == "GET"]


def take_off(sandbox, count, user=None):
    """Take so many numbers off the front of a queue, as a rep does who calls them."""
    user = sandbox.users[0].id if user is None else user
    queue = sandbox._team.queue_of(user, user)
    queue.remove(queue.entries[:count], sandbox._now())


async def turns_of_others(work):
    """Await *work*, and return how often another task went on meanwhile."""
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await work
    task.cancel()
    return turns
