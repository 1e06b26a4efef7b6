"""The spans and the metrics of a load."""

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from allo_async import AlloClient, QueueFullError
from allo_async.otel import OpenTelemetryObserver
from allo_async.sandbox import faults
from tests.end_to_end.numbers import us_numbers


class Telemetry:
    """What an application's telemetry would get."""

    def __init__(self):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def points(self, name):
        data = self.reader.get_metrics_data()
        found = [
            metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        return found[0].data.data_points

    def counts(self, name):
        return {next(iter(point.attributes.values())): point.value for point in self.points(name)}


@pytest.fixture(name="telemetry")
def _telemetry():
    telemetry = Telemetry()
    yield telemetry
    telemetry.tracers.shutdown()
    telemetry.meters.shutdown()


@pytest.fixture(name="allo")
async def _allo(sandbox, clock, telemetry):
    observer = OpenTelemetryObserver(tracer_provider=telemetry.tracers, meter_provider=telemetry.meters)
    async with AlloClient(
        sandbox.api_key, base_url=sandbox.url, clock=clock, timeout=250, retry_budget=500, observers=[observer]
    ) as client:
        yield client


async def test_spans_nest(sandbox, allo, telemetry):
    """Within the append its chunks, within those their attempts, all of one trace."""
    sandbox.fill(None, 1)
    sandbox.script(faults.conflict(), at=1)

    await allo.queue().append(us_numbers(20), chunk_size=10)

    by_id = {span.context.span_id: span for span in telemetry.spans}
    parents = [(span.name, by_id[span.parent.span_id].name if span.parent else None) for span in telemetry.spans]
    assert sorted(parents, key=str) == [
        ("GET", "allo append"),
        ("GET", "allo batch"),
        ("POST", "allo batch"),
        ("POST", "allo batch"),
        ("POST", "allo batch"),
        ("allo append", None),
        *[("allo batch", "allo append")] * 2,
    ]
    assert len({span.context.trace_id for span in telemetry.spans}) == 1
    refused, *_ = (span for span in telemetry.spans if span.name == "POST")
    assert refused.kind is SpanKind.CLIENT
    assert refused.status.status_code is StatusCode.ERROR
    assert refused.attributes["http.response.status_code"] == 409
    assert refused.attributes["error.type"] == "DIALING_QUEUE_APPEND_CONFLICT"
    resent = [span.attributes.get("http.request.resend_count") for span in telemetry.spans if span.name == "POST"]
    assert resent == [None, 1, None]
    chunk = next(span for span in telemetry.spans if span.name == "allo batch")
    assert [event.name for event in chunk.events] == ["retry"]


async def test_append_belongs_to_the_callers_trace(allo, telemetry):
    """Inside a handler's span, the append is that span's child."""
    with telemetry.tracers.get_tracer("app").start_as_current_span("handler") as handler:
        await allo.queue().append(us_numbers(1))

    append = next(span for span in telemetry.spans if span.name == "allo append")
    assert append.parent.span_id == handler.get_span_context().span_id


async def test_metrics_count_rows_retries_and_waits(sandbox, allo, telemetry):
    """Rows by fate, retries by cause, seconds by reason, and requests by the conventions for HTTP."""
    sandbox.fill(None, 990)
    sandbox.script(faults.rate_limited(seconds=3), at=1)

    with pytest.raises(QueueFullError):
        await allo.queue().append(["nope", *us_numbers(30)])

    assert telemetry.counts("allo.rows") == {"added": 10, "skipped": 1, "pending": 20, "in_doubt": 0}
    assert telemetry.counts("allo.retries") == {"RATE_LIMIT_EXCEEDED": 1}
    assert telemetry.counts("allo.wait.duration")["backoff"] >= 3
    requests = [point.attributes for point in telemetry.points("http.client.request.duration")]
    told = {(point["http.request.method"], point["http.response.status_code"]) for point in requests}
    assert told == {("GET", 200), ("POST", 429), ("POST", 400), ("POST", 200)}
    assert {point.get("error.type") for point in requests} == {None, "429", "400"}


async def test_telemetry_names_nobody(sandbox, allo, telemetry):
    """No span holds a number, a teammate's address or the key."""
    sandbox.add_user("marie@acme.example")
    sandbox.script(faults.error(400, "BAD_REQUEST", message="+1 212 555 0010 is wrong"))

    with pytest.raises(Exception, match="BAD_REQUEST"):
        await allo.queue(email="marie@acme.example").append([{"number": "+12125550010", "name": "Zoe"}])

    told = " ".join(span.to_json() for span in telemetry.spans)
    assert not any(secret in told for secret in ("5550010", "555 0010", "marie", sandbox.api_key))
