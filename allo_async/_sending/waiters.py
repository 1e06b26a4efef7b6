"""Those who wait in this process, first come first served."""

import asyncio
from collections import deque


class Waiters:
    """A line in which each has a place: a future that is done as soon as one is first.

    Attributes:
        gone: How many have left it.
    """

    def __init__(self) -> None:
        self.gone = 0
        self._places = deque[asyncio.Future[None]]()

    def __len__(self) -> int:
        return len(self._places)

    def before(self, place: asyncio.Future[None]) -> int:
        """Tell how many stand before *place*."""
        return self._places.index(place)

    def join(self) -> asyncio.Future[None]:
        """Give the last place."""
        place = asyncio.get_running_loop().create_future()
        self._places.append(place)
        self._call_first()
        return place

    def leave(self, place: asyncio.Future[None]) -> None:
        """Give *place* up, wherever it is."""
        self._places.remove(place)
        self.gone += 1
        self._call_first()

    def _call_first(self) -> None:
        if self._places and not self._places[0].done():
            self._places[0].set_result(None)
