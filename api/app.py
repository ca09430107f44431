"""The Flask app of the gateway, put together."""

import importlib
from collections.abc import Iterable, Sequence

from flask import Flask

from api import context, metrics, problems, streams
from api.access import control, security
from api.json import StrictJsonProvider
from api.page import compression, pages
from api.ports import Ports
from api.resource import Resource, make_api
from api.resources.commands.problem import answer_command_error
from gateway import __version__
from gateway.access.loopback import is_loopback
from gateway.model.errors import CommandError

BODY_LIMIT = 64 * 1024
"""Largest body of a request, bytes."""

RESOURCES = (
    "api.resources.status",
    "api.resources.devices",
    "api.resources.readings",
    "api.resources.commands",
    "api.resources.events",
    "api.resources.ledger",
    "api.resources.things",
    "api.resources.directory",
    "api.resources.session",
    "api.resources.logs",
    "api.resources.dummy",
    "api.resources.health",
)
"""What every gateway has, in the order of the OpenAPI document; parts bring more by `Ports.resources`."""


def load(modules: Iterable[str]) -> Sequence[Resource]:
    """The `resource` of each module, by name. Raises `ImportError`, and `TypeError` where it is none."""
    found = []
    for name in modules:
        resource = getattr(importlib.import_module(name), "resource", None)
        if not isinstance(resource, Resource):
            raise TypeError(f"{name} has no `resource` of the type api.resource.Resource")
        found.append(resource)
    return found


# With this module, not with the app: what is imported while boards are polled already would delay them.
_BUILT_IN = load(RESOURCES)


def create_app(ports: Ports) -> Flask:
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
    resources = (*_BUILT_IN, *load(ports.resources))
    context.attach(app, ports)
    metrics.install(app, ports.metrics)
    streams.attach(app, streams.Streams(ports.events.wake))
    security.install(app, ports.settings, ports.keys)
    compression.install(app)
    control.install(app, _access(ports, resources))
    api = make_api(app)
    for resource in resources:
        resource.register(api)
    app.register_blueprint(pages.blueprint)
    app.register_error_handler(CommandError, answer_command_error)
    problems.install(app)
    return app


def _access(ports: Ports, resources: Sequence[Resource]) -> control.Access:
    scopes = {name: scope for resource in resources for name, scope in resource.scopes.items()}
    local = is_loopback(ports.settings.host)
    if local:
        # They hold nothing of this gateway. Where others can reach it, not even they are open.
        scopes |= dict.fromkeys(pages.ENDPOINTS)
    return control.Access(ports.keys, open_without_keys=local, scopes=scopes)
