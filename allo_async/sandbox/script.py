"""Which request meets which fault."""

from collections.abc import Callable, Container

import attrs

from allo_async.sandbox.faults import Fault
from allo_async.sandbox.ledger import RecordedRequest


@attrs.define
class _Line:
    fault: Fault
    method: str | None
    at: Container[int] | None
    times: int | None
    when: Callable[[RecordedRequest], bool] | None
    seen: int = 0

    def strikes(self, request: RecordedRequest) -> bool:
        if not (request.ordinal is not None if self.method is None else request.method == self.method):
            return False
        self.seen += 1
        if self.at is not None and self.seen not in self.at:
            return False
        if self.when is not None and not self.when(request):
            return False
        if self.times is not None:
            if self.times == 0:
                return False
            self.times -= 1
        return True


@attrs.define
class Script:
    """The faults to come."""

    _lines: list[_Line] = attrs.field(factory=list[_Line])

    def add(
        self,
        fault: Fault,
        *,
        method: str | None,
        at: int | Container[int] | None,
        times: int | None,
        when: Callable[[RecordedRequest], bool] | None,
    ) -> None:
        """Add a line; see `Sandbox.script`."""
        self._lines.append(_Line(fault, method, {at} if isinstance(at, int) else at, times, when))

    def strike(self, request: RecordedRequest) -> Fault | None:
        """Return the fault that *request*, which just arrived, will meet: the first line that fits, if any.

        Every line counts every request that is its own, so that `at` means the same in each of them.
        """
        struck = [line.fault for line in self._lines if line.strikes(request)]
        return struck[0] if struck else None
