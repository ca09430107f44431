"""The Flask app of the gateway, put together."""

from flask import Flask

from api import (
    commands,
    context,
    devices,
    health,
    ledger,
    pages,
    problems,
    readings,
    security,
    status,
)
from api.json import StrictJsonProvider
from api.ports import ApiSettings, Ports
from api.resource import make_api
from gateway import __version__

BODY_LIMIT = 64 * 1024
"""Largest body of a request, bytes."""

_RESOURCES = (status, devices, readings, commands, ledger, health)


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
    security.install(app, settings)
    api = make_api(app)
    for module in _RESOURCES:
        module.resource.register(api)
    app.register_blueprint(pages.blueprint)
    problems.install(app)
    return app
