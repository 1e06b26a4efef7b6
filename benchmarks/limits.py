"""Loading under the limits: how long it takes against the least that the limits allow, what is refused, what is lost.

    python -m benchmarks.limits

The server is the sandbox, with its limits and conflicts on, in another process and new for each run. The least time is
what one request for each queue would take, the limits and the server's own time for its rows being what they are.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

import attrs

from allo_async import AlloClient, AlloError
from benchmarks.limited_server import LATENCY, PER_ROW, REPS, Server, running
from benchmarks.rivals import RIVALS, Job, Rival

# A contender that is not done by then is not worth waiting for.
_PATIENCE = 90.0


@attrs.frozen
class Scenario:
    """Something to load.

    Attributes:
        jobs: The lists, each for a queue.
        queues: How many rows each of the queues gets in the end.
        stranger: Whether somebody else appends to the same queue all the time.
    """

    jobs: Sequence[Job]
    queues: Sequence[int]
    stranger: bool = False

    @property
    def least(self) -> float:
        """The least seconds that it can take: one request a queue, all at once, at most five in a second."""
        return max(LATENCY + PER_ROW * rows + (place // 5) * 1.0 for place, rows in enumerate(sorted(self.queues)))


def _numbers(count: int, place: int = 0) -> list[str]:
    return [f"+1212{2_000_000 + 1_000 * place + number}" for number in range(count)]


def scenarios(owner_id: str) -> Mapping[str, Scenario]:
    """Give what there is to load, by name."""
    names: Sequence[dict[str, str]] = ({}, {"user_id": owner_id}, {"email": REPS[0]})
    return {
        "one queue of 950": Scenario([({}, _numbers(950))], [950]),
        "five queues of 900": Scenario(
            [({"email": rep}, _numbers(900, place)) for place, rep in enumerate(REPS[1:])], [900] * 5
        ),
        "eight tasks, one queue": Scenario([({}, _numbers(100, place)) for place in range(8)], [800]),
        "nine tasks, three names": Scenario([(names[place % 3], _numbers(100, place)) for place in range(9)], [900]),
        "against a stranger": Scenario([({}, _numbers(600))], [600], stranger=True),
        "500 handlers, one row each": Scenario([({}, [number]) for number in _numbers(500)], [500]),
    }


async def allo(server: Server, jobs: Sequence[Job]) -> None:
    """Load the lists with this library."""
    async with AlloClient(server.key, base_url=server.url) as client:
        calls = (client.queue(**whose).append(numbers) for whose, numbers in jobs)
        await asyncio.gather(*calls, return_exceptions=True)


async def run(name: str, contender: Rival) -> tuple[float, str]:
    """Run a contender on a scenario; give how long it took against the least time, and the rest as text."""
    stranger = scenarios("")[name].stranger
    async with running(stranger=stranger) as (server, ledger):
        scenario = scenarios(server.owner_id)[name]
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE):
                await contender(server, scenario.jobs)
        except (TimeoutError, AlloError):
            pass
        ratio = (time.perf_counter() - begun) / scenario.least
        told = await ledger()
    wanted = [number for _, numbers in scenario.jobs for number in numbers]
    lost = sum(told.carried_out[number] == 0 for number in wanted)
    twice = sum(max(0, told.carried_out[number] - 1) for number in wanted)
    return ratio, f"{told.conflicts:>6,} {told.limited:>6,} {lost:>6,} {twice:>6,}"


async def main() -> None:
    """Run everything, side by side, and print the table."""
    logging.disable(logging.CRITICAL)
    print(f"{'':28}{'':20}{'time ÷ least':>14} {'409':>6} {'429':>6} {'lost':>6} {'twice':>6}")
    for name in scenarios(""):
        for contender, work in {"allo_async": allo, **RIVALS}.items():
            ratio, rest = await run(name, work)
            print(f"{name:28}{contender:20}{ratio:>14.2f} {rest}", flush=True)
        print()


if __name__ == "__main__":
    asyncio.run(main())
