"""GET /metrics: what can be counted, for Prometheus, and the count of requests."""

import time

from flask import Blueprint, Flask, Response, current_app, g, request

from gateway.observe.exposition import Exposition
from gateway.observe.metrics import Metrics

blueprint = Blueprint("metrics", __name__)

_EXTENSION = "gateway-metrics"
_UNKNOWN_ROUTE = "none"
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def install(app: Flask, metrics: Metrics) -> None:
    """Count every request of the app, and serve the numbers."""
    exposition = Exposition(metrics)

    def begin() -> None:
        g.began_mono = time.monotonic()

    def count(response: Response) -> Response:
        # The route and never the path, and no method that a client made up: labels stay bounded.
        route = request.url_rule.rule if request.url_rule is not None else _UNKNOWN_ROUTE
        method = request.method if request.method in _METHODS else "other"
        took_s = time.monotonic() - g.began_mono
        exposition.note_request(method, route, response.status_code, took_s)
        return response

    app.extensions[_EXTENSION] = exposition
    app.before_request(begin)
    app.after_request(count)
    app.register_blueprint(blueprint)


@blueprint.get("/metrics")
def show() -> Response:
    """The numbers, in the form that the caller prefers."""
    exposition = current_app.extensions[_EXTENSION]
    assert isinstance(exposition, Exposition)
    text, content_type = exposition.text(request.headers.get("Accept", ""))
    return Response(text, content_type=content_type)
