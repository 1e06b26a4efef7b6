"""A load in OpenTelemetry: its spans and its counters, printed, with a sandbox that makes trouble.

    python -m examples.observe

It needs the SDK, which an application that uses OpenTelemetry has anyway: pip install opentelemetry-sdk
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from allo_async import AlloClient
from allo_async.otel import OpenTelemetryObserver
from allo_async.sandbox import Sandbox, faults


def print_spans(spans: Sequence[ReadableSpan]) -> None:
    """Print the spans as a tree, each with its duration and its outcome."""
    children: defaultdict[int | None, list[ReadableSpan]] = defaultdict(list)
    for span in spans:
        children[span.parent.span_id if span.parent else None].append(span)

    def show(parent: int | None, depth: int) -> None:
        for span in sorted(children[parent], key=lambda span: span.start_time or 0):
            milliseconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
            told = span.attributes or {}
            shown = [f"{told[name]!s}" for name in ("http.response.status_code", "error.type") if name in told]
            rows = [f"{told[name]!s} {name[10:]}" for name in told if name.startswith("allo.rows.") and told[name]]
            print(f"{'  ' * depth + span.name:20}{milliseconds:8.0f} ms  {', '.join(shown + rows)}")
            show(span.context.span_id if span.context else None, depth + 1)

    show(None, 0)


def print_metrics(reader: InMemoryMetricReader) -> None:
    """Print each counter's figures."""
    data = reader.get_metrics_data()
    metrics = [
        metric
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    ]
    for metric in metrics:
        for point in metric.data.data_points:
            attributes = point.attributes or {}
            labels = ", ".join(str(value) for name, value in attributes.items() if not name.startswith("server."))
            if isinstance(point, NumberDataPoint):
                print(f"{metric.name:32}{labels:45}{float(point.value):.4g} {metric.unit}")
            else:
                print(f"{metric.name:32}{labels:45}{point.count} in {point.sum:.2f} {metric.unit}")


async def main() -> None:
    """Load 250 rows through a rate limit, a conflict and a lost answer."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider([reader])
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    observer = OpenTelemetryObserver(tracer_provider=tracers, meter_provider=meters)
    async with Sandbox() as sandbox:
        sandbox.script(faults.rate_limited(seconds=0.5), at=1)
        sandbox.script(faults.conflict(), at=3)
        sandbox.script(faults.commit_and_drop(), at=5)
        async with AlloClient(sandbox.api_key, base_url=sandbox.url, observers=[observer]) as allo:
            rows = ["not a number", *(f"+1212{2_000_000 + place}" for place in range(250))]
            print(await allo.queue().append(rows, chunk_size=100), end="\n\n")
    print_spans(exporter.get_finished_spans())
    print()
    print_metrics(reader)
    tracers.shutdown()
    meters.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
