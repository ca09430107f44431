"""GET /metrics: what can be counted, for Prometheus.

A registry of its own for each app: the library's global one cannot be filled twice in a process.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import accumulate

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector

from api.ports import MetricsPort
from gateway.observe import metrics

blueprint = Blueprint("metrics", __name__)

_EXTENSION = "gateway-metrics"
_UNKNOWN_ROUTE = "none"
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def install(app: Flask, source: MetricsPort) -> None:
    """Count every request of the app, and serve the numbers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshots(source))
    ProcessCollector(registry=registry)
    requests = Counter(
        "gateway_api_requests",
        "Requests by method, route and status.",
        ("method", "route", "status"),
        registry=registry,
    )
    seconds = Histogram(
        "gateway_api_request_seconds", "Until the reply began.", ("route",), registry=registry
    )

    def begin() -> None:
        g.began_mono = time.monotonic()

    def count(response: Response) -> Response:
        # The route and never the path, and no method that a client made up: labels stay bounded.
        route = request.url_rule.rule if request.url_rule is not None else _UNKNOWN_ROUTE
        method = request.method if request.method in _METHODS else "other"
        requests.labels(method, route, str(response.status_code)).inc()
        seconds.labels(route).observe(time.monotonic() - g.began_mono)
        return response

    app.extensions[_EXTENSION] = registry
    app.before_request(begin)
    app.after_request(count)
    app.register_blueprint(blueprint)


@blueprint.get("/metrics")
def show() -> Response:
    """The numbers, in the form that the caller prefers."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(current_app.extensions[_EXTENSION]), content_type=content_type)


class _Snapshots:
    """Asks the gateway when Prometheus asks us."""

    def __init__(self, source: MetricsPort) -> None:
        self._source = source

    def collect(self) -> Iterable[Metric]:
        return (_metric(family) for family in self._source.families())


def _metric(family: metrics.Family) -> Metric:
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for labels, value in family.samples:
            assert isinstance(value, metrics.Histogram)
            histogram.add_metric(labels, list(_cumulative(value)), value.total)
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for labels, value in family.samples:
        assert not isinstance(value, metrics.Histogram)
        metric.add_metric(labels, value)
    return metric


def _cumulative(histogram: metrics.Histogram) -> Iterator[tuple[str, float]]:
    bounds = [*(format(bound, "g") for bound in histogram.bounds), "+Inf"]
    yield from zip(bounds, accumulate(histogram.counts), strict=True)
