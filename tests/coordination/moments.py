"""When requests leave, and how many of them in a second."""

import asyncio
from math import inf

from allo_async._sending.call_limits import WaitBudget


def most_in_any_second(moments):
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


async def admitted(pace, clock, moments):
    await pace.acquire()
    moments.append(clock.now)


async def leave(pace, order, name, max_wait=inf):
    await pace.acquire(WaitBudget(max_wait))
    order.append(name)


async def settled():
    """Let everyone who was started stand in line, a server's answers included."""
    await asyncio.sleep(0.05)
