"""A second, independent reading of the Allo API, over real HTTP, in memory: to try out and test against."""

from allo_async.sandbox import faults
from allo_async.sandbox.answers import Answer
from allo_async.sandbox.clock import Clock
from allo_async.sandbox.faults import Fault
from allo_async.sandbox.ledger import Ledger, RecordedRequest
from allo_async.sandbox.server import Sandbox
from allo_async.sandbox.state import SandboxEntry, SandboxUser

__all__ = [
    "Answer",
    "Clock",
    "Fault",
    "Ledger",
    "RecordedRequest",
    "Sandbox",
    "SandboxEntry",
    "SandboxUser",
    "faults",
]
