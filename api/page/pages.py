"""The pages for people: GET / is the dashboard, GET /docs the reference of the API.

Their scripts and styles lie under /dashboard/. On loopback these and the dashboard need no key: they
hold nothing of this gateway, and it is the dashboard that asks for a key. Where others can reach the gateway,
`login` asks for one before anything else is served. The reference shows what needs a key.
"""

import re
from importlib import resources

from flask import Blueprint, Response, current_app, request

from api.context import ports
from api.problems import Problem

blueprint = Blueprint("pages", __name__)

ENDPOINTS = ("static", "pages.index", "pages.part_file")
"""The dashboard and its files: open to everyone on loopback; browsers may keep them and ask for changes."""

COMPRESSED = (*ENDPOINTS, "pages.reference")
"""What is compressed."""

_SCRIPT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.js")

# The library's style sheet has its small icons within, as data: addresses.
_REFERENCE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/")
def index() -> Response:
    """The dashboard itself; the app serves its folder as static files."""
    return current_app.send_static_file("index.html")


@blueprint.get("/docs")
def reference() -> Response:
    """The reference of the API; it loads `/openapi.json`."""
    response = current_app.send_static_file("reference/page.html")
    response.headers["Content-Security-Policy"] = _REFERENCE_POLICY
    return response


@blueprint.get("/dashboard/parts/<name>/<file>")
def part_file(name: str, file: str) -> Response:
    """A JavaScript module of a part that brings a view: of its own package, and no other file there."""
    view = next((view for view in ports().views if view.name == name), None)
    source = None
    if view is not None and _SCRIPT.fullmatch(file):
        source = resources.files(view.package) / file
    if source is None or not source.is_file():
        raise Problem("not_found", f"nothing is at {request.path}")
    response = Response(source.read_bytes(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
