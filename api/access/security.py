"""Protection of browsers: host names, origins of web pages, response headers.

Without keys everything is open to this machine (see `access`). What keeps a foreign web page in a browser on
this machine out is the check of `Host` (a name made to point here, "DNS rebinding") and of `Origin` (a page
of another site that sends requests).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, Response, request
from flask.globals import request_ctx

from api.page.pages import ENDPOINTS
from api.problems import Problem
from gateway.access.keys import KeyStore
from gateway.access.loopback import is_loopback
from gateway.config.settings import ApiSettings

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
_READABLE_HEADERS = "Location, Retry-After"
_PREFLIGHT_KEPT_S = 600


def install(app: Flask, settings: ApiSettings, keys: KeyStore) -> None:
    """Check every request of the app, and add the headers to every reply."""
    guard = _Guard(is_loopback(settings.host), frozenset(settings.cors_origins), keys)
    app.before_request(guard.check)
    app.after_request(guard.add_headers)


@dataclass(frozen=True)
class _Guard:
    local_only: bool
    origins: frozenset[str]
    keys: KeyStore

    def check(self) -> Response | None:
        """Refuse foreign requests; answer a preflight of an allowed page."""
        host = request.headers.get("Host", "")
        # With keys made, a name that was made to point here gains nothing, and a proxy has its own name.
        known = is_loopback(_without_port(host)) or self.keys.ring().required
        if self.local_only and not known:
            raise Problem(
                "forbidden",
                "the gateway listens to this machine alone: call it as localhost or 127.0.0.1",
            )
        origin = request.headers.get("Origin")
        if origin is None or origin in (f"http://{host}", f"https://{host}"):
            return None
        if origin not in self.origins:
            raise Problem(
                "forbidden",
                f"pages of {origin} may not use this gateway; cors_origins of [api] lists those "
                "that may",
            )
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return _preflight(_allowed_methods())
        return None

    def add_headers(self, response: Response) -> Response:
        """Headers for browsers, and the permission for an allowed origin."""
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint not in ENDPOINTS:
            response.headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin in self.origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _READABLE_HEADERS
        return response


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _allowed_methods() -> Sequence[str]:
    adapter = request_ctx.url_adapter
    return sorted(adapter.allowed_methods()) if adapter is not None else []


def _preflight(methods: Sequence[str]) -> Response | None:
    if not methods:
        return None  # nothing is at this address, and the usual 404 says so
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
    response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_KEPT_S)
    return response
