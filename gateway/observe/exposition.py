"""The numbers as Prometheus reads them, together with those of the process and of the API's requests.

A registry of its own for each: the library's global one cannot be filled twice in a process.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector

from gateway.observe.metrics import Metrics


class Exposition:
    """What GET /metrics shows. Thread-safe."""

    def __init__(self, metrics: Metrics) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(metrics)
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "gateway_api_requests",
            "Requests by method, route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "gateway_api_request_seconds",
            "Until the reply began.",
            ("route",),
            registry=self._registry,
        )

    def note_request(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count a request; `route` is the rule and not the path, so that labels stay bounded."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(took_s)

    def text(self, accept: str) -> tuple[bytes, str]:
        """Everything as of now and its content type, in the form that the header `Accept` prefers."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type
