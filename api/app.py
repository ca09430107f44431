"""The Flask app of the gateway, put together."""

from flask import Flask

from api import (
    access,
    commands,
    compression,
    context,
    devices,
    dummy,
    events,
    health,
    ledger,
    logs,
    metrics,
    pages,
    problems,
    readings,
    security,
    session,
    status,
    streams,
    things,
)
from api.describing import KEY_NEEDED
from api.json import StrictJsonProvider
from api.ports import ApiSettings, Ports
from api.resource import make_api
from gateway import __version__
from gateway.access.loopback import is_loopback

BODY_LIMIT = 64 * 1024
"""Largest body of a request, bytes."""

_RESOURCES = (
    status.resource,
    devices.resource,
    readings.resource,
    commands.resource,
    events.resource,
    ledger.resource,
    things.resource,
    things.well_known,
    session.resource,
    logs.resource,
    dummy.resource,
    health.resource,
)


def create_app(ports: Ports, settings: ApiSettings) -> Flask:
    """Make the app that answers for a gateway. Several may exist; none shares state with another."""
    app = Flask("api", static_folder="dashboard", static_url_path="/dashboard")
    app.json = StrictJsonProvider(app)
    # An address has one spelling: no redirections that lose a POST's body on the way.
    app.url_map.merge_slashes = False
    app.config.update(
        API_TITLE="Arduino gateway",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=BODY_LIMIT,
    )
    context.attach(app, ports)
    metrics.install(app, ports.metrics)
    streams.attach(app, streams.Streams(ports.events.wake))
    security.install(app, settings, ports.keys)
    compression.install(app)
    access.install(app, _access(ports, settings))
    app.config[KEY_NEEDED] = lambda: ports.keys.ring().required
    api = make_api(app)
    for resource in _RESOURCES:
        resource.register(api)
    app.register_blueprint(pages.blueprint)
    problems.install(app)
    return app


def _access(ports: Ports, settings: ApiSettings) -> access.Access:
    scopes = {name: scope for resource in _RESOURCES for name, scope in resource.scopes.items()}
    local = is_loopback(settings.host)
    if local:
        # They hold nothing of this gateway. Where others can reach it, not even they are open.
        scopes |= dict.fromkeys(pages.ENDPOINTS)
    return access.Access(ports.keys, open_without_keys=local, scopes=scopes)
