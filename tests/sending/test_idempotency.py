from multidict import CIMultiDict

from allo_async._sending.verdict import IdempotencySupport, Timestamp
from allo_async._wire.replies import Reply
from allo_async._wire.requests import append_again, page_request
from allo_async.models import Assignee
from tests.clocks import ManualClock


class TwoClocks(ManualClock):
    """A monotonic clock and a wall clock that can be set apart."""

    def __init__(self):
        super().__init__()
        self.set_by = 0.0

    def time(self):
        return super().time() + self.set_by


def test_age_is_what_the_clock_that_says_more_says():
    """A wall clock that is set back makes no key younger, nor does a machine that slept."""
    clock = TwoClocks()
    used = Timestamp.now(clock)
    clock.now += 100
    assert used.seconds_ago(clock) == 100

    clock.set_by = -1_000
    assert used.seconds_ago(clock) == 100
    clock.set_by = 5_000
    assert used.seconds_ago(clock) == 5_100
    assert Timestamp(used.time).seconds_ago(clock) == 5_100


def reply(status, **headers):
    return Reply(status, CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}), b"", "req_x")


def test_keys_are_trusted_by_what_replies_show():
    """An echo shows that keys are honoured, a 2xx without one that they are not; a proxy's refusal shows nothing."""
    request = append_again(b"{}", "key-1")
    trust = IdempotencySupport()
    shown = []
    for answer in (
        reply(502),
        reply(409, idempotency_key="key-1"),
        reply(502),
        reply(200, idempotency_key="another"),
        reply(200, idempotency_key="key-1"),
    ):
        trust.note(request, answer)
        shown.append((trust.honoured, trust.ignored))
    trust.note(page_request(Assignee(), page=1, size=1), reply(200))

    assert shown == [(False, False), (True, False), (True, False), (False, True), (True, False)]
    assert trust.honoured
