"""An observer that makes OpenTelemetry spans and metrics of a client's events (extra: `otel`).

Spans: `allo append` or `allo spread`; within it `allo batch`, one a request's rows; within that a client span for each
attempt, named by its method, as the semantic conventions for HTTP have it.

Metrics: `http.client.request.duration` (s), `allo.rows` by `allo.fate`, `allo.retries` by `error.type`, and
`allo.wait.duration` (s) by `allo.wait.reason`.
"""

import asyncio
from typing import Any

from yarl import URL

from allo_async import events
from allo_async.errors import AlloError, ApiError
from allo_async.events import Event
from allo_async.version import __version__

# Other packages of OpenTelemetry can be there without its API: then a name is missing, not the module.
try:
    from opentelemetry import metrics, trace
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode
except ImportError as error:
    raise ImportError(
        "allo_async.otel needs opentelemetry-api: pip install 'allo-async[otel]'", name="opentelemetry"
    ) from error

_OK = range(400)


class OpenTelemetryObserver:
    """Makes spans and metrics of events; pass it to a client: `AlloClient(observers=[OpenTelemetryObserver()])`.

    No span and no metric holds a phone number, a name, an e-mail address or the API key.

    Args:
        tracer_provider: Makes the spans; by default the global one.
        meter_provider: Makes the metrics; by default the global one.
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer("allo_async", __version__, tracer_provider)
        meter = metrics.get_meter("allo_async", __version__, meter_provider)
        self._durations = meter.create_histogram("http.client.request.duration", "s", "How long requests took.")
        self._rows = meter.create_counter("allo.rows", "{row}", "Rows of loads that ended, by their fate.")
        self._retries = meter.create_counter("allo.retries", "{retry}", "Requests sent again, by cause.")
        self._waits = meter.create_counter("allo.wait.duration", "s", "Time waited, by reason.")
        self._spans: dict[tuple[str, int | None], Span] = {}
        self._attributes: dict[int, dict[str, str | int]] = {}
        self._handlers: dict[type[Event], Any] = {
            events.LoadStarted: self._load_started,
            events.LoadEnded: self._load_ended,
            events.BatchStarted: self._batch_started,
            events.BatchSettled: self._batch_settled,
            events.BatchFailed: self._batch_failed,
            events.AttemptStarted: self._attempt_started,
            events.AttemptEnded: self._attempt_ended,
            events.RetryScheduled: self._retry_scheduled,
            events.ConflictBackedOff: self._retry_scheduled,
            events.QueueFull: self._queue_full,
            events.Waited: self._waited,
        }

    def __call__(self, event: Event) -> None:
        """Record *event*."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _load_started(self, event: events.LoadStarted) -> None:
        attributes = {"allo.queues": event.queues}
        self._spans["load", event.load] = self._tracer.start_span(f"allo {event.kind}", attributes=attributes)

    def _load_ended(self, event: events.LoadEnded) -> None:
        fates = {
            "added": event.totals.added,
            "skipped": event.totals.skipped,
            "pending": event.totals.pending,
            "in_doubt": event.totals.in_doubt,
        }
        for fate, rows in fates.items():
            self._rows.add(rows, {"allo.fate": fate})
        told = {f"allo.rows.{fate}": rows for fate, rows in fates.items()}
        self._end("load", event.load, event.error, told | {"allo.requests": event.requests})

    def _batch_started(self, event: events.BatchStarted) -> None:
        self._spans["batch", event.batch] = self._tracer.start_span(
            "allo batch",
            self._context(("load", event.load)),
            attributes={"allo.queue": event.queue, "allo.rows": event.rows},
        )

    def _batch_settled(self, event: events.BatchSettled) -> None:
        told = {
            "allo.rows.added": event.added,
            "allo.rows.skipped": event.skipped,
            "allo.rows.in_doubt": event.in_doubt,
            "allo.recovered": event.recovered,
            "allo.attempts": event.attempts,
        }
        self._end("batch", event.batch, None, told)

    def _batch_failed(self, event: events.BatchFailed) -> None:
        told = {"allo.rows.in_doubt": event.rows if event.in_doubt else 0, "allo.attempts": event.attempts}
        self._end("batch", event.batch, event.error, told)

    def _attempt_started(self, event: events.AttemptStarted) -> None:
        url = URL(event.url)
        common: dict[str, str | int] = {
            "http.request.method": event.method,
            "server.address": url.host or "",
            "server.port": url.port or 0,
        }
        self._attributes[event.attempt] = common
        more: dict[str, str | int] = {"url.full": event.url, "allo.request_id": event.request_id}
        if event.resends:
            more["http.request.resend_count"] = event.resends
        self._spans["attempt", event.attempt] = self._tracer.start_span(
            event.method,
            self._context(("batch", event.batch), ("load", event.load)),
            kind=SpanKind.CLIENT,
            attributes=common | more,
        )

    def _attempt_ended(self, event: events.AttemptEnded) -> None:
        told: dict[str, Any] = {} if event.status is None else {"http.response.status_code": event.status}
        common = self._attributes.pop(event.attempt, {}) | told
        if event.error is not None:
            common["error.type"] = _kind(event.error) if event.status in {None, *_OK} else str(event.status)
        self._durations.record(event.seconds, common)
        self._end("attempt", event.attempt, event.error, told)

    def _retry_scheduled(self, event: events.RetryScheduled) -> None:
        kind = _kind(event.error)
        self._retries.add(1, {"error.type": kind})
        self._note(event, "retry", {"error.type": kind, "allo.wait": event.wait, "allo.attempts": event.attempts})

    def _queue_full(self, event: events.QueueFull) -> None:
        self._note(event, "queue full", {"allo.room": event.room})

    def _waited(self, event: events.Waited) -> None:
        self._waits.add(event.seconds, {"allo.wait.reason": event.reason})

    def _note(self, event: Event, name: str, attributes: dict[str, str | float]) -> None:
        span = self._spans.get(("batch", event.batch)) or self._spans.get(("load", event.load))
        if span is not None:
            span.add_event(name, attributes)

    def _context(self, *places: tuple[str, int | None]) -> Any:
        """Return the context of the first of *places* that has a span; `None` is the one that is current."""
        spans = (self._spans.get(place) for place in places)
        return next((trace.set_span_in_context(span) for span in spans if span is not None), None)

    def _end(self, kind: str, number: int | None, error: BaseException | None, told: dict[str, Any]) -> None:
        span = self._spans.pop((kind, number), None)
        if span is None:
            return
        span.set_attributes(told)
        if error is not None:
            span.set_attribute("error.type", _kind(error))
            # A cancellation is no failure: an append whose reply is there cancels the look at its queue.
            if not isinstance(error, asyncio.CancelledError):
                # The words of the server, and of others' exceptions, may name a person.
                ours = isinstance(error, AlloError) and (not isinstance(error, ApiError) or error.status is None)
                span.set_status(Status(StatusCode.ERROR, str(error) if ours else None))
        span.end()


def _kind(error: BaseException) -> str:
    code = error.code if isinstance(error, ApiError) else None
    return code or type(error).__name__
